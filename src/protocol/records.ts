import type { z } from 'zod';
import { approvalSchema, resumeSchema } from './authority.ts';
import { bundleSchema } from './bundle.ts';
import { canonicalBytes } from './canonical.ts';
import { declarationSchema } from './declaration.ts';
import { envelopeSchema } from './envelope.ts';
import type { RecordType } from './framing.ts';
import type { Signer, VerifyKey } from './keys.ts';
import { leaseSchema } from './lease.ts';
import { helloSchema, reportSchema } from './report.ts';
import {
  MAX_PAYLOAD_BYTES,
  openRecord,
  type Parsed,
  parsePayload,
  type Signed,
  signPayload,
} from './signed.ts';

interface Schemas {
  readonly job: typeof envelopeSchema;
  readonly approval: typeof approvalSchema;
  readonly resume: typeof resumeSchema;
  readonly declaration: typeof declarationSchema;
  readonly bundle: typeof bundleSchema;
  readonly lease: typeof leaseSchema;
  readonly hello: typeof helloSchema;
  readonly report: typeof reportSchema;
}
/** What a record of type T is once parsed. */
export type RecordOf<T extends RecordType> = z.output<Schemas[T]>;
/** What a record of type T is before it is signed: the same, with plain strings for ids. */
export type RecordInput<T extends RecordType> = z.input<Schemas[T]>;

const SCHEMAS: { readonly [T in RecordType]: z.ZodType<RecordOf<T>, RecordInput<T>> } = {
  job: envelopeSchema,
  approval: approvalSchema,
  resume: resumeSchema,
  declaration: declarationSchema,
  bundle: bundleSchema,
  lease: leaseSchema,
  hello: helloSchema,
  report: reportSchema,
};

/**
 * Signs a record: checks it against its schema, makes its bytes once, signs them as this type.
 * Throws a ZodError when the record is malformed and a RangeError when it is too large: both are faults of the caller.
 */
export function signRecord<T extends RecordType>(type: T, record: RecordInput<T>, signer: Signer): Signed {
  const payload = canonicalBytes(SCHEMAS[type].parse(record));
  if (payload.byteLength > MAX_PAYLOAD_BYTES[type])
    throw new RangeError(`The ${type} record is too large to sign.`);
  return signPayload(type, payload, signer);
}

/**
 * Opens a signed record of a known type: key, signature, size, then strict parse. Never throws on any bytes.
 * `findKey` answers only with keys whose role is to sign this type.
 */
export function openSigned<T extends RecordType>(
  type: T,
  signed: Signed,
  findKey: (keyId: string) => VerifyKey | undefined,
): Parsed<RecordOf<T>> {
  return openRecord<RecordOf<T>>(type, SCHEMAS[type], signed, findKey);
}

/** Strictly parses the payload of a signed record whose signature the caller has verified. Never throws on any bytes. */
export function parseRecord<T extends RecordType>(type: T, payload: Uint8Array): Parsed<RecordOf<T>> {
  return parsePayload<RecordOf<T>>(type, SCHEMAS[type], payload);
}
