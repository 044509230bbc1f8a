import { canonicalBytes, sha256Hex } from '../src/protocol/index.ts';
import { crc32 } from './crc32.ts';
import { type Entry, entrySchema } from './entry.ts';

/**
 * The journal's bytes, pure. A record is a head of 12 bytes, a chain value of 32 and a body:
 * `u32be length of body | u32be CRC32 of the length | u32be CRC32 of chain and body | chain | body`,
 * where chain = SHA-256(chain of the record before || body) and body is an entry as canonical JSON.
 */
const HEAD_BYTES = 12;
const CHAIN_BYTES = 32;
/** The largest entry: a report of 512 KiB with room around it. */
const MAX_BODY_BYTES = 1024 * 1024;
/** The largest record, in bytes. */
export const MAX_RECORD_BYTES = HEAD_BYTES + CHAIN_BYTES + MAX_BODY_BYTES;

/** The chain value before the first record. */
export const GENESIS = '0'.repeat(64);

export interface JournalRecord {
  readonly bytes: Uint8Array;
  /** The chain value after this record, in hex. */
  readonly head: string;
}

export interface JournalReading {
  readonly entries: readonly Entry[];
  /** The chain value after the last whole record. */
  readonly head: string;
  /** The bytes up to which every record is whole. */
  readonly wholeBytes: number;
  /**
   * `torn`: what follows is the beginning of a record that was never finished, or zeros; nothing was done on the
   * strength of it, and it is cut. `damaged`: anything else, so facts may be lost and nothing may run.
   */
  readonly condition: 'whole' | 'torn' | 'damaged';
}

/** Makes the next record of a journal whose chain stands at `head`. Throws when the entry has no JSON form or is too large. */
export function encodeEntry(entry: Entry, head: string): JournalRecord {
  const body = canonicalBytes(entry);
  if (body.byteLength > MAX_BODY_BYTES) throw new RangeError('This entry is too large for the journal.');
  const next = chain(head, body);
  const content = Buffer.concat([Buffer.from(next, 'hex'), body]);
  const header = Buffer.alloc(HEAD_BYTES);
  header.writeUInt32BE(body.byteLength, 0);
  header.writeUInt32BE(crc32(header.subarray(0, 4)), 4);
  header.writeUInt32BE(crc32(content), 8);
  return { bytes: Buffer.concat([header, content]), head: next };
}

/** Reads a whole journal. Never throws: damage is an answer. */
export function readJournal(bytes: Uint8Array): JournalReading {
  const entries: Entry[] = [];
  let head = GENESIS;
  let offset = 0;
  while (offset < bytes.byteLength) {
    const rest = Buffer.from(bytes.buffer, bytes.byteOffset + offset, bytes.byteLength - offset);
    const record = readRecord(rest, head);
    if (typeof record === 'string') return { entries, head, wholeBytes: offset, condition: record };
    entries.push(record.entry);
    head = record.head;
    offset += record.size;
  }
  return { entries, head, wholeBytes: offset, condition: 'whole' };
}

function readRecord(
  rest: Buffer,
  head: string,
): { entry: Entry; head: string; size: number } | 'torn' | 'damaged' {
  if (rest.byteLength < HEAD_BYTES || rest.every((byte) => byte === 0)) return 'torn';
  const length = rest.readUInt32BE(0);
  if (rest.readUInt32BE(4) !== crc32(rest.subarray(0, 4)) || length > MAX_BODY_BYTES) return 'damaged';
  const size = HEAD_BYTES + CHAIN_BYTES + length;
  if (rest.byteLength < size) return 'torn';
  const content = rest.subarray(HEAD_BYTES, size);
  if (rest.readUInt32BE(8) !== crc32(content)) return 'damaged';
  const body = content.subarray(CHAIN_BYTES);
  const next = chain(head, body);
  if (content.subarray(0, CHAIN_BYTES).toString('hex') !== next) return 'damaged';
  const entry = parseEntry(body);
  return entry === null ? 'damaged' : { entry, head: next, size };
}

function parseEntry(body: Uint8Array): Entry | null {
  try {
    return entrySchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch {
    return null;
  }
}

function chain(head: string, body: Uint8Array): string {
  return sha256Hex(Buffer.concat([Buffer.from(head, 'hex'), body]));
}
