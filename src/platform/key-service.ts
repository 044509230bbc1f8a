import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type KeyService, seal, unseal } from '../audit/seal.ts';
import { generateKey, loadSigningKey, type SigningKey } from '../protocol/keys.ts';
import type { Random } from './clock.ts';

const MASTER_KEY_BYTES = 32;

/** Wraps data keys under a key in a local file (mode 0600), made on first use. For one machine; production uses a KMS. */
export function localKeyService(file: string, random: Random): KeyService {
  const master = Buffer.from(
    readOrMake(file, () => Buffer.from(random.bytes(MASTER_KEY_BYTES)).toString('base64url')),
    'base64url',
  );
  return {
    wrap: async (tenant, dataKey) => seal(master, dataKey, `data-key|${tenant}`, random.bytes),
    unwrap: async (tenant, wrapped) => unseal(master, wrapped, `data-key|${tenant}`),
  };
}

/** An Ed25519 signing key in a local file (mode 0600), made on first use. */
export function localSigningKey(file: string, random: Random): SigningKey {
  return loadSigningKey(readOrMake(file, () => generateKey(random.bytes).privatePem));
}

/** Everything secret that servers and workers share: which bytes are kept where is in README, “What it keeps, and where”. */
export interface Keys {
  readonly keys: KeyService;
  readonly dispatchKey: SigningKey;
  readonly approveKey: SigningKey;
}

/** The keys of a folder that only this account can read, made on first use. */
export function openKeyFolder(folder: string, random: Random): Keys {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return {
    keys: localKeyService(join(folder, 'master.key'), random),
    dispatchKey: localSigningKey(join(folder, 'dispatch.pem'), random),
    approveKey: localSigningKey(join(folder, 'approve.pem'), random),
  };
}

/**
 * The text of a private file; made with `make` when it is not there yet. Of several processes that make it at once, one
 * does and all read the same: the file appears whole or not at all.
 */
export function readOrMake(file: string, make: () => string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // A folder of its own: processes in containers may share their ids as well as this place.
    const apart = mkdtempSync(`${file}-`);
    const draft = join(apart, 'draft');
    try {
      writeFileSync(draft, make(), { mode: 0o600, flush: true });
      linkSync(draft, file);
    } catch (error) {
      if (!existsSync(file)) throw error;
    } finally {
      rmSync(apart, { recursive: true, force: true });
    }
  }
  return readFileSync(file, 'utf8');
}
