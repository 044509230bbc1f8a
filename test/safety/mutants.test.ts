import { beforeAll, expect, test } from '@jest/globals';
import { classify, loadSafety } from '../../src/safety/index.ts';
import { fuzz, lookAlike } from './mutants.ts';
import { corpus } from './support.ts';

beforeAll(loadSafety);

test('none of 5,000 mutants that mean the same ranks below its original', () => {
  expect(fuzz(5_000, 20261126)).toBe(5_000);
}, 120_000);

test('a word with a letter of another alphabet is never safe', () => {
  const mutants = corpus('safe')
    .flatMap((text) => lookAlike(text, 0) ?? [])
    .filter((text) => /[а-я]/.test(text));
  expect(mutants.length).toBeGreaterThan(100);
  expect(mutants.filter((text) => classify(text).risk === 'safe')).toEqual([]);
});
