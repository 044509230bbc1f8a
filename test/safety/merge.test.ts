import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { classify, loadSafety } from '../../src/safety/index.ts';
import { type Opinion, withOpinions } from '../../src/safety/merge.ts';
import { isWorse, RISKS } from '../../src/safety/verdict.ts';
import { corpus } from './support.ts';

beforeAll(loadSafety);

const opinion = fc.record<Opinion>({
  by: fc.constantFrom('model', 'tenant', 'agent'),
  risk: fc.constantFrom(...RISKS),
  sentence: fc.constant('It is so.'),
});
const command = fc.constantFrom(...corpus('safe'), ...corpus('caution'), ...corpus('danger'));

test('the highest risk of all wins, worst reason first, and nothing the scanner said is lost', () => {
  fc.assert(
    fc.property(command, fc.array(opinion, { maxLength: 4 }), (text, opinions) => {
      const verdict = classify(text);
      const merged = withOpinions(verdict, opinions);
      const risks = [verdict.risk, ...opinions.map(({ risk }) => risk)];
      expect(risks.every((risk) => !isWorse(risk, merged.risk))).toBe(true);
      expect(risks).toContain(merged.risk);
      expect(merged.reasons[0]?.risk).toBe(merged.risk);
      for (const reason of verdict.reasons) expect(merged.reasons).toContain(reason);
    }),
  );
});

test('an opinion that it is safe changes nothing', () => {
  const verdict = classify('rm x');
  expect(withOpinions(verdict, [{ by: 'tenant', risk: 'safe', sentence: 'It is safe.' }])).toEqual(verdict);
});
