import { basename } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { pages, read } from './pages.ts';

const decisions = pages().filter((page) => page.startsWith('docs/decisions/'));
const SECTIONS = ['Context', 'Decision', 'Consequences', 'Source'];

describe.each(decisions)('%s', (page) => {
  const text = read(page);

  test('is titled by its number, and says when it was taken', () => {
    const number = Number(basename(page).slice(0, 4));
    expect(basename(page)).toMatch(/^\d{4}-[a-z0-9-]+\.md$/);
    expect(text).toMatch(new RegExp(`^# ${number}\\. \\S`));
    expect(text).toMatch(/^(?:Accepted|Superseded by \d+), \d{4}-\d{2}-\d{2}$/m);
  });

  test('has its sections in order, none of them empty', () => {
    const parts = text.split(/^## /m).slice(1);
    expect(parts.map((part) => part.slice(0, part.indexOf('\n')))).toEqual(SECTIONS);
    expect(parts.filter((part) => part.slice(part.indexOf('\n')).trim() === '')).toEqual([]);
  });

  test('is one short page', () => {
    expect(text.split('\n').length).toBeLessThanOrEqual(50);
  });
});

test('decisions are numbered from 1 without a gap', () => {
  expect(decisions.map((page) => Number(basename(page).slice(0, 4))).toSorted((a, b) => a - b)).toEqual(
    decisions.map((_, index) => index + 1),
  );
});
