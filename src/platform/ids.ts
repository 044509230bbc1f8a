import type { Random } from './clock.ts';

// Crockford's alphabet: no I, L, O, U, so an id survives being read aloud in an incident.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A short identifier for people: `length` characters of 5 random bits each (10 characters: 50 bits). */
export function shortId(random: Random, length = 10): string {
  return Array.from(random.bytes(length), (byte) => ALPHABET[byte & 31]).join('');
}

/** 128 random bits as base64url, for nonces and tokens. */
export function nonce(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('base64url');
}
