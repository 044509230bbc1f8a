import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { countByKind, describeCounts, EXECUTION_PATH, INTEGRATION, totals } from '../../scripts/results.mjs';

const file = (name: string, ...statuses: string[]) => ({
  name: `/repo/test/${name}.test.ts`,
  assertionResults: statuses.map((status) => ({ status })),
});

test('tests are counted by the folder they lie in', () => {
  const testResults = [
    file('safety/scan', 'passed', 'failed', 'pending'),
    file('integration/log', 'passed', 'todo'),
    file('e2e/demo', 'passed'),
    // A room whose name merely begins like a kind.
    file('integration-helpers/x', 'passed'),
  ];
  const counts = countByKind({ testResults }, '/repo');
  expect(counts).toEqual({ unit: 3, integration: 1, 'end-to-end': 1, skipped: 2 });
  expect(describeCounts(counts)).toBe(
    'Tests: 3 unit (60 %), 1 integration (20 %), 1 end-to-end (20 %); 2 skipped',
  );
});

test('tests of the execution path are counted by themselves, also those that lie beside unit tests', () => {
  const testResults = [
    file('safety/scan', 'passed'),
    file('run/life', 'passed', 'passed', 'passed'),
    file('handlers/grpc/session', 'passed'),
    file('handlers/grpc/gateway', 'passed', 'pending'),
    file('handlers/slack/words', 'passed'),
    file('integration/queues', 'passed'),
    file('integration/execution/races', 'passed'),
    file('integration/log-contract', 'passed'),
    file('e2e/thread', 'passed'),
  ];
  const counts = countByKind({ testResults }, '/repo', 'execution path');
  expect(counts).toEqual({ unit: 4, integration: 3, 'end-to-end': 1, skipped: 1 });
  expect(describeCounts(counts, 'Execution path')).toMatch(/^Execution path: 4 unit \(50 %\), 3 integration/);
});

test('every place of the execution path and of the integration tests is there', () => {
  for (const place of [...EXECUTION_PATH, ...INTEGRATION]) {
    const folder = join('.', dirname(`${place}x`));
    expect([place, readdirSync(folder).some((name) => `${folder}/${name}`.startsWith(place))]).toEqual([
      place,
      true,
    ]);
  }
});

test('nothing ran is no division by nothing', () => {
  expect(describeCounts(countByKind({ testResults: [] }, '/repo'))).toContain('0 unit (0 %)');
});

test('a file that could not be run counts as a failure', () => {
  expect(totals({ numPassedTests: 5, numFailedTests: 1, numRuntimeErrorTestSuites: 2 })).toEqual({
    passed: 5,
    failed: 3,
  });
});
