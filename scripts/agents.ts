/** What a person does about agents from the server's side: invites one, lists them, removes one. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Invite } from '../agent/enrol.ts';
import { keptCertificate } from '../handlers/grpc/tls.ts';
import { type Log, openLog } from '../src/audit/log.ts';
import { postgresStore } from '../src/audit/store.ts';
import { agentRef } from '../src/audit/streams.ts';
import { type Agents, openAgents } from '../src/platform/agent-registry.ts';
import { systemClock, systemRandom } from '../src/platform/clock.ts';
import { type Config, keyFolderOf } from '../src/platform/config.ts';
import { connectDatabase } from '../src/platform/database.ts';
import { type Keys, openKeyFolder } from '../src/platform/keys.ts';
import { createLogger } from '../src/platform/logger.ts';
import { type AgentId, agentId, type TenantId, tenantId } from '../src/protocol/ids.ts';
import { encodeSigned } from '../src/protocol/index.ts';
import { RULESET_SHA256 } from '../src/safety/version.ts';
import { agentKind } from '../src/tenant/agent.ts';
import { gatewayNames } from './serve.ts';

/** A workspace, and what agents are to it. */
interface Room {
  readonly tenant: TenantId;
  readonly agents: Agents;
  readonly log: Log;
  readonly keys: Keys;
}

/**
 * Makes an invite for one agent of a workspace, a new one or `again` one that is there; it works once, within 15 minutes.
 * Rejects with a sentence when there is no such workspace or agent.
 */
export async function makeInvite(
  config: Config,
  { tenant: wanted, address, again }: { tenant?: string; address: string; again?: string },
): Promise<Invite> {
  return inRoom(config, wanted, async ({ tenant, agents, keys }) => {
    const agent = again === undefined ? undefined : await knownAgent(agents, tenant, again);
    const file = join(keyFolderOf(config), 'gateway.json');
    const tls = await keptCertificate(file, gatewayNames(config), systemClock.now());
    refuseUncovered(address, tls.certPem);
    return {
      address,
      ca_pem: tls.certPem,
      token: await agents.invite(tenant, agent),
      tenant_id: tenant,
      root_key: keys.rootKey,
      bundle: encodeSigned(keys.bundle().signed),
    };
  });
}

/** An agent as a person asks after it. */
export interface Listed {
  readonly id: AgentId;
  /** Empty when it has never been connected under this enrolment. */
  readonly host: string;
  readonly connected: boolean;
  /** Why it starts nothing by its own decision, or empty. */
  readonly pausedBecause: string;
  /** It judges by other rules than this server, so it may refuse what is planned here. */
  readonly otherRules: boolean;
  /** How often it has been enrolled. */
  readonly epoch: number;
}

/** The agents of a workspace, most recently seen first. */
export async function listAgents(config: Config, wanted: string | undefined): Promise<readonly Listed[]> {
  return inRoom(config, wanted, async ({ tenant, agents, log }) =>
    Promise.all(
      (await agents.agentsOf(tenant)).map(async ({ agentId: id, online }) => {
        const state = (await log.load(agentKind, agentRef(tenant, id)))?.state;
        const { hostName: host = '', pausedBecause = '', rulesetSha256 } = state?.description ?? {};
        const otherRules = rulesetSha256 !== undefined && rulesetSha256 !== RULESET_SHA256;
        return { id, host, connected: online, pausedBecause, otherRules, epoch: state?.epoch ?? 0 };
      }),
    ),
  );
}

/** Removes an agent of a workspace. Rejects with a sentence when there is no such agent. */
export async function removeAgent(config: Config, wanted: string | undefined, id: string): Promise<void> {
  await inRoom(config, wanted, async ({ tenant, agents }) => {
    await agents.remove(tenant, await knownAgent(agents, tenant, id));
  });
}

/** Does `work` in the workspace that was named, or in the only one. */
async function inRoom<T>(
  config: Config,
  wanted: string | undefined,
  work: (room: Room) => Promise<T>,
): Promise<T> {
  if (!config.DATABASE_URL) throw new Error('This needs DATABASE_URL and KEYS_DIR, as dd0c server does.');
  // Standard output is for the result.
  const logger = createLogger(config.LOG_LEVEL, process.stderr);
  const keys = openKeyFolder(keyFolderOf(config), systemRandom, systemClock, logger);
  const database = connectDatabase(config.DATABASE_URL, logger, 2);
  try {
    const where = { removedAt: null };
    const rows = await database.prisma.slackInstallation.findMany({ where, orderBy: { tenant: 'asc' } });
    const known = rows.map((row) => row.tenant);
    const shared = { clock: systemClock, random: systemRandom };
    const store = postgresStore(database.pool);
    const log = openLog({ store, keys: keys.keys, ...shared, committed: () => undefined });
    const agents = openAgents({ database, log, ...shared });
    return await work({ tenant: choose(known, wanted), agents, log, keys });
  } finally {
    await database.close();
  }
}

async function knownAgent(agents: Agents, tenant: TenantId, id: string): Promise<AgentId> {
  const found = await agents.find(agentId(id));
  if (found?.tenantId !== tenant)
    throw new Error(`There is no agent ${id} in this workspace. dd0c agent list shows those that are.`);
  return agentId(id);
}

/** An agent believes the certificate for the first host it is told; one that is not in it could never connect. */
function refuseUncovered(address: string, certPem: string): void {
  const host =
    address
      .replace(/^ipv[46]:/, '')
      .split(',')[0]
      ?.replace(/:\d+$/, '')
      .replace(/^\[|\]$/g, '') ?? '';
  const certificate = new X509Certificate(certPem);
  const covered = isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host);
  if (covered === undefined)
    throw new Error(
      `The gateway’s certificate is not good for ${host}, only for ${certificate.subjectAltName}. Set GATEWAY_NAME, remove gateway.json from the folder of keys, start the servers again, and invite every agent anew.`,
    );
}

function choose(known: readonly string[], wanted: string | undefined): TenantId {
  const [only, another] = known;
  if (wanted !== undefined) {
    if (known.includes(wanted)) return tenantId(wanted);
    throw new Error(`No workspace ${wanted} has installed the app here.`);
  }
  if (only === undefined)
    throw new Error('No workspace has installed the app here yet, so it has no agents.');
  if (another !== undefined)
    throw new Error(`Several workspaces are here: name one with --tenant (${known.slice(0, 5).join(', ')}).`);
  return tenantId(only);
}
