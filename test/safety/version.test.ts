import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { KNOWLEDGE, KNOWLEDGE_SHA256 } from '../../src/generated/knowledge.ts';
import { classify, loadSafety, RULESET_SHA256, RULESET_VERSION } from '../../src/safety/index.ts';
import { VERSIONED_KNOWLEDGE } from '../../src/safety/version.ts';

beforeAll(loadSafety);

describe('the ruleset', () => {
  test('has a new version when the knowledge base changes: raise RULESET_VERSION and record this hash', () => {
    expect(VERSIONED_KNOWLEDGE).toBe(KNOWLEDGE_SHA256);
  });
  test('has a hash of what the knowledge base holds and of the version', () => {
    expect(RULESET_SHA256).toMatch(/^[0-9a-f]{64}$/);
    expect(RULESET_SHA256).toBe(
      createHash('sha256').update(`${RULESET_VERSION}\n${KNOWLEDGE_SHA256}`).digest('hex'),
    );
  });
  test('stands in every verdict', () => {
    for (const command of ['ls', 'rm x', '', '$('])
      expect(classify(command)).toMatchObject({
        rulesetVersion: RULESET_VERSION,
        rulesetSha256: RULESET_SHA256,
      });
  });
  test('cannot be changed while it runs', () => {
    expect(Object.isFrozen(KNOWLEDGE)).toBe(true);
  });
});
