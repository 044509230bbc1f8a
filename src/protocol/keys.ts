import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { fromBase64url, sha256Hex, toBase64url } from './canonical.ts';
import { isUsablePoint } from './point.ts';

/** Something that can sign: a key in this process, or a key service that never lets the key out. */
export interface Signer {
  readonly keyId: string;
  /** The 64-byte Ed25519 signature over exactly these bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** A signer whose key is in this process. */
export interface SigningKey extends Signer {
  /** Base64url of the 32 raw public bytes. */
  readonly publicKey: string;
  /** PKCS#8 PEM, for the file (mode 0600) or the sealed column it lives in. */
  readonly privatePem: string;
}

/** A public key that passed every check a public key must pass. */
export interface VerifyKey {
  readonly keyId: string;
  readonly publicKey: string;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

export type KeyResult =
  | { readonly ok: true; readonly key: VerifyKey }
  | { readonly ok: false; readonly sentence: string };

/** Bytes from the system's generator; injected, so that tests and the simulation decide. */
export type RandomBytes = (size: number) => Uint8Array;

/** The fixed head of a PKCS#8 Ed25519 key (RFC 8410); the 32-byte seed follows. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A key's name: the first 16 hex digits of the SHA-256 of its 32 raw public bytes. */
export function keyIdOf(publicKeyBytes: Uint8Array): string {
  return sha256Hex(publicKeyBytes).slice(0, 16);
}

/** Makes a new key from 32 random bytes. */
export function generateKey(random: RandomBytes): SigningKey {
  const seed = Buffer.from(random(32));
  if (seed.byteLength !== 32) throw new RangeError('An Ed25519 key needs 32 random bytes.');
  return fromPrivate(
    createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' }),
  );
}

/** Loads a key from its PKCS#8 PEM. Throws when it is not an Ed25519 private key. */
export function loadSigningKey(privatePem: string): SigningKey {
  return fromPrivate(createPrivateKey(privatePem));
}

/**
 * Loads a public key from base64url of its 32 raw bytes. Refuses a wrong length or spelling, bytes that are no point of
 * the curve, and the points of small order: Node takes those as a key for any message.
 */
export function loadVerifyKey(publicKey: string): KeyResult {
  const raw = fromBase64url(publicKey);
  if (raw === null || raw.byteLength !== 32) {
    return { ok: false, sentence: 'A public key must be 32 bytes in base64url without padding.' };
  }
  if (!isUsablePoint(raw)) return { ok: false, sentence: 'This public key is not a usable Ed25519 key.' };
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  return {
    ok: true,
    key: {
      keyId: keyIdOf(raw),
      publicKey,
      verify: (bytes, signature) => signature.byteLength === 64 && verify(null, bytes, key, signature),
    },
  };
}

function fromPrivate(key: KeyObject): SigningKey {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('A signing key must be an Ed25519 key.');
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  const raw = fromBase64url(x ?? '');
  if (raw === null) throw new TypeError('A signing key must have a public half.');
  return {
    keyId: keyIdOf(raw),
    publicKey: toBase64url(raw),
    privatePem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  };
}
