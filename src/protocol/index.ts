/** The words server and agent share: signed records, their bytes, their keys. */
export {
  type ApprovalRecord,
  approvalSchema,
  MAX_START_BY_MS,
  type ResumeRecord,
  resumeSchema,
} from './authority.ts';
export { canonicalBytes, fromBase64url, sha256Hex, toBase64url } from './canonical.ts';
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
export { openTrust, type Trust, type TrustBundle, trustBundleSchema } from './trust.ts';
