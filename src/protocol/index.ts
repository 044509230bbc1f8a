/** The words server and agent share: signed records, their bytes, their keys. */
export {
  type ApprovalRecord,
  approvalSchema,
  MAX_START_BY_MS,
  type PreviousOutcome,
  type ResumeRecord,
  resumeSchema,
} from './authority.ts';
export { bundleSchema, MAX_BUNDLE_LIFE_MS, type TrustBundle } from './bundle.ts';
export { canonicalBytes, fromBase64url, sha256Hex, toBase64url } from './canonical.ts';
export { type DeclarationRecord, declarationSchema, MAX_DECLARED } from './declaration.ts';
export {
  type AuthorityRule,
  commandText,
  type Envelope,
  type Exec,
  envelopeSchema,
  execSchema,
  execSha256,
  idemKey,
  MAX_ENVELOPE_LIFE_MS,
  MAX_OUTPUT_BYTES,
} from './envelope.ts';
export { frame, RECORD_TYPES, type RecordType } from './framing.ts';
export {
  generateKey,
  keyIdOf,
  loadSigningKey,
  loadVerifyKey,
  type RandomBytes,
  type Signer,
  type SigningKey,
  type VerifyKey,
} from './keys.ts';
export { LEASE_RENEW_MS, LEASE_TTL_MS, type Lease } from './lease.ts';
export { openSigned, parseRecord, type RecordInput, type RecordOf, signRecord } from './records.ts';
export type { Finished, Hello, Report, ReportKind } from './report.ts';
export {
  decodeSigned,
  type EncodedSigned,
  encodedSignedSchema,
  encodeSigned,
  isSignedBy,
  MAX_PAYLOAD_BYTES,
  type Parsed,
  type Signed,
} from './signed.ts';
export {
  type Bundle,
  KEY_ROLES,
  type KeyRole,
  openTrust,
  standingOf,
  type Trust,
  type TrustResult,
} from './trust.ts';
