import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Entry } from './entry.ts';
import { encodeEntry, type JournalReading, readJournal } from './journal.ts';

/** The journal on disk. Calls are synchronous: the order of effects is the order of facts. */
export interface Journal {
  readonly reading: JournalReading;
  /** The chain value after the last appended record. */
  head(): string;
  /** Writes an entry; it is durable after the next `sync`. Throws when it cannot, and ever after. */
  append(entry: Entry): void;
  /** Makes what was appended durable. Throws when it cannot, and while anything appended is not. */
  sync(): void;
  close(): void;
}

/**
 * Opens or creates the journal (mode 0600), cuts a torn tail, and leaves a damaged one untouched: then `append` throws.
 */
export function openJournal(path: string): Journal {
  const fd = openSync(path, 'a+', 0o600);
  syncFolder(dirname(path));
  const reading = readJournal(readFileSync(fd));
  if (reading.condition === 'torn') {
    ftruncateSync(fd, reading.wholeBytes);
    fsyncSync(fd);
  }
  let head = reading.head;
  let isDirty = false;
  let failure = reading.condition === 'damaged' ? new Error('The journal is damaged.') : null;

  const guarded = (action: () => void) => {
    if (failure !== null) throw failure;
    try {
      action();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw failure;
    }
  };
  return {
    reading,
    head: () => head,
    append: (entry) =>
      guarded(() => {
        const record = encodeEntry(entry, head);
        isDirty = true;
        const written = writeSync(fd, record.bytes);
        if (written !== record.bytes.byteLength) throw new Error('The journal took only part of a record.');
        head = record.head;
      }),
    sync: () => {
      if (!isDirty) return;
      guarded(() => fdatasyncSync(fd));
      isDirty = false;
    },
    close: () => closeSync(fd),
  };
}

/** A new file's name is durable only when its folder is. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
