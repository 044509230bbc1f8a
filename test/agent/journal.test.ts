import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crc32 } from '../../agent/crc32.ts';
import { hostDisk } from '../../agent/disk.ts';
import type { Entry } from '../../agent/entry.ts';
import { encodeEntry, GENESIS, MAX_RECORD_BYTES, readJournal } from '../../agent/journal.ts';
import { JournalError, JournalFullError, openJournal, RESERVE_BYTES } from '../../agent/journal-file.ts';
import { runId, stepId } from '../../src/protocol/ids.ts';
import { failure, MemoryDisk } from './memory-disk.ts';
import { HASH, T0 } from './world.ts';

const about = { runId: runId('run-1'), stepId: stepId('s1'), attempt: 1, envelopeId: 'envelope-1' };
const entries: readonly Entry[] = [
  { kind: 'verified', at: T0, about, seq: 1, idemKey: HASH, approvals: [] },
  { kind: 'started', at: T0, about },
  { kind: 'ended', at: T0, report: { kind: 'unknown', ...about, sentence: 'Lost – é.' } },
  { kind: 'acked', at: T0, envelopeId: 'envelope-1' },
];

function encoded(list: readonly Entry[] = entries): Uint8Array[] {
  let head = GENESIS;
  return list.map((entry) => {
    const record = encodeEntry(entry, head);
    head = record.head;
    return record.bytes;
  });
}
const last = entries[3] as Entry;
const whole = Buffer.concat(encoded());

describe('the bytes of a journal', () => {
  test('read back as the entries that were written', () => {
    expect(readJournal(whole)).toMatchObject({ entries, condition: 'whole', wholeBytes: whole.byteLength });
    expect(readJournal(new Uint8Array())).toMatchObject({ entries: [], head: GENESIS, condition: 'whole' });
  });

  test('cut anywhere are torn, and every record before the cut stands', () => {
    const ends = encoded().map((_, n, all) => Buffer.concat(all.slice(0, n + 1)).byteLength);
    for (let size = 1; size < whole.byteLength; size += 1) {
      const before = ends.filter((end) => end <= size).length;
      const reading = readJournal(whole.subarray(0, size));
      const condition = ends.includes(size) ? 'whole' : 'torn';
      expect(reading).toMatchObject({ condition, wholeBytes: ends[before - 1] ?? 0 });
      expect(reading.entries).toEqual(entries.slice(0, before));
    }
  });

  test('followed by zeros of a block that was never written are torn', () => {
    const reading = readJournal(Buffer.concat([whole, Buffer.alloc(4096)]));
    expect(reading).toMatchObject({ condition: 'torn', wholeBytes: whole.byteLength });
  });

  test('with any one bit flipped are damaged, never torn and never whole', () => {
    for (let bit = 0; bit < whole.byteLength * 8; bit += 1) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { condition } = readJournal(flipped);
      if (condition !== 'damaged') expect([bit, condition]).toEqual([bit, 'damaged']);
    }
  });

  test('whose last record is there in length but not in content are damaged: who says it was never acted on?', () => {
    const holed = Buffer.from(whole);
    holed.fill(0, whole.byteLength - 20);
    expect(readJournal(holed)).toMatchObject({ condition: 'damaged', entries: entries.slice(0, 3) });
  });

  const [first, second, third, fourth] = encoded() as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const rearranged: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['a record left out', [first, third, fourth]],
    ['two records exchanged', [first, third, second, fourth]],
    ['a record doubled', [first, second, second, third]],
    ['the beginning left out', [second, third, fourth]],
    ['a record of another journal', [first, second, encodeEntry(entries[3] as Entry, GENESIS).bytes]],
    ['text in between', [first, Buffer.from('hello, this is not a record'), second]],
  ];
  test.each(rearranged)('with %s are damaged: each record names the one before', (_, parts) => {
    expect(readJournal(Buffer.concat(parts)).condition).toBe('damaged');
  });

  test('with an entry of a kind nobody knows are damaged', () => {
    const strange = encodeEntry({ kind: 'strange' } as unknown as Entry, GENESIS);
    expect(readJournal(strange.bytes)).toMatchObject({ entries: [], condition: 'damaged' });
  });

  test('carry the same CRC-32 that zlib reckons', () => {
    for (const text of ['', 'a', '123456789', 'x'.repeat(1000)])
      expect(crc32(Buffer.from(text))).toBe(zlibCrc32(text));
  });
});

describe('a journal on a real disk', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dd0c-journal-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('keeps what was appended, for its account alone', () => {
    const path = join(folder, 'kept');
    const journal = openJournal(path);
    for (const entry of entries) journal.append(entry);
    journal.sync();
    journal.close();
    expect(openJournal(path).reading).toMatchObject({ entries, condition: 'whole' });
    expect([path, `${path}.reserve`].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(statSync(`${path}.reserve`).blocks * 512).toBeGreaterThanOrEqual(RESERVE_BYTES);
  });

  test('cuts a torn tail and goes on after it', () => {
    const path = join(folder, 'torn');
    writeFileSync(path, whole.subarray(0, whole.byteLength - 3));
    const journal = openJournal(path, hostDisk, 0);
    expect(journal.reading.condition).toBe('torn');
    journal.append(last);
    journal.sync();
    expect(openJournal(path, hostDisk, 0).reading).toMatchObject({ entries, condition: 'whole' });
  });

  test('that is damaged takes no entry and is left as it is', () => {
    const path = join(folder, 'damaged');
    writeFileSync(path, Buffer.concat([whole, Buffer.from('sixteen bytes ..')]));
    const before = readFileSync(path);
    const journal = openJournal(path, hostDisk, 0);
    expect(journal.reading.condition).toBe('damaged');
    expect(() => journal.append(last)).toThrow(new JournalError('The journal is damaged.'));
    expect(readFileSync(path)).toEqual(before);
  });

  test('in a folder that is not there is a fault', () => {
    expect(() => openJournal(join(folder, 'no', 'journal'))).toThrow('ENOENT');
  });
});

describe('a journal that cannot be written', () => {
  const RESERVE = 4 * MAX_RECORD_BYTES;
  const [verified, started, ended] = entries as [Entry, Entry, Entry];
  const begun = (disk: MemoryDisk) => {
    const journal = openJournal('journal', disk, RESERVE);
    journal.append(verified);
    journal.append(started);
    journal.sync();
    return journal;
  };
  const readAgain = (disk: MemoryDisk) => openJournal('journal', disk, RESERVE).reading;

  test.each(['ENOSPC', 'EDQUOT'])(
    'because of %s has room in its reserve for how a step ended, and says that nothing may start',
    (code) => {
      const disk = new MemoryDisk();
      const journal = begun(disk);
      expect(journal.trouble()).toBeNull();
      disk.room = 0;
      disk.before = (operation) => {
        if (operation === 'append' && disk.room === 0) throw failure(code);
      };
      journal.append(ended);
      journal.sync();
      expect(journal.trouble()).toContain('is full');
      expect(readAgain(disk).entries).toEqual([verified, started, ended]);
    },
  );

  test('refuses what would start something on a full disk, and leaves the reserve for what runs', () => {
    const disk = new MemoryDisk();
    const journal = begun(disk);
    disk.room = 20;
    expect(() => journal.append(verified)).toThrow(JournalFullError);
    expect(disk.files.get('journal.reserve')?.now.byteLength).toBe(RESERVE);
    journal.append(ended);
    journal.sync();
    expect(readAgain(disk).entries).toEqual([verified, started, ended]);
  });

  test('half way through leaves nothing of that record behind on a full disk', () => {
    const disk = new MemoryDisk();
    const journal = begun(disk);
    const { byteLength } = disk.files.get('journal')?.now ?? Buffer.alloc(0);
    disk.room = 20;
    expect(() => journal.append(verified)).toThrow(JournalFullError);
    expect(disk.files.get('journal')?.now.byteLength).toBe(byteLength);
  });

  test('gives its reserve back piece by piece, and fails for good when it is used up', () => {
    const disk = new MemoryDisk();
    const journal = begun(disk);
    disk.room = 0;
    const sizes = () => disk.files.get('journal.reserve')?.now.byteLength ?? 0;
    journal.append(ended);
    expect(sizes()).toBe(RESERVE - MAX_RECORD_BYTES);
    journal.append(ended);
    expect(sizes()).toBe(RESERVE - MAX_RECORD_BYTES);
    disk.room = 0;
    disk.isGreedy = true;
    expect(() => journal.append(last)).toThrow('used up');
    disk.room = 1_000_000;
    expect(() => journal.append(last)).toThrow('used up');
    expect(() => journal.sync()).toThrow('used up');
  });

  test('fills its reserve again at the next start, and starts nothing while it cannot', () => {
    const disk = new MemoryDisk();
    const journal = begun(disk);
    disk.room = 0;
    journal.append(ended);
    journal.sync();
    const again = openJournal('journal', disk, RESERVE);
    expect(again.trouble()).toContain('is full');
    disk.room = RESERVE;
    expect(openJournal('journal', disk, RESERVE).trouble()).toBeNull();
    expect(disk.files.get('journal.reserve')?.now.byteLength).toBe(RESERVE);
  });

  test('because its reserve cannot be made says why', () => {
    const disk = new MemoryDisk();
    disk.before = (_, path) => {
      if (path === 'journal.reserve') throw failure('EIO');
    };
    expect(openJournal('journal', disk, RESERVE).trouble()).toContain('EIO');
  });

  test.each(['append', 'sync'] as const)(
    'because of a failed %s takes nothing more, and asks nothing twice',
    (operation) => {
      const disk = new MemoryDisk();
      const journal = begun(disk);
      disk.before = (now) => {
        if (now === operation) throw failure('EIO');
      };
      const write = () => {
        journal.append(ended);
        journal.sync();
      };
      expect(write).toThrow(JournalError);
      disk.before = () => undefined;
      disk.operations.length = 0;
      expect(write).toThrow('EIO');
      expect(() => journal.sync()).toThrow('EIO');
      expect(disk.operations).toEqual([]);
    },
  );

  test('that failed half way is torn, and read up to there', () => {
    const disk = new MemoryDisk();
    const journal = begun(disk);
    disk.room = 20;
    disk.before = () => {
      if (disk.room === 0) throw failure('EIO');
    };
    expect(() => journal.append(ended)).toThrow('EIO');
    disk.before = () => undefined;
    disk.room = RESERVE;
    expect(readAgain(disk)).toMatchObject({ condition: 'torn', entries: [verified, started] });
  });

  test('refuses an entry that has no form by itself, and takes the next', () => {
    const journal = begun(new MemoryDisk());
    const half: Entry = { kind: 'acked', at: T0, envelopeId: '\ud800' };
    const vast: Entry = { kind: 'acked', at: T0, envelopeId: 'x'.repeat(MAX_RECORD_BYTES) };
    for (const entry of [half, vast]) expect(() => journal.append(entry)).toThrow(JournalError);
    journal.append(ended);
    journal.sync();
    expect(journal.trouble()).toBeNull();
  });

  test('is not asked to make durable what is', () => {
    const disk = new MemoryDisk();
    const journal = begun(disk);
    disk.operations.length = 0;
    journal.sync();
    expect(disk.operations).toEqual([]);
  });
});
