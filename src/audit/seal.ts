import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { TenantId } from '../protocol/ids.ts';
import { LogFault } from './errors.ts';

/** Wraps and unwraps tenants' data keys under a key that this process may use and never sees (or, locally, a key file). */
export interface KeyService {
  wrap(tenant: TenantId, dataKey: Uint8Array): Promise<Uint8Array>;
  unwrap(tenant: TenantId, wrapped: Uint8Array): Promise<Uint8Array>;
}

const NONCE_BYTES = 12; // NIST SP 800-38D: 96 bits is the length GCM is built for
const TAG_BYTES = 16;

/**
 * Seals bytes with AES-256-GCM under a 32-byte key. `context` is authenticated and not stored: the same bytes moved to
 * another place do not open. Result: 12 bytes nonce, ciphertext, 16 bytes tag.
 */
export function seal(
  key: Uint8Array,
  plain: Uint8Array,
  context: string,
  bytes: (count: number) => Uint8Array,
): Uint8Array {
  const nonce = bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `seal` made. Throws `LogFault('sealed')` when key, context or a single bit differ. */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: string): Uint8Array {
  try {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([
      decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)),
      decipher.final(),
    ]);
  } catch (cause) {
    throw new LogFault('sealed', `A sealed record could not be opened (${context}).`, { cause });
  }
}
