import { expect, test } from '@jest/globals';
import { countByKind, describeCounts, totals } from '../../scripts/results.mjs';

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

test('nothing ran is no division by nothing', () => {
  expect(describeCounts(countByKind({ testResults: [] }, '/repo'))).toContain('0 unit (0 %)');
});

test('a file that could not be run counts as a failure', () => {
  expect(totals({ numPassedTests: 5, numFailedTests: 1, numRuntimeErrorTestSuites: 2 })).toEqual({
    passed: 5,
    failed: 3,
  });
});
