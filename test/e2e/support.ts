import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { z } from 'zod';
import { plainAccount, reachablePath, removeData } from '../../dev/account.ts';
import { type AgentProcess, startAgent } from '../../dev/agent-process.ts';
import { type Instance, startInstance } from '../../dev/instance.ts';
import type { Control } from '../../dev/slack/control.ts';
import type { Simulator } from '../../dev/slack/server.ts';
import { postRunbook, startFromPreview } from '../../dev/walk.ts';
import { openAgents } from '../../src/platform/agent-registry.ts';
import { systemClock, systemRandom } from '../../src/platform/clock.ts';
import { readConfig } from '../../src/platform/config.ts';
import { connectDatabase } from '../../src/platform/database.ts';
import { createLogger, type Logger } from '../../src/platform/logger.ts';
import type { QueueBackend } from '../../src/platform/queues.ts';
import type { RunId, TenantId } from '../../src/protocol/ids.ts';
import { encodedSignedSchema } from '../../src/protocol/signed.ts';
import { until } from '../support/eventually.ts';
import { emptyTables, startTestRedis } from '../support/redis.ts';

export type TestInstance = Instance & {
  readonly simulator: Simulator;
  readonly dataDir: string;
  /** Where the queues are, when Redis carries them. */
  readonly redisUrl: string | null;
  /** Every job in the queues is gone, as after FLUSHALL. */
  emptyQueues(): Promise<void>;
  end(): Promise<void>;
};

export interface TestInstanceOptions {
  /** What carries the queues; Redis is a server of the instance's own. */
  readonly queues?: QueueBackend['kind'];
  readonly logger?: Logger;
  /** Settings beside those that every test instance has. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A whole instance on a data folder of its own: database, simulator, server, workers, agent process. */
export async function startTestInstance({
  queues = 'postgres',
  logger = createLogger('fatal'),
  settings = {},
}: TestInstanceOptions = {}): Promise<TestInstance> {
  const dataDir = mkdtempSync(join(tmpdir(), 'dd0c-e2e-'));
  const redis = queues === 'redis' ? await startTestRedis() : null;
  const end = async () => {
    await redis?.end();
    removeData(dataDir);
  };
  const config = readConfig({
    PORT: '0',
    SIMULATOR_PORT: '0',
    GATEWAY_PORT: '0',
    DATA_DIR: dataDir,
    ...(redis ? { REDIS_URL: redis.url } : {}),
    ...settings,
  });
  const instance = await startInstance({ config, logger, environment: 'test' }).catch(async (error) => {
    await end();
    throw error;
  });
  const { simulator, ownerUrl, stop } = instance;
  if (!simulator) throw new Error('A test instance has no workspace but the simulator.');
  return Object.assign(instance, {
    simulator,
    dataDir,
    redisUrl: redis?.url ?? null,
    emptyQueues: () => (redis ? flush(redis.url) : emptyDatabase(ownerUrl)),
    end: () => stop().finally(end),
  });
}

async function flush(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushall().finally(() => client.disconnect());
}

async function emptyDatabase(ownerUrl: string): Promise<void> {
  await asOwner(ownerUrl, emptyTables);
}

/** Does `work` as the owner of the database, who sees every row. */
export async function asOwner<T>(ownerUrl: string, work: (owner: Client) => Promise<T>): Promise<T> {
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  return work(owner).finally(() => owner.end());
}

/** A runbook with one command a step. */
export const runbook = (title: string, ...commands: readonly string[]): string =>
  [
    `# ${title}`,
    ...commands.map((command, index) => `${index + 1}. Do part ${index + 1}.\n\n\`\`\`\n${command}\n\`\`\``),
  ].join('\n\n');

/** Posts a runbook and starts it, as one person. */
export async function startAs(sim: Control, as: string, text: string): Promise<RunId> {
  return startFromPreview(sim, await postRunbook(sim, text, as), {}, as);
}

/**
 * Starts an agent for another workspace than the first, on a folder of its own, beside the agent that the instance has:
 * the same gateway and the same keys to believe, as that one's invite names them. Resolves when it can be given work.
 */
export async function startAgentOf(
  instance: TestInstance,
  tenant: TenantId,
): Promise<Pick<AgentProcess, 'stop'>> {
  const account = plainAccount();
  const home = join(reachablePath(instance.dataDir, account), 'agent');
  const first = inviteFile.parse(JSON.parse(readFileSync(join(home, 'invite.json'), 'utf8')));
  const dataDir = mkdtempSync(join(tmpdir(), 'dd0c-agent-'));
  const database = connectDatabase(appUrl(instance), createLogger('fatal'));
  const agents = openAgents({ database, log: instance.log, clock: systemClock, random: systemRandom });
  try {
    const { address, ca_pem: caPem, ...pins } = first;
    const invite = async () => ({ token: await agents.invite(tenant), tenant_id: tenant, ...pins });
    const agent = await startAgent({ dataDir, account, address, caPem, invite });
    const online = async () => (await agents.agentsOf(tenant)).some((one) => one.online);
    const stop = () => agent.stop().finally(() => removeData(dataDir));
    await until('the second agent', online, 30_000).catch((error) =>
      stop().finally(() => Promise.reject(error)),
    );
    return { stop };
  } finally {
    await database.close();
  }
}

const inviteFile = z.object({
  address: z.string(),
  ca_pem: z.string(),
  root_key: z.string(),
  bundle: encodedSignedSchema,
});

function appUrl({ ownerUrl, dataDir }: TestInstance): string {
  const url = new URL(ownerUrl);
  url.username = 'dd0c_app';
  url.password = readFileSync(join(dataDir, 'keys', 'app-password'), 'utf8');
  return url.href;
}
