/** What everything on one machine stands on: the data folder's lock, Postgres, keys, perhaps Redis, perhaps the simulated Slack. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keptCertificate, type TlsPair } from '../handlers/grpc/tls.ts';
import { systemClock, systemRandom } from '../src/platform/clock.ts';
import { prepareDatabase } from '../src/platform/database.ts';
import { prepareKeyFolder } from '../src/platform/key-folder.ts';
import { openKeyFolder } from '../src/platform/keys.ts';
import type { Logger } from '../src/platform/logger.ts';
import { MIGRATIONS } from '../src/platform/migrate.ts';
import { readOrMake } from '../src/platform/private-file.ts';
import type { QueueBackend } from '../src/platform/queues.ts';
import type { SystemOptions } from '../src/system.ts';
import { type Account, plainAccount } from './account.ts';
import { takeLock } from './lock.ts';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { type Simulator, startSimulator } from './slack/server.ts';

/** The runbook that the demo runs and the page offers to paste. */
export const EXAMPLE = fileURLToPath(new URL('../examples/disk-full.md', import.meta.url));

export interface GroundOptions {
  readonly dataDir: string;
  /** What stands in the lock for whoever finds the folder in use: where to look. */
  readonly where: string;
  /** Port of the simulated Slack, or null when a real workspace is connected. */
  readonly simulatorPort: number | null;
  /** A Redis that carries the queues: its URL, `own` to start one here, or null for Postgres. */
  readonly redis: string | 'own' | null;
  /** Names by which agents reach the gateway. */
  readonly gatewayNames: readonly string[];
  /** NODE_ENV; the simulator refuses `production`. */
  readonly environment: string;
  /** Bundles the page before anybody looks. */
  readonly page: boolean;
  readonly logger: Logger;
  /** Told in a few words what is being done. */
  readonly onProgress: (doing: string) => void;
}

export interface Ground {
  readonly dataDir: string;
  readonly account: Account | null;
  readonly postgres: RunningPostgres;
  /** As the application's role. */
  readonly databaseUrl: string;
  readonly queues: QueueBackend;
  readonly keyFolder: string;
  readonly tls: TlsPair;
  /** Null when a real workspace is connected. */
  readonly simulator: Simulator | null;
  readonly signingSecret: string;
  /** To be undone in the opposite order of its coming about. */
  onEnd(undo: () => Promise<void> | void): void;
  /** Ends everything that was begun, in order. */
  end(): Promise<void>;
}

/** Lays the ground in a data folder. Whatever was begun is ended again when a later part cannot be had. */
export async function layGround(options: GroundOptions): Promise<Ground> {
  const { logger, onProgress, environment } = options;
  const dataDir = resolve(options.dataDir);
  const undo: (() => Promise<void> | void)[] = [];
  const end = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    mkdirSync(dataDir, { recursive: true });
    const lock = takeLock(dataDir, options.where);
    undo.push(() => lock.release());
    const account = plainAccount();
    onProgress('starting the database');
    const postgres = await startPostgres({ dataDir, account, onProgress });
    undo.push(() => postgres.stop());
    const keyFolder = join(dataDir, 'keys');
    prepareKeyFolder(keyFolder, systemRandom, systemClock.now());
    const password = readOrMake(join(keyFolder, 'app-password'), randomText);
    const databaseUrl = await prepareDatabase(postgres.url, MIGRATIONS, password);
    let queues: QueueBackend = { kind: 'postgres', url: databaseUrl };
    if (options.redis === 'own') {
      onProgress('starting Redis');
      const redis = await startRedis({ dataDir, account });
      undo.push(() => redis.stop());
      queues = { kind: 'redis', url: redis.url };
    } else if (options.redis !== null) queues = { kind: 'redis', url: options.redis };
    const signingSecret = readOrMake(join(keyFolder, 'simulator-secret'), randomText);
    const simulator =
      options.simulatorPort === null
        ? null
        : await startSimulator({
            port: options.simulatorPort,
            signingSecret,
            environment,
            logger,
            bundleAtStart: options.page,
            exampleText: existsSync(EXAMPLE) ? readFileSync(EXAMPLE, 'utf8') : '',
          });
    if (simulator) undo.push(() => simulator.close());
    const names = [...new Set([...options.gatewayNames, 'localhost'])];
    const tls = await keptCertificate(join(keyFolder, 'gateway.json'), names, systemClock.now());
    return {
      dataDir,
      account,
      postgres,
      databaseUrl,
      queues,
      keyFolder,
      tls,
      simulator,
      signingSecret,
      onEnd: (step) => void undo.push(step),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** What a process on this ground is told of it. */
export function systemOn(
  { databaseUrl, queues, keyFolder, simulator }: Ground,
  rest: Pick<SystemOptions, 'trust' | 'model' | 'logger'>,
): SystemOptions {
  return {
    databaseUrl,
    queues,
    ...openKeyFolder(keyFolder, systemRandom, systemClock, rest.logger),
    ...(simulator ? { slackApiUrl: simulator.apiUrl } : {}),
    clock: systemClock,
    random: systemRandom,
    ...rest,
  };
}

const randomText = (): string => Buffer.from(systemRandom.bytes(24)).toString('base64url');

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
