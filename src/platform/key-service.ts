import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
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

/** The text of a private file; made with `make` when it is not there yet. */
export function readOrMake(file: string, make: () => string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, make(), { mode: 0o600, flag: 'wx' });
  }
  return readFileSync(file, 'utf8');
}
