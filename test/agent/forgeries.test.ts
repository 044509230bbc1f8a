import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Bench, verify } from '../../agent/checks.ts';
import { dice } from '../../dev/random.ts';
import { encodeSigned, type Signed } from '../../src/protocol/index.ts';
import { flipped, forgeries as forgeriesByChance, sizeOf, starts, victim } from '../support/forge.ts';
import { good, groups, signText } from './forgery-classes.ts';
import { benchWith } from './world.ts';

const codeOf = (signed: Signed, bench: Partial<Bench> = {}): string => {
  const verification = verify({ ...benchWith(bench), signed });
  return verification.outcome === 'accepted' ? 'accepted' : verification.code;
};

describe('forged envelopes', () => {
  test('are made of one that is accepted, in more than a hundred different ways', () => {
    expect(codeOf(good)).toBe('accepted');
    const names = Object.entries(groups).flatMap(([group, all]) => all.map(([name]) => `${group} ${name}`));
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(100);
  });

  for (const [group, classes] of Object.entries(groups))
    test.each(classes)(`never start: ${group} %s, refused by "%s"`, (_, check, signed, bench = {}) => {
      expect(codeOf(signed, bench)).toBe(check);
    });
});

describe('chance', () => {
  test('flips one bit in every byte of 20 envelopes in vain', () => {
    const chance = dice(20);
    for (let n = 0; n < 20; n += 1) {
      const { signed, state } = victim(n);
      expect(starts(state, signed)).toBe(true);
      for (let at = 0; at < sizeOf(signed); at += 1)
        if (starts(state, flipped(signed, at, Math.floor(chance.between(0, 8)))))
          expect([n, at]).toBe('refused');
    }
  });

  test('forges 2,000 envelopes in vain, also with the dispatch key in its hands', () => {
    let made = 0;
    for (const { kind, signed, state } of forgeriesByChance(2026)) {
      if (starts(state, signed)) expect([kind, encodeSigned(signed)]).toBe('refused');
      made += 1;
      if (made === 2000) break;
    }
    expect(made).toBe(2000);
  });

  test('finds no bytes and no JSON that are accepted, or that throw', () => {
    const anything = fc.record({ keyId: fc.string(), payload: fc.uint8Array(), sig: fc.uint8Array() });
    fc.assert(fc.property(anything, (signed) => codeOf(signed) === 'key'));
    fc.assert(fc.property(fc.jsonValue(), (value) => codeOf(signText(JSON.stringify(value))) === 'parse'));
  });
});
