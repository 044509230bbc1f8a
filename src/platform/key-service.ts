import { type KeyService, seal, unseal } from '../audit/seal.ts';
import type { Random } from './clock.ts';
import { readOrMake } from './private-file.ts';

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
