import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { AccountError, isReachable, ownFolder, plainAccount, reachableFolder } from '../../dev/account.ts';

const base = mkdtempSync(join(tmpdir(), 'dd0c-account-'));
chmodSync(base, 0o755);
const made = [base];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function folder(name: string, mode: number): string {
  const path = join(base, name);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

const root = process.getuid?.() === 0;
/** An account that owns nothing here. */
const stranger = { name: 'stranger', uid: 64_000, gid: 64_000 };

describe('the account children run as', () => {
  test('is ourselves for a plain user, and for root the first of the names that exists', () => {
    const account = plainAccount(['no-such-account-here', 'nobody']);
    expect(account?.name).toBe(root ? 'nobody' : undefined);
  });

  test('is never root', () => {
    if (root) expect(() => plainAccount(['root'])).toThrow(/none of the accounts root/);
    else expect(plainAccount(['root'])).toBeNull();
  });
});

describe('a folder the account can reach', () => {
  test('is the data folder itself when every folder above lets the account through, and it is made when missing', () => {
    const path = join(folder('open', 0o755), 'data');
    expect(reachableFolder(path, stranger)).toBe(path);
    expect(statSync(path).isDirectory()).toBe(true);
    expect(reachableFolder(path, null)).toBe(path);
  });

  test('is elsewhere when one folder above does not, and always the same elsewhere', () => {
    const path = join(folder('closed', 0o700), 'data');
    const place = reachableFolder(path, stranger);
    made.push(place);
    expect(place).toMatch(/^\/var\/tmp\/dd0c-[0-9a-f]{16}$/);
    expect(reachableFolder(path, stranger)).toBe(place);
    expect(isReachable(place, stranger)).toBe(true);
    expect(reachableFolder(path, null)).toBe(path);
  });

  test('a link that leads into a closed folder counts as closed', () => {
    const closed = join(folder('closed-too', 0o700), 'inside');
    mkdirSync(closed);
    symlinkSync(closed, join(base, 'link'));
    expect(isReachable(join(base, 'link'), stranger)).toBe(false);
  });
});

describe('a folder of one’s own', () => {
  test('has exactly the mode bits asked for, whatever it had before', () => {
    const path = folder('mine', 0o777);
    expect(statSync(ownFolder(path, null)).mode & 0o777).toBe(0o700);
    expect(statSync(ownFolder(path, null, 0o711)).mode & 0o777).toBe(0o711);
  });

  test('is refused when a link stands in its place', () => {
    symlinkSync(tmpdir(), join(base, 'trap'));
    expect(() => ownFolder(join(base, 'trap'), null)).toThrow(AccountError);
  });

  // Only root can give a folder away.
  const asRoot = root ? test : () => undefined;
  asRoot('belongs to the account, and is refused when it belongs to somebody else', () => {
    const path = join(base, 'theirs');
    expect(statSync(ownFolder(path, stranger)).uid).toBe(stranger.uid);
    expect(statSync(ownFolder(path, stranger)).uid).toBe(stranger.uid);
    expect(() => ownFolder(path, { ...stranger, uid: 64_001 })).toThrow(/belongs to somebody else/);
    expect(() => ownFolder(path, null)).toThrow(AccountError);
  });
});
