import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crc32 } from '../../agent/crc32.ts';
import type { Entry } from '../../agent/entry.ts';
import { encodeEntry, GENESIS, readJournal } from '../../agent/journal.ts';
import { openJournal } from '../../agent/journal-file.ts';
import { runId, stepId } from '../../src/protocol/ids.ts';
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
const whole = Buffer.concat(encoded());
const lastAt = whole.byteLength - (encoded().at(-1)?.byteLength ?? 0);

describe('the bytes of a journal', () => {
  test('read back as the entries that were written', () => {
    expect(readJournal(whole)).toMatchObject({ entries, condition: 'whole', wholeBytes: whole.byteLength });
    expect(readJournal(new Uint8Array())).toMatchObject({ entries: [], head: GENESIS, condition: 'whole' });
  });

  test('cut anywhere in the last record are torn, and everything before it stands', () => {
    for (let size = lastAt + 1; size < whole.byteLength; size += 1) {
      const reading = readJournal(whole.subarray(0, size));
      expect(reading).toMatchObject({ condition: 'torn', wholeBytes: lastAt });
      expect(reading.entries).toEqual(entries.slice(0, 3));
    }
  });

  test('followed by zeros of a block that was never written are torn', () => {
    const reading = readJournal(Buffer.concat([whole, Buffer.alloc(4096)]));
    expect(reading).toMatchObject({ condition: 'torn', wholeBytes: whole.byteLength });
  });

  test('with any one bit flipped in any byte are damaged, never torn and never whole', () => {
    for (let at = 0; at < whole.byteLength; at += 1) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      expect([at, readJournal(flipped).condition]).toEqual([at, 'damaged']);
    }
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

describe('a journal on disk', () => {
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
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('cuts a torn tail and goes on after it', () => {
    const path = join(folder, 'torn');
    writeFileSync(path, whole);
    truncateSync(path, whole.byteLength - 3);
    const journal = openJournal(path);
    expect(journal.reading.condition).toBe('torn');
    journal.append(entries[3] as Entry);
    journal.sync();
    expect(openJournal(path).reading).toMatchObject({ entries, condition: 'whole' });
  });

  test('that is damaged takes no entry and is left as it is', () => {
    const path = join(folder, 'damaged');
    writeFileSync(path, whole);
    appendFileSync(path, 'sixteen bytes ..');
    const before = readFileSync(path);
    const journal = openJournal(path);
    expect(journal.reading.condition).toBe('damaged');
    expect(() => journal.append(entries[0] as Entry)).toThrow('damaged');
    expect(readFileSync(path)).toEqual(before);
  });

  test('that failed once takes nothing more', () => {
    const journal = openJournal(join(folder, 'failed'));
    journal.append(entries[0] as Entry);
    journal.close();
    expect(() => journal.sync()).toThrow();
    expect(() => journal.append(entries[1] as Entry)).toThrow();
    expect(() => journal.sync()).toThrow();
  });
});
