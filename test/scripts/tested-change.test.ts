import { describe, expect, test } from '@jest/globals';
import { untested } from '../../scripts/tested-change.ts';

describe('a change of what decides what runs', () => {
  test.each([
    ['agent/checks.ts', 'test/agent/checks.test.ts'],
    ['src/safety/kb/rm.yaml', 'test/safety/corpus/danger.txt'],
    ['src/protocol/lease.ts', 'test/protocol/vectors.json'],
    ['src/run/decide.ts', 'test/run/life.test.ts'],
  ])('of %s is not let through without one of %s or its kin', (source, tests) => {
    expect(untested([source, 'README.md', 'test/slack/render.test.ts'])).toEqual([source]);
    expect(untested([source, tests])).toEqual([]);
  });

  test('of two rooms needs the tests of both', () => {
    expect(untested(['agent/core.ts', 'src/run/run.ts', 'test/run/life.test.ts'])).toEqual(['agent/core.ts']);
  });

  test('of anything else asks for nothing', () => {
    expect(untested(['src/slack/limits.ts', 'docs/agent.md'])).toEqual([]);
  });
});
