import { expect, test } from '@jest/globals';
import {
  classify,
  classifyAtOnce,
  commandNames,
  loadSafety,
  RULESET_VERSION,
} from '../../src/safety/index.ts';

test('before it is loaded the scanner calls everything danger and knows no names', () => {
  expect(classify('ls')).toMatchObject({ risk: 'danger', rulesetVersion: RULESET_VERSION });
  expect(classify('ls').reasons[0]?.rule).toBe('scanner.not-loaded');
  expect(commandNames('ls')).toEqual([]);
});

test('a program that starts for one text loads the grammar of PostgreSQL only when the text needs it', async () => {
  expect(await classifyAtOnce('ls')).toMatchObject({ risk: 'safe' });
  expect(classify('psql -c "SELECT 1"').reasons[0]?.rule).toBe('sql.not-loaded');
  expect(await classifyAtOnce('psql -c "SELECT 1"')).toMatchObject({ risk: 'safe' });
  await loadSafety();
  expect(classify('psql -c "SELECT 1"').risk).toBe('safe');
});
