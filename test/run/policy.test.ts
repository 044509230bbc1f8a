import { describe, expect, test } from '@jest/globals';
import { MAX_START_BY_MS } from '../../src/protocol/authority.ts';
import { MAX_ENVELOPE_LIFE_MS, MAX_OUTPUT_BYTES, MAX_TIMEOUT_MS } from '../../src/protocol/envelope.ts';
import * as policy from '../../src/run/policy.ts';
import { RISKS } from '../../src/safety/verdict.ts';
import { TRUST_LEVELS } from '../../src/tenant/tenant.ts';

describe('who has to agree', () => {
  test.each(TRUST_LEVELS)('to danger at trust %s: somebody other than the requester', (trust) => {
    expect(policy.approvalRule('danger', trust)).toBe('other-than-requester');
  });

  test('nobody, to a safe step of a workspace that said so, and to nothing else', () => {
    const auto = TRUST_LEVELS.flatMap((trust) =>
      RISKS.map((risk) => `${trust} ${risk} ${policy.approvalRule(risk, trust)}`),
    );
    expect(auto.filter((line) => line.endsWith('auto'))).toEqual(['guided safe auto']);
  });
});

test('every duration and size is one that the agent takes', () => {
  expect(policy.ENVELOPE_TTL_MS).toBeLessThanOrEqual(MAX_ENVELOPE_LIFE_MS);
  expect(policy.STEP_TIMEOUT_MS).toBeLessThanOrEqual(MAX_TIMEOUT_MS);
  for (const risk of RISKS) expect(policy.APPROVAL_TTL_MS).toBeLessThanOrEqual(MAX_START_BY_MS[risk]);
  expect(Math.max(policy.OUTPUT_HEAD_BYTES, policy.OUTPUT_TAIL_BYTES)).toBeLessThanOrEqual(MAX_OUTPUT_BYTES);
});
