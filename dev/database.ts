/** The database of a data folder by itself: for whoever asks for its address, whether or not an instance runs on it. */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type Account, plainAccount } from './account.ts';
import { type Lock, LockedError, takeLock } from './lock.ts';
import { hasCluster, type RunningPostgres, readyPostgres, startPostgres, stopPostgres } from './postgres.ts';

/** How long somebody else who holds the folder may take to start its database (ms). */
const WAIT_LIMIT_MS = 60_000;
const LOOK_MS = 100;

/** The running database, and the lock on its folder when it was started here and now. */
type Obtained = { readonly postgres: RunningPostgres; readonly lock: Lock | null };

/**
 * The owner's URL of the database of a data folder. One that is not running is started, and outlives this process.
 * Throws an error with a sentence when the folder holds none, or when it cannot be started.
 */
export async function databaseUrl(dataDir: string): Promise<string> {
  const { postgres, lock } = await obtain(dataDir);
  lock?.release();
  return postgres.url;
}

/** Does `work` with the owner's URL; a database that was not running is ended again, its folder locked meanwhile. */
export async function withDatabase<T>(dataDir: string, work: (ownerUrl: string) => Promise<T>): Promise<T> {
  const { postgres, lock } = await obtain(dataDir);
  try {
    return await work(postgres.url);
  } finally {
    if (lock !== null) {
      await postgres.stop();
      lock.release();
    }
  }
}

/** Ends the database of a data folder; false when none was running. Throws LockedError while an instance uses it. */
export async function stopDatabase(dataDir: string): Promise<boolean> {
  const account = accountFor(dataDir);
  const lock = takeLock(dataDir, '');
  try {
    return await stopPostgres(dataDir, account);
  } finally {
    lock.release();
  }
}

/** The account the database runs as. Throws an error with a sentence when the folder holds no database. */
function accountFor(dataDir: string): Account | null {
  if (!existsSync(dataDir))
    throw new Error(`There is no folder ${dataDir}. Name the data folder with --data DIR.`);
  const account = plainAccount();
  if (!hasCluster(dataDir, account))
    throw new Error(`The folder ${dataDir} holds no database of dd0c/run. npm start makes one.`);
  return account;
}

async function obtain(dataDir: string): Promise<Obtained> {
  const account = accountFor(dataDir);
  for (let waited = 0; ; waited += LOOK_MS) {
    const running = await readyPostgres(dataDir, account);
    if (running !== null) return { postgres: running, lock: null };
    const lock = lockUnless(dataDir, waited >= WAIT_LIMIT_MS);
    if (lock !== null) return startLocked(dataDir, account, lock);
    // Two that met, and both gave way, do not meet again.
    await pause(LOOK_MS + (process.pid % LOOK_MS));
  }
}

/** The lock, or null when somebody else holds it, who may be starting the database; throws when that is `final`. */
function lockUnless(dataDir: string, final: boolean): Lock | null {
  try {
    return takeLock(dataDir, '');
  } catch (error) {
    if (error instanceof LockedError && !final) return null;
    throw error;
  }
}

async function startLocked(dataDir: string, account: Account | null, lock: Lock): Promise<Obtained> {
  try {
    const running = await readyPostgres(dataDir, account);
    if (running === null) return { postgres: await startPostgres({ dataDir, account }), lock };
    lock.release();
    return { postgres: running, lock: null };
  } catch (error) {
    lock.release();
    throw error;
  }
}
