/** What a person carries to the host of a new agent: where to call, whom to believe, and a token that works once. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import type { Invite } from '../agent/enrol.ts';
import { keptCertificate } from '../handlers/grpc/tls.ts';
import { openLog } from '../src/audit/log.ts';
import { openAgents } from '../src/platform/agent-registry.ts';
import { systemClock, systemRandom } from '../src/platform/clock.ts';
import type { Config } from '../src/platform/config.ts';
import { connectDatabase } from '../src/platform/database.ts';
import { openKeyFolder } from '../src/platform/key-service.ts';
import { createLogger } from '../src/platform/logger.ts';
import { type TenantId, tenantId } from '../src/protocol/ids.ts';
import { gatewayNames } from './serve.ts';

/**
 * Makes an invite for one agent of a workspace; it works once, within 15 minutes. Without `tenant` the only workspace is
 * meant. Throws an `Error` with a sentence when there is no such workspace, or more than one and none was named.
 */
export async function makeInvite(
  config: Config,
  { tenant, address }: { tenant: string | undefined; address: string },
): Promise<Invite> {
  if (!config.DATABASE_URL)
    throw new Error('dd0c agent invite needs DATABASE_URL and KEYS_DIR, as dd0c server does.');
  const folder = resolve(config.KEYS_DIR ?? join(config.DATA_DIR, 'keys'));
  const { keys, dispatchKey, approveKey } = openKeyFolder(folder, systemRandom);
  const database = connectDatabase(config.DATABASE_URL, createLogger(config.LOG_LEVEL), 2);
  try {
    const where = { removedAt: null };
    const rows = await database.prisma.slackInstallation.findMany({ where, orderBy: { tenant: 'asc' } });
    const chosen = choose(
      rows.map((row) => row.tenant),
      tenant,
    );
    const log = openLog({
      pool: database.pool,
      keys,
      clock: systemClock,
      random: systemRandom,
      committed: () => undefined,
    });
    const agents = openAgents({ database, log, clock: systemClock, random: systemRandom });
    const tls = await keptCertificate(join(folder, 'gateway.json'), gatewayNames(config), systemClock.now());
    refuseUncovered(address, tls.certPem);
    const key = ({ keyId, publicKey }: typeof dispatchKey) => ({ key_id: keyId, public_key: publicKey });
    return {
      address,
      ca_pem: tls.certPem,
      token: await agents.invite(chosen),
      tenant_id: chosen,
      trust: { tenant_id: chosen, dispatch: [key(dispatchKey)], approve: [key(approveKey)] },
    };
  } finally {
    await database.close();
  }
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
    throw new Error('No workspace has installed the app here yet, so no agent can be invited.');
  if (another !== undefined)
    throw new Error(`Several workspaces are here: name one with --tenant (${known.slice(0, 5).join(', ')}).`);
  return tenantId(only);
}
