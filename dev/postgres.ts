/** The embedded Postgres: a small launcher over ready-made binaries, one cluster a data folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Account, ownFolder, reachableFolder, reachablePath } from './account.ts';
import { readIfThere, runningProcess } from './lock.ts';
import { childOptions, findRunner, PostgresError, type Runner } from './postgres-binaries.ts';

export { PostgresError };

/** What to start: the product's data folder, the account to run as (null: ourselves), and whether data may be lost (tests). */
export type PostgresOptions = {
  readonly dataDir: string;
  readonly account: Account | null;
  readonly tests?: boolean;
  /** Where to listen, when others were told before; a free port otherwise. */
  readonly port?: number;
  /** Told in a few words what is being done, before each part that takes time. */
  readonly onProgress?: (doing: string) => void;
};

/** A running server; `url` is the owner's (a superuser's) connection string. */
export type RunningPostgres = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
};

/** Where everything of one cluster lies: `data` belongs to the account, what surrounds it stays ours. */
type Place = {
  readonly home: string;
  readonly data: string;
  readonly password: string;
  readonly log: string;
};

const OWNER = 'app';
/** How long to wait for a start (it may have to recover after a crash) and for a stop, in milliseconds. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
const POLL_MS = 10;

const placeIn = (folder: string): Place => {
  const home = join(folder, 'postgres');
  return { home, data: join(home, 'data'), password: join(home, 'password'), log: join(home, 'log') };
};

/** Makes the cluster once, beside its final name: an initdb that was killed leaves no half cluster. */
async function ensureCluster(
  runner: Runner,
  place: Place,
  { tests, onProgress }: PostgresOptions,
): Promise<void> {
  const { account } = runner;
  if (existsSync(place.data)) return;
  onProgress?.('creating the database');
  const unfinished = `${place.data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  ownFolder(unfinished, account);
  writeFileSync(place.password, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (account !== null) chownSync(place.password, account.uid, account.gid);
  const args = [
    '-D',
    unfinished,
    '-U',
    OWNER,
    '-A',
    'scram-sha-256',
    '--pwfile',
    place.password,
    '-E',
    'UTF8',
  ];
  // The built-in locale makes the cluster independent of the host's locales.
  args.push(
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    ...(tests ? ['--no-sync'] : []),
  );
  const { code, output } = await runToEnd(join(runner.native, 'bin/initdb'), args, runner);
  if (code !== 0) {
    throw new PostgresError('postgres.init', `The database could not be created: ${lastLines(output)}`);
  }
  // From here on only we need the password.
  if (account !== null) chownSync(place.password, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  renameSync(unfinished, place.data);
}

function runToEnd(
  file: string,
  args: string[],
  runner: Runner,
): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { ...childOptions(runner), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk;
      });
    child.on('error', fail);
    child.on('close', (code) => done({ code, output }));
  });
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-3).join(' | ');

const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const probe = createServer();
    probe.on('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null ? done(address.port) : fail(new Error('no port')),
      );
    });
  });

/** postmaster.pid: line 1 is the process id, line 4 the port, line 8 the state; the server keeps them current. */
function pidFile(place: Place): { pid: number; port: number; ready: boolean } | null {
  const text = readIfThere(join(place.data, 'postmaster.pid'));
  if (text === null) return null;
  const lines = text.split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** The server running on this very cluster, if any: the process the pid file names, unless the id was given to another. */
function runningServer(place: Place): number | null {
  const pid = pidFile(place)?.pid;
  if (pid === undefined || !Number.isInteger(pid) || pid <= 1) return null;
  return runningProcess(pid)?.command.includes(`-D ${place.data} `) ? pid : null;
}

async function stopServer(pid: number): Promise<void> {
  // SIGINT is Postgres' fast shutdown: it ends every session and writes a checkpoint. SIGQUIT ends without one.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (runningProcess(pid) === null) return;
    process.kill(pid, signal);
    if (await becomesTrue(() => runningProcess(pid) === null, STOP_LIMIT_MS)) return;
  }
  throw new PostgresError(
    'postgres.stop',
    `The embedded Postgres (process ${pid}) does not stop; end it by hand and start again.`,
  );
}

async function becomesTrue(condition: () => boolean, limitMs: number): Promise<boolean> {
  for (let waited = 0; waited < limitMs; waited += POLL_MS) {
    if (condition()) return true;
    await pause(POLL_MS);
  }
  return condition();
}

function serverArguments(place: Place, port: number, tests: boolean): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
  ];
  // Four to ten times quicker, and it cannot corrupt; a power cut may lose the last half second of commits.
  settings.push('synchronous_commit=off', 'log_checkpoints=off');
  if (tests) settings.push('fsync=off', 'full_page_writes=off', 'autovacuum=off');
  return ['-D', place.data, ...settings.flatMap((setting) => ['-c', setting])];
}

/** Starts the server detached (a Ctrl-C meant for us does not reach it) with its words in a log file. */
function launch(runner: Runner, place: Place, port: number, tests: boolean): ChildProcess {
  const log = openSync(place.log, 'w', 0o600);
  const options = {
    ...childOptions(runner),
    detached: true,
    stdio: ['ignore', log, log] as ['ignore', number, number],
  };
  const child = spawn(join(runner.native, 'bin/postgres'), serverArguments(place, port, tests), options);
  closeSync(log);
  child.unref();
  return child;
}

/** Waits until the server is ready; null when its port was taken in between. Throws PostgresError `postgres.start`. */
async function startOn(runner: Runner, place: Place, port: number, tests: boolean): Promise<number | null> {
  const child = launch(runner, place, port, tests);
  let ended = false;
  for (const event of ['error', 'exit']) {
    child.on(event, () => {
      ended = true;
    });
  }
  const ready = () => {
    const file = pidFile(place);
    return file !== null && file.pid === child.pid && file.ready;
  };
  await becomesTrue(() => ended || ready(), START_LIMIT_MS);
  if (!ended && child.pid !== undefined) {
    if (ready()) return child.pid;
    await stopServer(child.pid);
  }
  const words = readFileSync(place.log, 'utf8');
  if (words.includes('Address already in use')) return null;
  throw new PostgresError(
    'postgres.start',
    `The embedded Postgres did not start: ${lastLines(words)} (more in ${place.log}).`,
  );
}

/**
 * Starts the embedded Postgres of a data folder, creating its cluster the first time, and resolves when it takes
 * connections. A server left over on the same cluster is stopped first. Throws PostgresError.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const place = placeIn(reachableFolder(options.dataDir, options.account));
  ownFolder(place.home, null, options.account === null ? 0o700 : 0o711);
  const runner = findRunner(options.account, place.home, options.onProgress);
  const leftOver = runningServer(place);
  if (leftOver !== null) {
    options.onProgress?.('stopping the database that an earlier run left behind');
    await stopServer(leftOver);
  }
  await ensureCluster(runner, place, options);
  // Postgres itself refuses a stale file whose process id now belongs to another process of the same account.
  rmSync(join(place.data, 'postmaster.pid'), { force: true });
  options.onProgress?.('starting the database');
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = options.port ?? (await freePort());
    const pid = await startOn(runner, place, port, options.tests ?? false);
    if (pid === null && options.port !== undefined) break;
    if (pid === null) continue;
    return running(place, pid, port);
  }
  throw new PostgresError(
    'postgres.start',
    options.port === undefined
      ? 'The embedded Postgres found no free port in five attempts; start again.'
      : `The embedded Postgres was to listen on port ${options.port}, which another program uses.`,
  );
}

function running(place: Place, pid: number, port: number): RunningPostgres {
  const password = readFileSync(place.password, 'utf8').trim();
  const url = `postgresql://${OWNER}:${password}@127.0.0.1:${port}/postgres`;
  return { url, port, pid, stop: () => stopServer(pid) };
}

/** The server of a data folder that somebody else started, or null when none is running. */
export function findPostgres(dataDir: string, account: Account | null): RunningPostgres | null {
  const place = placeIn(reachablePath(dataDir, account));
  const pid = runningServer(place);
  const port = pidFile(place)?.port;
  return pid === null || port === undefined ? null : running(place, pid, port);
}

/** As `findPostgres`, once that server takes connections: it may be starting, or recovering after a crash. */
export async function readyPostgres(
  dataDir: string,
  account: Account | null,
): Promise<RunningPostgres | null> {
  const place = placeIn(reachablePath(dataDir, account));
  await becomesTrue(() => runningServer(place) === null || pidFile(place)?.ready === true, START_LIMIT_MS);
  return findPostgres(dataDir, account);
}

/** Whether a data folder, which must exist, holds a database that was once started. */
export function hasCluster(dataDir: string, account: Account | null): boolean {
  return existsSync(placeIn(reachablePath(dataDir, account)).data);
}

/** Stops the server of a data folder if one is running, whoever started it; tells whether there was one. */
export async function stopPostgres(dataDir: string, account: Account | null): Promise<boolean> {
  const pid = existsSync(dataDir) ? runningServer(placeIn(reachablePath(dataDir, account))) : null;
  if (pid === null) return false;
  await stopServer(pid);
  return true;
}
