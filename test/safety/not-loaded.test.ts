import { expect, test } from '@jest/globals';
import { classify, commandNames, RULESET_VERSION } from '../../src/safety/index.ts';

test('before it is loaded the scanner calls everything danger and knows no names', () => {
  expect(classify('ls')).toMatchObject({ risk: 'danger', rulesetVersion: RULESET_VERSION });
  expect(classify('ls').reasons[0]?.rule).toBe('scanner.not-loaded');
  expect(commandNames('ls')).toEqual([]);
});
