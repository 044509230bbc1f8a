/** `dd0c server` and `dd0c worker`: one process of many, over a Postgres (and Redis) that others run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sentenceOf } from '../dev/sentence.ts';
import { keptCertificate } from '../handlers/grpc/tls.ts';
import { type Running, slackOptions, startServer, startWorker } from '../src/main.ts';
import { systemClock, systemRandom } from '../src/platform/clock.ts';
import { type Config, keyFolderOf, loadConfig, modelNotice, modelOf } from '../src/platform/config.ts';
import { openKeyFolder } from '../src/platform/keys.ts';
import { createLogger, type Logger } from '../src/platform/logger.ts';
import { MIGRATIONS, MigrationError, missingMigrations } from '../src/platform/migrate.ts';
import { openSystem, type System } from '../src/system.ts';

export type Role = 'server' | 'worker';

/** Past this an orderly end is given up (ms): longer than any request, job or report takes. */
const END_LIMIT_MS = 30_000;

/**
 * Runs one server or worker until it is told to end (SIGTERM, SIGINT): then it takes nothing new, lets what is under
 * way end, and exits with 0; with 1 when that took longer than `END_LIMIT_MS`. Resolves when it is up; rejects with a
 * sentence when it cannot be.
 */
export async function serve(role: Role, args: readonly string[]): Promise<void> {
  parseArgs({ args: [...args], options: {}, allowPositionals: false });
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = loadConfig();
  const databaseUrl = config.DATABASE_URL;
  if (!databaseUrl)
    throw new Error(
      `dd0c ${role} needs DATABASE_URL, the address of a Postgres as the role dd0c_app. To try everything on this machine without one: npm start.`,
    );
  const logger = createLogger(config.LOG_LEVEL);
  await refuseOldDatabase(databaseUrl, logger);
  const keyFolder = keyFolderOf(config);
  const system = await openSystem({
    databaseUrl,
    queues: config.REDIS_URL
      ? { kind: 'redis', url: config.REDIS_URL }
      : { kind: 'postgres', url: databaseUrl },
    ...openKeyFolder(keyFolder, systemRandom, systemClock, logger),
    ...(config.SLACK_API_URL ? { slackApiUrl: config.SLACK_API_URL } : {}),
    ...modelOf(config),
    trust: config.TRUST_LEVEL,
    clock: systemClock,
    random: systemRandom,
    logger,
  });
  const running = await begin(role, system, config, keyFolder).catch((error: unknown) => {
    // What it has opened by then would keep a process alive that serves nothing, and that nobody starts again.
    console.error(sentenceOf(error));
    process.exit(1);
  });
  console.error(`dd0c ${role} is running on ${running.address}. Ctrl-C or SIGTERM ends it.`);
  const notice = modelNotice(config);
  if (role === 'worker' && notice) console.error(notice);
  endOnSignal(role, async () => {
    await running.close();
    await system.close();
  });
}

async function begin(role: Role, system: System, config: Config, keyFolder: string): Promise<Running> {
  const http = { host: config.HOST, port: config.PORT };
  if (role === 'worker') return startWorker(system, { http });
  const certificate = join(keyFolder, 'gateway.json');
  return startServer(system, {
    http,
    ...(config.PUBLIC_URL ? { publicUrl: config.PUBLIC_URL } : {}),
    slack: slackOptions(config),
    gateway: {
      host: config.GATEWAY_HOST,
      port: config.GATEWAY_PORT,
      tls: await keptCertificate(certificate, gatewayNames(config), systemClock.now()),
    },
  });
}

/** A database that is just starting, or whose network is, is waited for this long (ms). */
const DATABASE_LIMIT_MS = 30_000;
const DATABASE_LOOK_MS = 500;
/** Refused, unreachable or reset connections, and a server that starts up (57P03) or shuts down (57P01). */
const AWAY = ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ETIMEDOUT', '57P03', '57P01'];

/** A process must not run on a database that lacks what it was written for. */
async function refuseOldDatabase(databaseUrl: string, logger: Logger): Promise<void> {
  const missing = await whenThere(() => missingMigrations(databaseUrl, MIGRATIONS), logger);
  if (missing.length > 0)
    throw new Error(
      `The database lacks ${missing.join(', ')}. Bring it up to date first: dd0c db migrate --url OWNER_URL.`,
    );
}

/** A connection that ended while something was asked has no code, only these words (pg/lib/client.js). */
const isCut = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Connection terminated');

async function whenThere<T>(ask: () => Promise<T>, logger: Logger): Promise<T> {
  const end = performance.now() + DATABASE_LIMIT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof MigrationError) throw error;
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!(AWAY.includes(code) || isCut(error)) || performance.now() > end)
        throw new Error(
          `The database cannot be reached (${code || sentenceOf(error)}). Check DATABASE_URL.`,
          {
            cause: error,
          },
        );
      logger.warn({ code }, 'the database is not there yet; waiting for it');
      await new Promise((resolve) => setTimeout(resolve, DATABASE_LOOK_MS));
    }
  }
}

/** Names by which agents may reach the gateway: its certificate is good for these. */
export const gatewayNames = ({ GATEWAY_HOST, GATEWAY_NAME }: Config): string[] => [
  ...(GATEWAY_NAME ? [GATEWAY_NAME] : []),
  ...(GATEWAY_HOST === '0.0.0.0' || GATEWAY_HOST === '::' ? [] : [GATEWAY_HOST]),
  'localhost',
];

function endOnSignal(role: Role, close: () => Promise<void>): void {
  let ending = false;
  const end = (signal: NodeJS.Signals) => {
    if (ending) {
      console.error('Asked twice, so ending without waiting. What was under way is taken up by others.');
      process.exit(1);
    }
    ending = true;
    setTimeout(() => {
      console.error(`dd0c ${role} did not end within ${END_LIMIT_MS / 1000} s; ending anyway.`);
      process.exit(1);
    }, END_LIMIT_MS).unref();
    close().then(
      () => {
        console.error(`dd0c ${role} ended (${signal}).`);
        process.exit(0);
      },
      (error: unknown) => {
        console.error(sentenceOf(error));
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
}
