import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemRandom } from '../../src/platform/clock.ts';
import { KeyFolder } from '../../src/platform/key-folder.ts';
import { openKeyFolder } from '../../src/platform/keys.ts';
import {
  type Bundle,
  loadVerifyKey,
  openSigned,
  openTrust,
  type Signer,
  signRecord,
  type Trust,
} from '../../src/protocol/index.ts';
import { fakeClock, fakeLogger, testKey } from '../support/fakes.ts';

const DAY = 24 * 3_600_000;
let path = '';
let clock = fakeClock();
let heard = fakeLogger();
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'dd0c-keys-')), 'keys');
  clock = fakeClock();
  heard = fakeLogger();
});
afterEach(() => rmSync(join(path, '..'), { recursive: true }));

const open = () => openKeyFolder(path, systemRandom, clock, heard.logger);
const names = () => readdirSync(path).sort();
const folder = () => new KeyFolder(path);
const rotate = (role: 'dispatch' | 'approve') =>
  folder().rotate(folder().loadRoot(), role, systemRandom, clock.now());
const revoke = (keyId: string) => folder().revoke(folder().loadRoot(), keyId, systemRandom, clock.now());

function trustIn(bundle: Bundle, rootKey: string): Trust {
  const root = loadVerifyKey(rootKey);
  if (!root.ok) throw new Error(root.sentence);
  const opened = openTrust(bundle.signed, root.key);
  if (!opened.ok) throw new Error(opened.sentence);
  return opened.trust;
}

/** Whether an agent that has this bundle believes what the key signs now. */
function isBelieved(key: Signer, trust: Trust): boolean {
  const signed = signRecord(
    'resume',
    { v: 1, typ: 'resume', tenant_id: 'T1', panic_epoch: 1, by: ['U1'], iat: 1, nonce: 'A'.repeat(22) },
    key,
  );
  return openSigned('resume', signed, (keyId) => trust.approve.get(keyId)).ok;
}

describe('a folder of keys', () => {
  test('is made on first use, private, with one key a role and the root key apart from both', () => {
    const { bundle, rootKey, dispatchKey, approveKey } = open();
    for (const name of names()) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const trust = trustIn(bundle(), rootKey);
    expect([...trust.dispatch.keys()]).toEqual([dispatchKey.keyId]);
    expect([...trust.approve.keys()]).toEqual([approveKey.keyId]);
    expect(names()).toEqual([
      `approve-${approveKey.keyId}.pem`,
      'bundle-1.json',
      `dispatch-${dispatchKey.keyId}.pem`,
      'master.key',
      'root.pem',
      'root.pub',
    ]);
  });

  test('stays what it is: a second start makes nothing and signs with the same keys', () => {
    const [first, before] = [open(), names()];
    const second = open();
    expect(names()).toEqual(before);
    expect(second.approveKey.keyId).toBe(first.approveKey.keyId);
    expect(second.bundle()).toEqual(first.bundle());
  });

  test('is one and whole when several processes make it at once', async () => {
    const program = `
      import { prepareKeyFolder } from './src/platform/key-folder.ts';
      import { systemRandom } from './src/platform/clock.ts';
      const folder = prepareKeyFolder(process.argv[1], systemRandom, Date.now());
      process.stdout.write(folder.signer(folder.newest().ring, 'dispatch').keyId);`;
    const start = () =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, path]);
    const said = await Promise.all([start(), start(), start()]);
    expect(new Set(said.map(({ stdout }) => stdout)).size).toBe(1);
    expect(names()).toHaveLength(5);
  });

  test.each([
    ['root.pub', (name: string) => name === 'root.pub' || name === 'root.pem', 'Restore it'],
    ['its bundles', (name: string) => name.startsWith('bundle-'), 'Restore it'],
    ['the key that signs', (name: string) => name.startsWith('dispatch-'), 'no file'],
  ])('that has lost %s is refused, and nothing is made in its place', (_, isLost, sentence) => {
    open();
    for (const name of names().filter(isLost)) rmSync(join(path, name));
    const left = names();
    expect(open).toThrow(sentence);
    expect(names()).toEqual(left);
  });

  test('that was never made is not made by looking', () => {
    expect(folder).toThrow('The first server or worker makes them.');
    expect(existsSync(path)).toBe(false);
  });

  test('with keys of two roots, or a key under the name of another, is refused', () => {
    const { dispatchKey } = open();
    const root = join(path, 'root.pem');
    writeFileSync(root, testKey(7).privatePem);
    expect(() => folder().loadRoot()).toThrow('another root key');
    writeFileSync(root, 'no key');
    expect(() => folder().loadRoot()).toThrow('no private Ed25519 key');
    writeFileSync(join(path, `dispatch-${dispatchKey.keyId}.pem`), testKey(7).privatePem);
    expect(open).toThrow('is another key');
  });
});

describe('a running process', () => {
  test('signs with the new key within a second after a rotation, and what the old one signed stays believed', () => {
    const { approveKey, bundle, rootKey } = open();
    const old = approveKey.keyId;
    const oldTrust = trustIn(bundle(), rootKey);
    expect(rotate('approve').ok).toBe(true);
    expect([approveKey.keyId, bundle().version]).toEqual([old, 1]);
    expect(isBelieved(approveKey, oldTrust)).toBe(true);
    clock.advance(1_000);
    expect(approveKey.keyId).not.toBe(old);
    const trust = trustIn(bundle(), rootKey);
    expect([...trust.approve.keys()]).toEqual([approveKey.keyId, old]);
    expect([isBelieved(approveKey, trust), isBelieved(approveKey, oldTrust)]).toEqual([true, false]);
  });

  test('never gives the id of one key to the signature of another', () => {
    const { approveKey, bundle, rootKey } = open();
    for (let turn = 0; turn < 5; turn++) {
      rotate('approve');
      const id = approveKey.keyId;
      clock.advance(1_000);
      // Others look meanwhile, and find the new key.
      bundle();
      const signature = approveKey.sign(Buffer.from('x'));
      const key = trustIn(bundle(), rootKey).approve.get(id);
      expect(key?.verify(Buffer.from('x'), signature)).toBe(true);
    }
  });

  test('drops a revoked key at once, and its file is gone', () => {
    const { dispatchKey, bundle, rootKey } = open();
    const old = dispatchKey.keyId;
    expect(revoke(old).ok).toBe(true);
    expect(names().filter((name) => name.includes(old))).toEqual([]);
    clock.advance(1_000);
    expect([...trustIn(bundle(), rootKey).dispatch.keys()]).toEqual([dispatchKey.keyId]);
    expect(dispatchKey.keyId).not.toBe(old);
  });

  test('a change that is refused leaves no file behind', () => {
    const { dispatchKey } = open();
    revoke(dispatchKey.keyId);
    const before = names();
    expect(revoke(dispatchKey.keyId)).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('already'),
    });
    expect(revoke('0123456789abcdef').ok).toBe(false);
    expect(names()).toEqual(before);
  });

  test('renews the bundle when it is half over, once, however many processes look', () => {
    const all = [open(), open(), open()];
    clock.advance(15 * DAY);
    for (const { bundle } of all) expect(bundle().version).toBe(1);
    clock.advance(1_000);
    for (const { bundle } of all) expect(bundle().version).toBe(2);
    clock.advance(1_000);
    for (const { bundle } of all) expect(bundle().version).toBe(2);
    expect(names().filter((name) => name.startsWith('bundle-'))).toEqual(['bundle-1.json', 'bundle-2.json']);
  });

  test('drops a rotated key by itself when its day is over, with its file', () => {
    const { approveKey, bundle, rootKey } = open();
    const old = approveKey.keyId;
    rotate('approve');
    clock.advance(DAY - 1);
    expect(trustIn(bundle(), rootKey).approve.has(old)).toBe(true);
    clock.advance(1_000);
    expect(trustIn(bundle(), rootKey).approve.has(old)).toBe(false);
    expect(existsSync(join(path, `approve-${old}.pem`))).toBe(false);
  });

  test('without the root key warns from ten days before the end, once, and says when it has expired', () => {
    const { keyTrouble, bundle } = open();
    renameSync(join(path, 'root.pem'), join(path, '..', 'root.pem'));
    clock.advance(20 * DAY);
    expect(keyTrouble()).toBeNull();
    clock.advance(1_000);
    expect(keyTrouble()).toContain('expires on');
    clock.advance(DAY);
    expect(keyTrouble()).toContain('expires on');
    clock.advance(9 * DAY);
    expect(keyTrouble()).toContain('no agent starts anything');
    expect(heard.lines.map(({ msg }) => msg)).toEqual([
      expect.stringContaining('expires on'),
      expect.stringContaining('expired on'),
    ]);
    expect(bundle().version).toBe(1);
    const root = folder().loadRoot(join(path, '..', 'root.pem'));
    expect(folder().renew(root, clock.now()).ok).toBe(true);
    clock.advance(1_000);
    expect([keyTrouble(), bundle().version]).toEqual([null, 2]);
  });

  test('keeps its keys when the newest bundle cannot be believed, says so, and goes on when it can', () => {
    const { keyTrouble, approveKey, bundle } = open();
    const old = approveKey.keyId;
    rotate('approve');
    const file = join(path, 'bundle-2.json');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, good.replace(/"sig": "..../, '"sig": "AAAA'));
    clock.advance(1_000);
    expect(keyTrouble()).toContain('the keys stay as they are');
    expect([approveKey.keyId, bundle().version]).toEqual([old, 1]);
    writeFileSync(file, good);
    clock.advance(1_000);
    expect([keyTrouble(), bundle().version]).toEqual([null, 2]);
  });

  test('goes back to no older bundle, whatever becomes of the folder', () => {
    const { bundle, keyTrouble } = open();
    rotate('approve');
    clock.advance(1_000);
    expect(bundle().version).toBe(2);
    rmSync(join(path, 'bundle-2.json'));
    clock.advance(1_000);
    expect(bundle().version).toBe(2);
    rmSync(path, { recursive: true });
    mkdirSync(path);
    clock.advance(1_000);
    expect([bundle().version, keyTrouble()]).toEqual([2, expect.stringContaining('stay as they are')]);
  });
});

test('several who change the keys at once all get their change, under versions that follow each other', async () => {
  open();
  const program = `
    import { KeyFolder } from './src/platform/key-folder.ts';
    import { systemRandom } from './src/platform/clock.ts';
    const folder = new KeyFolder(process.argv[1]);
    for (let turn = 0; turn < 3; turn++) folder.rotate(folder.loadRoot(), 'dispatch', systemRandom, Date.now());`;
  const start = () =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, path]);
  await Promise.all([start(), start()]);
  const { ring } = folder().newest();
  expect([ring.version, ring.dispatch.length]).toEqual([7, 7]);
  expect(names().filter((name) => name.startsWith('dispatch-'))).toHaveLength(7);
});
