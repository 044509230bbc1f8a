import { beforeAll, describe, expect, test } from '@jest/globals';
import { classify, loadSafety } from '../../src/safety/index.ts';
import { raised } from '../../src/safety/merge.ts';
import { isWorse, RISKS } from '../../src/safety/verdict.ts';
import { corpus } from './support.ts';

beforeAll(loadSafety);

describe('what a model says of a command', () => {
  test.each(RISKS)('that is judged %s can raise the verdict and never lower it', (risk) => {
    for (const command of corpus(risk).slice(0, 30)) {
      const verdict = classify(command);
      for (const said of RISKS) {
        const merged = raised(verdict, { risk: said, reason: 'So it is.' });
        expect(isWorse(verdict.risk, merged.risk)).toBe(false);
        expect(merged.risk).toBe(isWorse(said, verdict.risk) ? said : verdict.risk);
        expect(merged).toMatchObject({ traits: verdict.traits, rulesetSha256: verdict.rulesetSha256 });
      }
    }
  });

  test('comes first among the reasons when it raises, beside all that the rules say', () => {
    const verdict = classify('ls');
    const merged = raised(verdict, { risk: 'danger', reason: 'It shows secrets.' });
    expect(merged.reasons).toEqual([
      { rule: 'opinion.model', risk: 'danger', sentence: 'The model says: It shows secrets.' },
      ...verdict.reasons,
    ]);
  });

  test('leaves no word behind when it does not raise', () => {
    const verdict = classify('rm -rf /srv/data');
    expect(raised(verdict, { risk: 'danger', reason: 'It is only a test host.' })).toBe(verdict);
    expect(raised(verdict, { risk: 'safe', reason: 'It is a dry run.' })).toBe(verdict);
    expect(raised(verdict, null)).toBe(verdict);
    expect(raised(verdict, undefined)).toBe(verdict);
  });
});
