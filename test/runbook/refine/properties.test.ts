import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { validateValue } from '../../../src/runbook/bind.ts';
import { extract } from '../../../src/runbook/extract.ts';
import { judge } from '../../../src/runbook/flatten.ts';
import type { Answer } from '../../../src/runbook/refine/answer.ts';
import { readAnswer } from '../../../src/runbook/refine/read.ts';
import { inertWords } from '../../../src/runbook/refine/words.ts';
import { STEP_KINDS, VARIABLE_TYPES } from '../../../src/runbook/runbook.ts';
import { classify, loadSafety } from '../../../src/safety/index.ts';
import { RISKS } from '../../../src/safety/verdict.ts';
import { expectFaithful, isInert, type Pasted } from './support.ts';
import { HOSTILE_TEXTS } from './texts.ts';

let pasted: readonly Pasted[] = [];
beforeAll(async () => {
  await loadSafety();
  pasted = Object.values(HOSTILE_TEXTS).map((text) => {
    const parse = extract(text);
    return { text, parse, verdicts: judge(parse, classify) };
  });
});

const line = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -1, max: 14 }) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
);
const risk = fc.constantFrom(...RISKS);

/** Any answer of the schema's shape, with words that are pieces of the text as often as not. */
const answerTo = ({ text, parse }: Pasted): fc.Arbitrary<Answer> => {
  const units = fc.nat({ max: text.length });
  const piece = fc
    .tuple(units, fc.nat({ max: 80 }))
    .map(([start, length]) => text.slice(start, start + length));
  const row = fc.constantFrom(...text.split('\n'));
  const words = fc.oneof(piece, row, fc.string({ unit: 'binary', maxLength: 40 }));
  const name = fc.oneof(fc.constantFrom('x', ...parse.variables.map((each) => each.name)), words);
  return fc.record<Answer>({
    title: fc.option(words),
    steps: fc.array(
      fc.record({
        first: line,
        last: line,
        title: fc.option(words),
        kind: fc.option(fc.constantFrom(...STEP_KINDS)),
        rollback: fc.boolean(),
        condition: fc.option(words),
        goTo: fc.option(line),
        expected: fc.array(words, { maxLength: 3 }),
        warnings: fc.array(words, { maxLength: 3 }),
      }),
      { maxLength: 8 },
    ),
    commands: fc.array(
      fc.record({ text: words, after: line, title: fc.option(words), risk, reason: words }),
      {
        maxLength: 5,
      },
    ),
    inputs: fc.array(
      fc.record({ name, type: fc.option(fc.constantFrom(...VARIABLE_TYPES)), description: words }),
      { maxLength: 4 },
    ),
    questions: fc.array(fc.record({ line: fc.option(line), text: words }), { maxLength: 4 }),
    opinions: fc.array(fc.record({ line, risk, reason: words }), { maxLength: 6 }),
  });
};

const paste = fc.nat({ max: Object.keys(HOSTILE_TEXTS).length - 2 }); // the last one is long, and slow to judge

test('no answer of the right shape breaks what must hold', () => {
  fc.assert(
    fc.property(
      paste.chain((at) => {
        const one = pasted[at];
        if (!one) throw new Error('no such text');
        return fc.tuple(fc.constant(one), answerTo(one));
      }),
      ([one, answer]) => {
        const refined = readAnswer(JSON.stringify(answer), one.text, one.parse);
        expect(refined).not.toBeNull();
        if (refined) expectFaithful(one, refined);
      },
    ),
    { numRuns: 100 },
  );
});

test('no text at all makes the reading of an answer throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.json(), (text, json) => {
      const parse = extract(text);
      expect(readAnswer(json, text, parse)).toBeNull();
      expect(readAnswer(text, text, parse)).toBeNull();
    }),
    { numRuns: 100 },
  );
});

const MARKS = [
  '<',
  '>',
  '@',
  '#',
  '*',
  '_',
  '`',
  ':',
  '/',
  '.',
  'www.',
  'http',
  'evil',
  'com',
  ']',
  '(',
  ' ',
  '🟢',
  '\u200b',
  '＜',
  '：',
  'a',
];

test('words of a stranger are nothing but words, however they are put together', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...MARKS), { maxLength: 30 }),
      fc.nat({ max: 40 }),
      (parts, more) => {
        const words = inertWords(parts.join(''), 20 + more);
        expect([words, isInert(words)]).toEqual([words, true]);
        expect(words.length).toBeLessThanOrEqual(20 + more);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a narrower type takes no value that text refuses', () => {
  const value = fc.string({ unit: fc.constantFrom(...'aB1-._/:@%,= \'"$*;|<&~\\éж'), maxLength: 12 });
  const name = fc.constantFrom('x', 'message', 'src', 'query', 'timeout');
  const type = fc.constantFrom('integer' as const, 'host' as const, 'kubernetes-name' as const);
  const command = fc.constantFrom(
    'tool <x>',
    'tool "<x>"',
    "tool '<x>'",
    'tool --to=<x>',
    'psql -c "SELECT <x>"',
    'sh -c "a <x>"',
  );
  fc.assert(
    fc.property(value, name, type, command, (typed, called, narrower, text) => {
      const variable = { name: called, spellings: ['<x>'], example: null };
      if (validateValue({ ...variable, type: narrower }, typed, [text]) !== null) return;
      expect(validateValue({ ...variable, type: 'text' }, typed, [text])).toBeNull();
    }),
    { numRuns: 1_000 },
  );
});
