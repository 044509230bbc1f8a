/** What a signature may stand for. The type is part of the signed bytes, so one kind never passes for another. */
export const RECORD_TYPES = [
  'job',
  'approval',
  'resume',
  'declaration',
  'bundle',
  'lease',
  'hello',
  'report',
] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/**
 * The bytes an Ed25519 signature covers: `"dd0c-run/<type>/v1" || 0x00 || u64be(length) || payload`
 * (docs/threats.md, section 4).
 */
export function frame(type: RecordType, payload: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(payload.byteLength));
  return Buffer.concat([Buffer.from(`dd0c-run/${type}/v1\0`, 'ascii'), length, payload]);
}
