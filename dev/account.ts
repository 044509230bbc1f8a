/** Which account the database and the agent run as, and a folder that account can reach. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isNativeError } from 'node:util/types';

/** An account of this machine: its name and numeric ids. */
export type Account = { readonly name: string; readonly uid: number; readonly gid: number };

/** No fit account, or no folder it may use; the message is one sentence for a person. */
export class AccountError extends Error {
  readonly code: 'account.none' | 'account.folder';
  constructor(code: AccountError['code'], message: string) {
    super(message);
    this.name = 'AccountError';
    this.code = code;
  }
}

/** The code of a fault of the system (`ENOENT`, …), or '' for anything else; also for errors of another realm (Jest). */
export function errorCode(error: unknown): string {
  return isNativeError(error) && 'code' in error ? String(error.code) : '';
}

function numericId(flag: '-u' | '-g', name: string): number | null {
  const asked = spawnSync('id', [flag, name], { encoding: 'utf8' });
  const id = asked.status === 0 ? Number(asked.stdout.trim()) : Number.NaN;
  return Number.isInteger(id) && id > 0 ? id : null;
}

/**
 * The account to run children as, or null when we are not root and run them as ourselves. As root, the first of `names`
 * that exists (with a passwd entry: initdb insists on one). Throws AccountError `account.none` when none exists.
 */
export function plainAccount(names: readonly string[] = ['postgres', 'nobody']): Account | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of names) {
    const uid = numericId('-u', name);
    const gid = numericId('-g', name);
    if (uid !== null && gid !== null) return { name, uid, gid };
  }
  throw new AccountError(
    'account.none',
    `Started as root, and this machine has none of the accounts ${names.join(', ')} to run the database and the agent as; start as a plain user instead.`,
  );
}

/** Whether the account may pass through this folder, by its mode bits (access lists and extra groups are not looked at). */
function mayEnter(folder: string, account: Account): boolean {
  const { mode, uid, gid } = statSync(folder);
  if (uid === account.uid) return (mode & 0o100) !== 0;
  if (gid === account.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}

/** Whether the account may pass through `folder` and everything above it. */
export function isReachable(folder: string, account: Account): boolean {
  const real = realpathSync(folder);
  for (let at = real; ; at = dirname(at)) {
    if (!mayEnter(at, account)) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * Makes a folder that belongs to `owner` (null: ourselves) with exactly these mode bits, and returns its path. Refuses one
 * that somebody else put there, or a link in its place: AccountError `account.folder`.
 */
export function ownFolder(folder: string, owner: Account | null, mode = 0o700): string {
  mkdirSync(folder, { recursive: true, mode });
  const found = lstatSync(folder);
  const ourUid = process.getuid?.() ?? found.uid;
  if (!found.isDirectory() || (found.uid !== ourUid && found.uid !== owner?.uid)) {
    throw new AccountError(
      'account.folder',
      `The folder ${folder} belongs to somebody else; remove it and start again.`,
    );
  }
  if (owner !== null) chownSync(folder, owner.uid, owner.gid);
  chmodSync(folder, mode);
  return folder;
}

/**
 * Where `reachableFolder` is for this data folder, which must exist: itself when the account can reach it, else always the
 * same place below /var/tmp. Makes nothing.
 */
export function reachablePath(dataDir: string, account: Account | null): string {
  const absolute = resolve(dataDir);
  if (account === null || isReachable(absolute, account)) return absolute;
  const mark = createHash('sha256').update(absolute).digest('hex').slice(0, 16);
  return join('/var/tmp', `dd0c-${mark}`);
}

/**
 * A folder below which the account can be given folders of its own (`ownFolder`): the data folder itself (made when it is
 * missing) when the account can reach it, else one below /var/tmp. It stays ours, so that the account cannot put links
 * where we write. Throws AccountError `account.folder`.
 */
export function reachableFolder(dataDir: string, account: Account | null): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  const path = reachablePath(dataDir, account);
  return path === resolve(dataDir) ? path : ownFolder(path, null, 0o711);
}

/** Removes a data folder whole, and what stands in for it elsewhere when the plain account cannot reach it. */
export function removeData(dataDir: string): void {
  const elsewhere = reachablePath(dataDir, plainAccount());
  for (const folder of [elsewhere, dataDir]) rmSync(folder, { recursive: true, force: true });
}
