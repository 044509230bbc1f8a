import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * The one byte form of a JSON value (RFC 8785). Throws on what JSON cannot hold: NaN, bigint, lone surrogates,
 * `undefined` as a whole value. Bytes are made once by the signer and never made again to be compared.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('A value without a JSON form cannot be made canonical.');
  return new TextEncoder().encode(text);
}

/** SHA-256 of bytes, or of a text's UTF-8 bytes, in lower-case hex (64 characters). */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Base64url without padding. */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/** The bytes of a base64url text, or null when it is not exactly the text `toBase64url` would make of them. */
export function fromBase64url(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? new Uint8Array(bytes) : null;
}
