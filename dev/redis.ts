/** A Redis of this machine for a data folder: a small launcher over the redis-server that is installed. Nothing is kept. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Account, errorCode, ownFolder, reachableFolder, reachablePath } from './account.ts';
import { readIfThere, runningProcess } from './lock.ts';

/** Redis cannot be had; the message is one sentence for a person. */
export class RedisError extends Error {
  readonly code: 'redis.missing' | 'redis.start' | 'redis.stop';
  constructor(code: RedisError['code'], message: string) {
    super(message);
    this.name = 'RedisError';
    this.code = code;
  }
}

/** What to start: the product's data folder and the account to run as (null: ourselves). */
export type RedisServerOptions = {
  readonly dataDir: string;
  readonly account: Account | null;
  /** The program; found in PATH unless it is a path. */
  readonly program?: string;
};

/** A running server; `url` holds its password. */
export type RunningRedis = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
};

/** `config` is readable by the account alone; what surrounds it, the log and the process id, stays ours. */
type Place = {
  readonly home: string;
  readonly config: string;
  readonly pid: string;
  readonly log: string;
};

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 5;

const placeIn = (folder: string): Place => {
  const home = join(folder, 'redis');
  return { home, config: join(home, 'redis.conf'), pid: join(home, 'pid'), log: join(home, 'log') };
};

/** Jobs are hints, so nothing is written to disk; and when memory ends, an error is better than jobs that vanish. */
function writeConfig(place: Place, port: number, password: string, account: Account | null): void {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(place.home)}`,
    'daemonize no',
    'set-proc-title no', // its command line is how we know it again
    'logfile ""',
    'save ""',
    'appendonly no',
    'maxmemory-policy noeviction',
  ];
  rmSync(place.config, { force: true });
  writeFileSync(place.config, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  if (account !== null) chownSync(place.config, account.uid, account.gid);
}

/** Port and password of the last start: whoever knows the URL finds the next server under it, if the port is still free. */
function lastConfig(place: Place): { port: number; password: string } | null {
  const text = readIfThere(place.config) ?? '';
  const port = Number(/^port (\d+)$/m.exec(text)?.[1]);
  const password = /^requirepass ([0-9a-f]{48})$/m.exec(text)?.[1];
  return password === undefined || Number.isNaN(port) ? null : { port, password };
}

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

async function becomesTrue(condition: () => boolean, limitMs: number): Promise<boolean> {
  for (let waited = 0; waited < limitMs; waited += POLL_MS) {
    if (condition()) return true;
    await pause(POLL_MS);
  }
  return condition();
}

/** The server that runs on this very folder, if any: the process we noted, unless its id was given to another. */
function runningServer(place: Place): number | null {
  const pid = Number(readIfThere(place.pid) ?? Number.NaN);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  return runningProcess(pid)?.command.endsWith(` ${place.config}`) ? pid : null;
}

async function stopServer(pid: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (runningProcess(pid) === null) return;
    process.kill(pid, signal);
    if (await becomesTrue(() => runningProcess(pid) === null, STOP_LIMIT_MS)) return;
  }
  throw new RedisError(
    'redis.stop',
    `The Redis of this folder (process ${pid}) does not stop; end it by hand and start again.`,
  );
}

/** Starts it detached (a Ctrl-C meant for us does not reach it); null when its port was taken in between. */
async function startOn(place: Place, { account, program = 'redis-server' }: RedisServerOptions) {
  const log = openSync(place.log, 'w', 0o600);
  const child = spawn(program, [place.config], {
    cwd: place.home,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let fault: unknown = null;
  let ended = false;
  child.on('error', (error) => {
    fault = error;
    ended = true;
  });
  child.on('exit', () => {
    ended = true;
  });
  if (child.pid !== undefined) writeFileSync(place.pid, `${child.pid}\n`, { mode: 0o600 });
  const ready = () => readIfThere(place.log)?.includes('Ready to accept connections') ?? false;
  await becomesTrue(() => ended || ready(), START_LIMIT_MS);
  if (!ended && ready() && child.pid !== undefined) return child.pid;
  if (!ended && child.pid !== undefined) await stopServer(child.pid);
  // Of another account, looked for through folders of ours in PATH, it is refused rather than not found.
  if (['ENOENT', 'EACCES'].includes(errorCode(fault))) throw missing();
  const words = readIfThere(place.log) ?? '';
  if (/Address already in use|Failed listening on port/.test(words)) return null;
  const last = words.trim().split('\n').slice(-3).join(' | ') || String(fault ?? 'no words');
  throw new RedisError('redis.start', `Redis did not start: ${last} (more in ${place.log}).`);
}

const missing = () =>
  new RedisError(
    'redis.missing',
    'The program redis-server is not installed on this machine, so the queues cannot live in a Redis of their own: install it (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis), or set REDIS_URL to a Redis that is already running.',
  );

/**
 * Starts a Redis for a data folder, on the loopback address and behind a password, and resolves when it takes connections.
 * One that was left over on the same folder is stopped first. Throws RedisError.
 */
export async function startRedis(options: RedisServerOptions): Promise<RunningRedis> {
  const { dataDir, account } = options;
  const place = placeIn(reachableFolder(dataDir, account));
  ownFolder(place.home, null, account === null ? 0o700 : 0o711);
  await stopRedis(dataDir, account);
  const last = lastConfig(place);
  const password = last?.password ?? randomBytes(24).toString('hex');
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = attempt === 0 && last !== null ? last.port : await freePort();
    writeConfig(place, port, password, account);
    const pid = await startOn(place, options);
    if (pid === null) continue;
    const url = `redis://:${password}@127.0.0.1:${port}`;
    return { url, port, pid, stop: () => stopServer(pid) };
  }
  throw new RedisError('redis.start', 'Redis found no free port in five attempts; start again.');
}

/** Stops the Redis of a data folder if one is running, whoever started it; tells whether there was one. */
export async function stopRedis(dataDir: string, account: Account | null): Promise<boolean> {
  const pid = existsSync(dataDir) ? runningServer(placeIn(reachablePath(dataDir, account))) : null;
  if (pid === null) return false;
  await stopServer(pid);
  return true;
}
