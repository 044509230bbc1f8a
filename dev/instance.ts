/** Everything on one machine: embedded Postgres, the Slack simulator (or a real workspace), server, workers, one agent. */
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { selfSigned } from '../handlers/grpc/tls.ts';
import { type Server, startServer } from '../src/main.ts';
import { systemClock, systemRandom } from '../src/platform/clock.ts';
import type { Config } from '../src/platform/config.ts';
import { prepareDatabase } from '../src/platform/database.ts';
import { localKeyService, localSigningKey, readOrMake } from '../src/platform/key-service.ts';
import type { Logger } from '../src/platform/logger.ts';
import { plainAccount } from './account.ts';
import { type AgentProcess, startAgent } from './agent-process.ts';
import { takeLock } from './lock.ts';
import { startPostgres } from './postgres.ts';
import { type Simulator, startSimulator } from './slack/server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where the migrations are. */
export const MIGRATIONS = join(root, 'prisma/migrations');
/** The runbook that the demo runs and the page offers to paste. */
export const EXAMPLE = join(root, 'examples/disk-full.md');

export interface InstanceOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** NODE_ENV; the simulator refuses `production`. */
  readonly environment: string;
  /** Told in a few words what is being done. */
  readonly onProgress?: (doing: string) => void;
  /** Bundles the page before anybody looks. */
  readonly page?: boolean;
  /** Argv put before every command of a step. */
  readonly wrapper?: readonly string[];
}

export interface Instance {
  readonly server: Server;
  /** Null when a real workspace is connected. */
  readonly simulator: Simulator | null;
  readonly agent: AgentProcess;
  readonly ownerUrl: string;
  /** Drains and ends everything that was started, in order. */
  stop(): Promise<void>;
}

/** Starts an instance on its data folder. Whatever was started is ended again when a later part cannot be. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { config, logger, onProgress = () => undefined } = options;
  const dataDir = resolve(config.DATA_DIR);
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    mkdirSync(dataDir, { recursive: true });
    const page = config.SLACK_BOT_TOKEN
      ? 'your Slack workspace'
      : `http://127.0.0.1:${config.SIMULATOR_PORT}/`;
    const lock = takeLock(dataDir, page);
    undo.push(() => lock.release());

    const account = plainAccount();
    onProgress('starting the database');
    const postgres = await startPostgres({ dataDir, account, onProgress });
    undo.push(() => postgres.stop());
    const secrets = join(dataDir, 'keys');
    mkdirSync(secrets, { recursive: true, mode: 0o700 });
    chmodSync(secrets, 0o700);
    const password = readOrMake(join(secrets, 'app-password'), randomText);
    const databaseUrl = await prepareDatabase(postgres.url, MIGRATIONS, password);

    const signingSecret =
      config.SLACK_SIGNING_SECRET ?? readOrMake(join(secrets, 'simulator-secret'), randomText);
    const simulator = config.SLACK_BOT_TOKEN ? null : await startPage(options, signingSecret);
    if (simulator) undo.push(() => simulator.close());

    onProgress('starting server and workers');
    const tls = await certificate(join(secrets, 'gateway.json'), config.GATEWAY_HOST);
    const server = await startServer({
      databaseUrl,
      keys: localKeyService(join(secrets, 'master.key'), systemRandom),
      dispatchKey: localSigningKey(join(secrets, 'dispatch.pem'), systemRandom),
      approveKey: localSigningKey(join(secrets, 'approve.pem'), systemRandom),
      slack: {
        botToken: config.SLACK_BOT_TOKEN ?? simulator?.token ?? '',
        signingSecret,
        ...(simulator ? { apiUrl: simulator.apiUrl } : {}),
      },
      http: { host: config.HOST, port: config.PORT },
      gateway: { host: config.GATEWAY_HOST, port: config.GATEWAY_PORT, tls },
      trust: config.TRUST_LEVEL,
      clock: systemClock,
      random: systemRandom,
      logger,
    });
    undo.push(() => server.close());
    simulator?.connect(server.slackUrl);

    onProgress('starting the agent');
    const agent = await startAgent({
      dataDir,
      account,
      address: `${config.GATEWAY_HOST}:${server.gatewayPort}`,
      caPem: tls.certPem,
      invite: server.invite,
      ...(options.wrapper ? { wrapper: options.wrapper } : {}),
    });
    undo.push(() => agent.stop());
    await until(server.agentOnline, AGENT_LIMIT_MS, () => agentTrouble(agent));
    return { server, simulator, agent, ownerUrl: postgres.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const AGENT_LIMIT_MS = 20_000;
const LOOK_MS = 50;

/** Waits until `found` says yes. Throws what `trouble` says when that takes longer than `limitMs`. */
export async function until(
  found: () => Promise<boolean> | boolean,
  limitMs: number,
  trouble: () => string,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await found())) {
    if (Date.now() > end) throw new Error(trouble());
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const randomText = (): string => Buffer.from(systemRandom.bytes(24)).toString('base64url');

function startPage(
  { config, environment, logger, page }: InstanceOptions,
  signingSecret: string,
): Promise<Simulator> {
  return startSimulator({
    port: config.SIMULATOR_PORT,
    signingSecret,
    environment,
    logger,
    bundleAtStart: page ?? false,
    exampleText: existsSync(EXAMPLE) ? readFileSync(EXAMPLE, 'utf8') : '',
  });
}

/** The gateway's certificate: made once a data folder, because agents pin it. */
async function certificate(file: string, host: string): Promise<{ certPem: string; keyPem: string }> {
  const made = existsSync(file) ? null : await selfSigned([host, 'localhost'], systemClock.now());
  const text = readOrMake(file, () => JSON.stringify(made));
  return JSON.parse(text) as { certPem: string; keyPem: string };
}

function agentTrouble({ logFile }: AgentProcess): string {
  const last = existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n').slice(-1)[0] : '';
  return `The agent did not connect within ${AGENT_LIMIT_MS / 1000} s. Its log (${logFile}) ends with: ${last || 'nothing'}`;
}
