import { z } from 'zod';
import { canonicalBytes, fromBase64url, toBase64url } from './canonical.ts';
import { field } from './fields.ts';
import { frame, type RecordType } from './framing.ts';
import type { Signer, VerifyKey } from './keys.ts';

/** A record as it travels and is kept: the exact bytes that were signed, and by which key. */
export interface Signed {
  readonly keyId: string;
  readonly payload: Uint8Array;
  readonly sig: Uint8Array;
}

/** The JSON-safe form of `Signed`: bytes as base64url. It stands in `approvals` and in the log. */
export const encodedSignedSchema = z.strictObject({
  keyId: field.keyId,
  payload: field.base64url,
  sig: field.base64url,
});
export type EncodedSigned = z.infer<typeof encodedSignedSchema>;

/** The most bytes of payload a record may have; a report carries output and may be larger. */
export const MAX_PAYLOAD_BYTES: Readonly<Record<RecordType, number>> = {
  job: 256 * 1024,
  approval: 16 * 1024,
  resume: 16 * 1024,
  declaration: 64 * 1024,
  bundle: 64 * 1024,
  lease: 4 * 1024,
  hello: 64 * 1024,
  report: 512 * 1024,
};

export type Parsed<T> =
  | { readonly ok: true; readonly record: T }
  | { readonly ok: false; readonly code: 'key' | 'size' | 'signature' | 'parse'; readonly sentence: string };

/** True when the signature is this key's, over these payload bytes, as this type of record. */
export function isSignedBy(type: RecordType, signed: Signed, key: VerifyKey): boolean {
  return signed.keyId === key.keyId && key.verify(frame(type, signed.payload), signed.sig);
}

/**
 * Reads a payload whose signature has been verified. Strict: UTF-8 without a byte order mark, the schema with no key
 * more or less, and the value that comes out must re-canonicalise to the very bytes that came in, which leaves no room
 * for doubled keys, floats, other orders, escapes or spaces.
 */
export function parsePayload<T>(type: RecordType, schema: z.ZodType<T>, payload: Uint8Array): Parsed<T> {
  if (payload.byteLength > MAX_PAYLOAD_BYTES[type]) return refuse('size', `The ${type} record is too large.`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload));
  } catch (error) {
    return refuse(
      'parse',
      `The ${type} record is not JSON in UTF-8: ${error instanceof Error ? error.message : error}`,
    );
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    return refuse(
      'parse',
      `The ${type} record is malformed at "${issue?.path.join('.')}": ${issue?.message}`,
    );
  }
  if (!isCanonical(result.data, payload))
    return refuse('parse', `The ${type} record is not in canonical form.`);
  return { ok: true, record: result.data };
}

/** Verifies first, parses second. `findKey` answers only with keys that may sign this type of record. */
export function openRecord<T>(
  type: RecordType,
  schema: z.ZodType<T>,
  signed: Signed,
  findKey: (keyId: string) => VerifyKey | undefined,
): Parsed<T> {
  const key = findKey(signed.keyId);
  if (key === undefined) return refuse('key', `No key "${signed.keyId}" may sign a ${type} record.`);
  if (!isSignedBy(type, signed, key))
    return refuse('signature', `The signature of the ${type} record is wrong.`);
  return parsePayload(type, schema, signed.payload);
}

/** Signs payload bytes as they are. */
export function signPayload(type: RecordType, payload: Uint8Array, signer: Signer): Signed {
  return { keyId: signer.keyId, payload, sig: signer.sign(frame(type, payload)) };
}

/** The JSON-safe form of a signed record. */
export function encodeSigned(signed: Signed): EncodedSigned {
  return { keyId: signed.keyId, payload: toBase64url(signed.payload), sig: toBase64url(signed.sig) };
}

/** A signed record from its JSON-safe form. Throws a ZodError on any other shape. */
export function decodeSigned(value: unknown): Signed {
  const { keyId, payload, sig } = encodedSignedSchema.parse(value);
  return {
    keyId,
    payload: fromBase64url(payload) ?? new Uint8Array(),
    sig: fromBase64url(sig) ?? new Uint8Array(),
  };
}

function isCanonical(record: unknown, payload: Uint8Array): boolean {
  try {
    return Buffer.compare(canonicalBytes(record), payload) === 0;
  } catch {
    return false;
  }
}

function refuse(code: 'key' | 'size' | 'signature' | 'parse', sentence: string) {
  return { ok: false, code, sentence } as const;
}
