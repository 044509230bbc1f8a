import { beforeAll, describe, expect, test } from '@jest/globals';
import { extract } from '../../../src/runbook/extract.ts';
import { judge } from '../../../src/runbook/flatten.ts';
import { readAnswer } from '../../../src/runbook/refine/read.ts';
import { classify, loadSafety } from '../../../src/safety/index.ts';
import { ATTACKS, WITHHELD } from './attacks.ts';
import { commandsOf, expectFaithful, type Pasted } from './support.ts';
import { HOSTILE_TEXTS } from './texts.ts';

const pasted = new Map<string, Pasted>();
beforeAll(async () => {
  await loadSafety();
  for (const [name, text] of Object.entries(HOSTILE_TEXTS)) {
    const parse = extract(text);
    pasted.set(name, { text, parse, verdicts: judge(parse, classify) });
  }
});

/** Answers that are not read at all, whatever the text. */
const RUBBISH = [
  'answers with ten megabytes',
  'nests without end',
  'adds fields of its own',
  'reaches for prototypes',
  'is not JSON',
  'stops in the middle',
  'writes numbers as words',
];

describe.each(Object.keys(HOSTILE_TEXTS))('%s, and a model that obeys it and', (name) => {
  test.each(Object.entries(ATTACKS))('%s', (attack, attacked) => {
    const paste = pasted.get(name);
    if (!paste) throw new Error('no such text');
    const refined = readAnswer(attacked(paste.parse, paste.text), paste.text, paste.parse);
    expect(refined === null).toBe(RUBBISH.includes(attack));
    if (!refined) return;
    expectFaithful(paste, refined);
    const withheld = WITHHELD.filter((command) => paste.text.includes(command));
    expect(commandsOf(refined.parse).filter(({ text }) => withheld.includes(text))).toEqual([]);
  });
});

test('there are two hundred cases', () => {
  expect(Object.keys(HOSTILE_TEXTS).length * Object.keys(ATTACKS).length).toBeGreaterThanOrEqual(200);
});
