/** The same product as many processes on one machine: servers and workers that can each be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../src/platform/logger.ts';
import type { TenantId } from '../src/protocol/ids.ts';
import { tenantId } from '../src/protocol/ids.ts';
import { openSystem } from '../src/system.ts';
import type { AgentProcess } from './agent-process.ts';
import { type Ground, layGround, systemOn, until } from './ground.ts';
import { type Instance, startOwnAgent } from './instance.ts';
import { startPostgres } from './postgres.ts';
import { type Simulator, TEAM_ID } from './slack/server.ts';

export interface ClusterOptions {
  readonly dataDir: string;
  readonly servers: number;
  readonly workers: number;
  /** A Redis that carries the queues: its URL, `own` to start one here, or null for Postgres. */
  readonly redis: string | 'own' | null;
  readonly logger: Logger;
  readonly onProgress?: (doing: string) => void;
  readonly wrapper?: readonly string[];
  /** Puts something between the agent and the port of a gateway, and says on which port it answers. */
  readonly between?: (gatewayPort: number) => Promise<number>;
}

/** One process of ours that can be killed and started again. */
export interface Member {
  readonly name: string;
  readonly role: 'server' | 'worker';
  readonly pid: number | undefined;
  /** SIGKILL, and back only when it is gone. Nothing is told beforehand. */
  kill(): Promise<void>;
  /** Starts it again on the same ports, and waits until it is ready. */
  start(): Promise<void>;
  /** SIGTERM; resolves with the exit code once it has ended in good order, or null when it had to be killed. */
  end(): Promise<number | null>;
  /** `http://host:port` where it answers, its health checks at least. */
  address(): string;
}

export interface Cluster extends Instance {
  readonly agent: AgentProcess;
  readonly tenant: TenantId;
  readonly simulator: Simulator;
  readonly members: readonly Member[];
  /** Where the queues are, when Redis carries them. */
  readonly redisUrl: string | null;
  /** SIGKILL of the database, and a start of it again on the same port. */
  killPostgres(): Promise<void>;
  restartPostgres(): Promise<void>;
}

const COMMAND = fileURLToPath(new URL('../bin/dd0c', import.meta.url));
const READY_LIMIT_MS = 60_000;
const END_LIMIT_MS = 35_000; // longer than the process's own limit
const HOST = '127.0.0.1';

/** Starts Postgres, Redis if asked, the simulated Slack, the servers, the workers and one agent; resolves when all are ready. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { logger, onProgress = () => undefined } = options;
  const ground = await layGround({
    dataDir: options.dataDir,
    where: 'a cluster of processes',
    simulatorPort: 0,
    redis: options.redis,
    gatewayNames: [HOST],
    environment: 'demo',
    page: false,
    logger,
    onProgress,
  });
  const { simulator } = ground;
  try {
    if (!simulator) throw new Error('A cluster needs the simulator.');
    const system = await openSystem(systemOn(ground, { trust: 'copilot', logger }));
    ground.onEnd(() => system.close());
    onProgress('starting servers and workers');
    const [servers, workers] = [await many('server', options.servers), await many('worker', options.workers)];
    const members = [...servers, ...workers].map((place) => member(place, ground, simulator));
    ground.onEnd(async () => {
      await Promise.all(members.map((one) => one.end()));
    });
    // The first server brings the workspace's installation into the database; the others find it there.
    await members[0]?.start();
    await Promise.all(members.slice(1).map((one) => one.start()));
    simulator.connect(servers.map(({ http }) => `http://${HOST}:${http}/slack/events`));
    onProgress('starting the agent');
    const tenant = tenantId(TEAM_ID);
    const { between = async (port) => port } = options;
    const ways = await Promise.all(servers.map(({ gateway }) => between(gateway)));
    const address = `ipv4:${ways.map((port) => `${HOST}:${port}`).join(',')}`;
    const agent = await startOwnAgent(ground, system, tenant, address, options.wrapper);
    let postgres = ground.postgres;
    return {
      tenant,
      log: system.log,
      url: `http://${HOST}:${servers[0]?.http}`,
      simulator,
      ownerUrl: ground.postgres.url,
      agent,
      members,
      redisUrl: ground.queues.kind === 'redis' ? ground.queues.url : null,
      killPostgres: async () => {
        process.kill(postgres.pid, 'SIGKILL');
        await until(
          () => !isAlive(postgres.pid),
          END_LIMIT_MS,
          () => 'Postgres did not die.',
        );
      },
      restartPostgres: async () => {
        const { dataDir, account } = ground;
        postgres = await startPostgres({ dataDir, account, port: ground.postgres.port });
        const { stop } = postgres;
        ground.onEnd(() => stop());
      },
      stop: ground.end,
    };
  } catch (error) {
    await ground.end();
    throw error;
  }
}

interface Place {
  readonly name: string;
  readonly role: 'server' | 'worker';
  readonly http: number;
  readonly gateway: number;
}

async function many(role: Place['role'], count: number): Promise<Place[]> {
  const places: Place[] = [];
  for (let number = 1; number <= count; number++) {
    const [http, gateway] = await freePorts(2);
    places.push({ name: `${role}-${number}`, role, http: http ?? 0, gateway: gateway ?? 0 });
  }
  return places;
}

function member(place: Place, ground: Ground, simulator: Simulator): Member {
  const folder = join(ground.dataDir, 'logs');
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, `${place.name}.log`);
  const env = {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: process.env.HOME ?? '/',
    NO_COLOR: '1',
    PORT: String(place.http),
    HOST,
    GATEWAY_PORT: String(place.gateway),
    GATEWAY_HOST: HOST,
    DATABASE_URL: ground.databaseUrl,
    KEYS_DIR: ground.keyFolder,
    PUBLIC_URL: `http://${HOST}:${place.http}`,
    SLACK_BOT_TOKEN: simulator.token,
    SLACK_CLIENT_ID: simulator.clientId,
    SLACK_CLIENT_SECRET: simulator.clientSecret,
    SLACK_SIGNING_SECRET: ground.signingSecret,
    SLACK_API_URL: simulator.apiUrl,
    ...(ground.queues.kind === 'redis' ? { REDIS_URL: ground.queues.url } : {}),
  };
  let child: ChildProcess | null = null;
  const isGone = () => !child || child.exitCode !== null || child.signalCode !== null;
  const spawnOne = () => {
    const log = openSync(logFile, 'a', 0o600);
    // In a folder without a .env: what this cluster is told is all it knows.
    child = spawn(process.execPath, [COMMAND, place.role], { env, cwd: folder, stdio: ['ignore', log, log] });
    closeSync(log);
  };
  const gone = async (limitMs: number) =>
    until(isGone, limitMs, () => `${place.name} (process ${child?.pid}) does not end.`);
  return {
    name: place.name,
    role: place.role,
    get pid() {
      return child?.pid;
    },
    async kill() {
      child?.kill('SIGKILL');
      await gone(END_LIMIT_MS);
    },
    async start() {
      spawnOne();
      await until(
        async () => {
          // As a supervisor would: what could not start, because its database died meanwhile, say, is started again.
          if (isGone()) spawnOne();
          const answer = await fetch(`http://${HOST}:${place.http}/readyz`).catch(() => null);
          await answer?.arrayBuffer();
          return answer?.status === 200;
        },
        READY_LIMIT_MS,
        () => `${place.name} was not ready within ${READY_LIMIT_MS / 1000} s: ${lastLine(logFile)}`,
      );
    },
    async end() {
      child?.kill('SIGTERM');
      await gone(END_LIMIT_MS).catch(() => child?.kill('SIGKILL'));
      return child?.exitCode ?? null;
    },
    address: () => `http://${HOST}:${place.http}`,
  };
}

const lastLine = (file: string): string => readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';

/** Whether there is a process with this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ports that nobody listens on; held together while they are chosen, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    probes.map(
      (probe) =>
        new Promise<number>((resolve, reject) => {
          probe.once('error', reject);
          probe.listen(0, HOST, () => {
            const address = probe.address();
            resolve(typeof address === 'object' && address ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return ports;
}
