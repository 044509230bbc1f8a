import { type Disk, type DiskFile, hostDisk } from './disk.ts';
import type { Entry } from './entry.ts';
import { errnoOf } from './errno.ts';
import {
  encodeEntry,
  type JournalReading,
  type JournalRecord,
  MAX_RECORD_BYTES,
  readJournal,
} from './journal.ts';

/** The journal on disk. Calls are synchronous: the order of effects is the order of facts. */
export interface Journal {
  readonly reading: JournalReading;
  /** The chain value after the last appended record. */
  head(): string;
  /**
   * Writes an entry; it is durable after the next `sync`. Throws a JournalError when it cannot, and ever after; only an
   * entry that is refused by itself (a JournalFullError, or one that has no JSON form) keeps no other out.
   */
  append(entry: Entry): void;
  /** Makes what was appended durable. Throws a JournalError when it cannot, and ever after. */
  sync(): void;
  /** Why nothing may start, though what runs can still be recorded, or null. */
  trouble(): string | null;
  close(): void;
}

/** The journal does not hold what was appended last, or cannot say that it does. */
export class JournalError extends Error {}
/** The disk is full, and the entry would have started something: it was not written. */
export class JournalFullError extends JournalError {}

/** Kept beside the journal, so that what runs can still be recorded on a full disk (docs/threats.md, section 5). */
export const RESERVE_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

const FULL = 'The disk of this host is full. Make room there and start the agent again.';

/**
 * Opens or creates the journal, cuts a torn tail, and leaves a damaged one untouched: then `append` throws. Beside it a
 * file of `reserveBytes` is filled; the largest record's worth of it is given back whenever the disk is full and
 * something that has happened has to be written.
 */
export function openJournal(path: string, disk: Disk = hostDisk, reserveBytes = RESERVE_BYTES): Journal {
  const file = disk.open(path);
  const reserve = disk.open(`${path}.reserve`);
  const reading = readJournal(file.read());
  if (reading.condition === 'torn') {
    file.truncate(reading.wholeBytes);
    file.sync();
  }
  let { head, wholeBytes: size } = reading;
  let isDirty = false;
  let trouble = fill(reserve, reserveBytes);
  let failure = reading.condition === 'damaged' ? new JournalError('The journal is damaged.') : null;

  const guarded = <T>(action: () => T): T => {
    if (failure !== null) throw failure;
    try {
      return action();
    } catch (error) {
      failure = failureOf(error);
      throw failure;
    }
  };
  /** False when the disk is full; then nothing of the bytes is left in the file. */
  const write = (bytes: Uint8Array): boolean => {
    isDirty = true;
    try {
      appendAll(file, bytes);
      return true;
    } catch (error) {
      if (!isFull(error)) throw error;
      file.truncate(size);
      return false;
    }
  };
  const writeFromReserve = (bytes: Uint8Array): void => {
    reserve.truncate(Math.max(0, reserve.size() - MAX_RECORD_BYTES));
    if (!write(bytes)) throw new JournalError('The disk is full and the reserve of the journal is used up.');
  };
  return {
    reading,
    head: () => head,
    append: (entry) => {
      const record = encode(entry, head);
      if (!guarded(() => write(record.bytes))) {
        trouble = FULL;
        if (isStart(entry)) throw new JournalFullError(FULL);
        guarded(() => writeFromReserve(record.bytes));
      }
      size += record.bytes.byteLength;
      head = record.head;
    },
    sync: () => {
      if (!isDirty) return;
      guarded(() => file.sync());
      isDirty = false;
    },
    trouble: () => trouble,
    close: () => {
      file.close();
      reserve.close();
    },
  };
}

function encode(entry: Entry, head: string): JournalRecord {
  try {
    return encodeEntry(entry, head);
  } catch (error) {
    throw new JournalError(`A "${entry.kind}" entry cannot be written: ${error}`);
  }
}

function failureOf(error: unknown): JournalError {
  return error instanceof JournalError ? error : new JournalError(`The journal cannot be written: ${error}`);
}

/** What leads to a start; everything else tells of what has happened already. */
function isStart({ kind }: Entry): boolean {
  return kind === 'verified' || kind === 'started';
}

/** Zeros take their room where the file system does not compress. Says why there is no full reserve, or null. */
function fill(reserve: DiskFile, bytes: number): string | null {
  try {
    let missing = bytes - reserve.size();
    if (missing <= 0) return null;
    for (; missing > 0; missing -= CHUNK_BYTES)
      appendAll(reserve, new Uint8Array(Math.min(missing, CHUNK_BYTES)));
    reserve.sync();
    return null;
  } catch (error) {
    return isFull(error) ? FULL : `The reserve of the journal cannot be made: ${error}`;
  }
}

function appendAll(file: DiskFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength; ) at += file.append(bytes.subarray(at));
}

/** No space, or none left of the account's quota. */
function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '');
}
