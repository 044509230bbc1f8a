import { describe, expect, test } from '@jest/globals';
import { codeSpans, isThere, read, tableRows } from './pages.ts';

const page = read('docs/threats.md');
const sections = new Map(
  page.split(/^## /m).map((section) => [section.slice(0, section.indexOf('\n')), section]),
);
const rowsOf = (heading: string) => tableRows(sections.get(heading) ?? '');
const defended = rowsOf('6. Threats and tests');
const open = rowsOf('7. Open');

/** How many threats of each letter the project's threat model names; their ids count up from 01. */
const THREATS = {
  S: 15,
  W: 6,
  C: 9,
  G: 8,
  J: 7,
  A: 10,
  I: 6,
  O: 6,
  L: 3,
  Q: 3,
  R: 2,
  T: 3,
  U: 3,
  K: 2,
  X: 3,
  D: 2,
};
const ALL = Object.entries(THREATS).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${String(index + 1).padStart(2, '0')}`),
);

describe('the page of threats', () => {
  test('names every threat once: with its test, or as open with the reason', () => {
    const ids = [...defended, ...open].flatMap(([cell = '']) => cell.split(', '));
    expect(ids.toSorted()).toEqual(ALL.toSorted());
    expect(open.filter(([, why = '']) => why === '')).toEqual([]);
  });

  test('says of every row who sees to it, and where', () => {
    for (const [id, what = '', by = '', where = ''] of defended) {
      expect([id, what !== '', /^(?:S|A|S, A)$/.test(by), codeSpans(where).length > 0]).toEqual([
        id,
        true,
        true,
        true,
      ]);
    }
  });

  test('names only files that are there', () => {
    const named = [
      ...defended.flatMap(([, , , where = '', test = '']) => [...codeSpans(where), ...codeSpans(test)]),
      ...codeSpans(page).filter((span) => /^[\w.]+\/[\w./-]+\.(?:ts|mjs|md|sql|yml)$/.test(span)),
    ];
    expect(named.filter((path) => !isThere(path))).toEqual([]);
  });

  test('names tests, or the word open, and nothing else', () => {
    const cells = defended.map(([, , , , test = '']) => test);
    const wrong = cells.filter(
      (cell) =>
        cell !== 'open' && !/^`test\/[\w/.-]+\.test\.ts`(?:, `test\/[\w/.-]+\.test\.ts`)*$/.test(cell),
    );
    expect(wrong).toEqual([]);
  });
});
