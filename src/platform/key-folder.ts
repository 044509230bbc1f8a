import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  generateKey,
  loadSigningKey,
  loadVerifyKey,
  type SigningKey,
  type VerifyKey,
} from '../protocol/keys.ts';
import { type Bundle, KEY_ROLES, type KeyRole } from '../protocol/trust.ts';
import type { Random } from './clock.ts';
import {
  firstRing,
  isDue,
  openRing,
  type Ring,
  type RingResult,
  renewed,
  revoked,
  roleOf,
  rotated,
  sealRing,
  signerOf,
} from './key-ring.ts';
import { putNew, readOrMake } from './private-file.ts';

/** The ring that a folder holds, and its bundle. */
export interface Held extends Bundle {
  readonly ring: Ring;
}

export type Changed =
  | { readonly ok: true; readonly held: Held }
  | { readonly ok: false; readonly sentence: string };

/**
 * A folder of keys. Its rings are files `bundle-<version>.json`, put there once and never written over: whoever puts the
 * next version first wins, and the highest counts. Private keys are `<role>-<key id>.pem`; the root key is `root.pem`, and
 * may be elsewhere: `root.pub` says which one it is.
 */
export class KeyFolder {
  readonly path: string;
  readonly root: VerifyKey;

  /** Opens a folder that has keys. Throws with a sentence when it has none, or not all it must have. */
  constructor(path: string) {
    this.path = path;
    this.root = publicRoot(path);
    this.newest();
  }

  /** Where the root key is when it is in the folder. */
  get rootFile(): string {
    return join(this.path, 'root.pem');
  }

  get hasRoot(): boolean {
    return existsSync(this.rootFile);
  }

  /** The version of the newest ring. Throws when there is none. */
  version(): number {
    const version = Math.max(0, ...bundleVersions(this.path));
    if (version === 0) throw new Error(`${this.path} has no trust bundle. Restore it from a copy.`);
    return version;
  }

  /** The newest ring. Throws when it is not what it must be. */
  newest(): Held {
    const file = bundleFile(this.path, this.version());
    const { ring, signed } = openRing(readFileSync(file, 'utf8'), this.root);
    if (file !== bundleFile(this.path, ring.version))
      throw new Error(`${file} holds version ${ring.version}.`);
    return { ring, version: ring.version, signed };
  }

  /** The key that signs for a role. Throws when it is not in the folder. */
  signer(ring: Ring, role: KeyRole): SigningKey {
    const { keyId } = signerOf(ring, role);
    const key = readKey(keyFile(this.path, role, keyId));
    if (key.keyId !== keyId) throw new Error(`${keyFile(this.path, role, keyId)} is another key.`);
    return key;
  }

  /** The root key from a file. Throws with a sentence when it is not the one of this folder. */
  loadRoot(file: string = this.rootFile): SigningKey {
    const root = readKey(file);
    if (root.keyId !== this.root.keyId)
      throw new Error(
        `${file} is another root key (${root.keyId}) than the one that agents have pinned (${this.root.keyId}).`,
      );
    return root;
  }

  /** Another 30 days for the keys there are. */
  renew(root: SigningKey, now: number): Changed {
    return this.#change(root, (ring) => ({ ok: true, ring: renewed(ring, now) }));
  }

  /** The same by itself, when it is due, the root key is here, and nobody else was quicker. */
  renewWhenDue({ ring }: Held, now: number): void {
    if (isDue(ring, now) && this.hasRoot) this.#putNext(ring, renewed(ring, now), this.loadRoot());
  }

  /** A new key signs for the role from now on. */
  rotate(root: SigningKey, role: KeyRole, random: Random, now: number): Changed {
    return this.#withNewKey(role, random, (key) =>
      this.#change(root, (ring) => rotated(ring, role, key, now)),
    );
  }

  /** A key counts no more, from now on; when it was the one that signs, a new one does. */
  revoke(root: SigningKey, keyId: string, random: Random, now: number): Changed {
    const role = roleOf(this.newest().ring, keyId) ?? 'dispatch';
    return this.#withNewKey(role, random, (key) =>
      this.#change(root, (ring) => revoked(ring, keyId, key, now)),
    );
  }

  /** Makes the next ring of the newest one, again whenever somebody else was quicker. */
  #change(root: SigningKey, next: (ring: Ring) => RingResult): Changed {
    for (;;) {
      const { ring } = this.newest();
      const made = next(ring);
      if (!made.ok) return made;
      if (this.#putNext(ring, made.ring, root)) return { ok: true, held: this.newest() };
    }
  }

  /** Puts the ring there that follows on another; false when one of its version is there. Private keys that count no more go. */
  #putNext(before: Ring, next: Ring, root: SigningKey): boolean {
    const text = sealRing(next, root);
    openRing(text, this.root);
    if (!putNew(bundleFile(this.path, next.version), text)) return false;
    for (const role of KEY_ROLES)
      for (const { keyId } of before[role])
        if (roleOf(next, keyId) === null) rmSync(keyFile(this.path, role, keyId), { force: true });
    return true;
  }

  /** A new private key is in the folder before any ring names it; one that none names in the end goes again. */
  #withNewKey(role: KeyRole, random: Random, work: (key: SigningKey) => Changed): Changed {
    const key = generateKey(random.bytes);
    putNew(keyFile(this.path, role, key.keyId), key.privatePem);
    const done = work(key);
    if (!done.ok || roleOf(done.held.ring, key.keyId) === null)
      rmSync(keyFile(this.path, role, key.keyId), { force: true });
    return done;
  }
}

/**
 * Opens a folder of keys that only this account can read; made on first use, also when several processes do so at once.
 * Throws with a sentence when something is missing that cannot be made again.
 */
export function prepareKeyFolder(path: string, random: Random, now: number): KeyFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  // The public root key is put there last: with it the folder is whole.
  if (!existsSync(join(path, 'root.pub'))) makeKeys(path, random, now);
  return new KeyFolder(path);
}

function makeKeys(path: string, random: Random, now: number): void {
  const rootFile = join(path, 'root.pem');
  if (!existsSync(rootFile) && bundleVersions(path).length > 0)
    throw new Error(`${path} has no root.pub, so nobody knows its root key. Restore it from a copy.`);
  const root = loadSigningKey(readOrMake(rootFile, () => generateKey(random.bytes).privatePem));
  const keys = { dispatch: generateKey(random.bytes), approve: generateKey(random.bytes) };
  const files = KEY_ROLES.map((role) => ({ file: keyFile(path, role, keys[role].keyId), key: keys[role] }));
  for (const { file, key } of files) putNew(file, key.privatePem);
  if (!putNew(bundleFile(path, 1), sealRing(firstRing(keys, now), root)))
    for (const { file } of files) rmSync(file);
  readOrMake(join(path, 'root.pub'), () => root.publicKey);
}

function readKey(file: string): SigningKey {
  if (!existsSync(file)) throw new Error(`There is no file ${file}.`);
  try {
    return loadSigningKey(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file} holds no private Ed25519 key that can be read.`, { cause: error });
  }
}

function publicRoot(path: string): VerifyKey {
  const file = join(path, 'root.pub');
  if (!existsSync(file))
    throw new Error(`There are no keys in ${path} yet. The first server or worker makes them.`);
  const loaded = loadVerifyKey(readFileSync(file, 'utf8').trim());
  if (!loaded.ok) throw new Error(`${file} holds no root key. ${loaded.sentence}`);
  return loaded.key;
}

const bundleVersions = (path: string): number[] =>
  readdirSync(path)
    .flatMap((name) => /^bundle-(\d{1,15})\.json$/.exec(name)?.[1] ?? [])
    .map(Number);

const bundleFile = (path: string, version: number) => join(path, `bundle-${version}.json`);

const keyFile = (path: string, role: KeyRole, keyId: string) => join(path, `${role}-${keyId}.pem`);
