import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { generate, readKnowledge } from '../../scripts/knowledge.ts';
import { classify, loadSafety } from '../../src/safety/index.ts';
import { RISKS } from '../../src/safety/verdict.ts';
import { blindCorpus, corpus, misjudged, risk } from './support.ts';

const TOOLS = readKnowledge();
await loadSafety();

describe('labelled commands', () => {
  test('read-only commands, and dangerous words that are only data, are safe', () => {
    expect(misjudged(corpus('safe'), ['safe'])).toEqual([]);
  });
  test('changes that can be put back, and unknown programs, are caution', () => {
    expect(misjudged(corpus('caution'), ['caution'])).toEqual([]);
  });
  test('destruction, raised rights, unseen code and what cannot be analysed are danger', () => {
    expect(misjudged(corpus('danger'), ['danger'])).toEqual([]);
  });
  test('options, endings and corners that look like reading are never safe', () => {
    expect(misjudged(corpus('never-safe'), ['caution', 'danger'])).toEqual([]);
  });
  test('catastrophes are never anything but danger', () => {
    expect(misjudged(corpus('canaries'), ['danger'])).toEqual([]);
  });
  test('catastrophes stay danger inside every wrapper', () => {
    const wraps: readonly ((text: string) => string)[] = [
      (text) => `ls; ${text}`,
      (text) => `ls\n${text}`,
      (text) => `true && { ${text}\n}`,
      (text) => `( ${text}\n)`,
      (text) => `x=$( ${text}\n)`,
      (text) => `if true; then ${text}\nfi`,
    ];
    expect(
      misjudged(
        corpus('canaries').flatMap((text) => wraps.map((wrap) => wrap(text))),
        ['danger'],
      ),
    ).toEqual([]);
  });
});

describe('the corpus of blind writers', () => {
  const lines = blindCorpus().map(({ cmd, label }) => ({
    cmd,
    label,
    least: RISKS.find((each) => label.includes(each)) ?? 'danger',
    risk: risk(cmd),
  }));
  test('holds no dangerous command and no change that is called safe', () => {
    expect(lines.filter(({ least, risk }) => least !== 'safe' && risk === 'safe')).toEqual([]);
  });
  test('raises an alarm on at most 4 % of what only looks', () => {
    const safe = lines.filter(({ least }) => least === 'safe');
    const alarms = safe.filter(({ label, risk }) => !label.includes(risk));
    expect(alarms.length / safe.length).toBeLessThan(0.04);
  });
});

describe('the knowledge base', () => {
  test('judges every example of every tool as its row says', () => {
    const wrong = TOOLS.flatMap((tool) =>
      (['safe', 'caution', 'danger'] as const).flatMap((label) => misjudged(tool.examples[label], [label])),
    );
    expect(wrong).toEqual([]);
  });
  test('gives every tool at least one example', () => {
    const bare = TOOLS.filter((tool) => Object.values(tool.examples).flat().length === 0);
    expect(bare.map((tool) => tool.name)).toEqual([]);
  });
  test('is compiled as its files say', async () => {
    const compiled = await readFile(new URL('../../src/generated/knowledge.ts', import.meta.url), 'utf8');
    expect(compiled).toBe(generate(TOOLS));
  });
  test('does not know names that objects inherit', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
      expect(risk(name)).toBe('caution');
    expect(risk('kubectl constructor')).toBe('caution');
    expect(risk('kubectl __proto__ pods')).toBe('caution');
  });
});

describe('a verdict', () => {
  test('always has reasons, worst first, with spans inside the text', () => {
    for (const list of ['safe', 'caution', 'danger', 'canaries'] as const)
      for (const command of corpus(list)) {
        const verdict = classify(command);
        expect(verdict.reasons.length).toBeGreaterThan(0);
        expect(verdict.reasons[0]?.risk).toBe(verdict.risk);
        for (const { span, sentence } of verdict.reasons) {
          expect(sentence).toMatch(/^\S.*[.)]$/s);
          if (span)
            expect([span.start >= 0, span.end >= span.start, span.end <= command.length]).toEqual([
              true,
              true,
              true,
            ]);
        }
      }
  });
  test('is the same for the same text', () => {
    for (const command of corpus('danger')) expect(classify(command)).toEqual(classify(command));
  });
  test('points at the words that are dangerous', () => {
    const text = 'ls /tmp; kubectl delete pod x';
    const span = classify(text).reasons[0]?.span;
    expect(text.slice(span?.start, span?.end)).toBe('kubectl delete pod x');
  });
  test('names a less risky way when one is known', () => {
    expect(classify('rm f').reasons[0]?.alternative).toContain('ls');
  });
});
