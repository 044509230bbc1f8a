/** Reads what `jest --json` wrote. */
import { relative } from 'node:path';

/** A test's kind by its folder below test/. */
function kindOf(path) {
  if (path.startsWith('test/integration/')) return 'integration';
  return path.startsWith('test/e2e/') ? 'end-to-end' : 'unit';
}

/** Passed and failed tests; a file that could not be run at all counts as one failed test. */
export function totals(results) {
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
  };
}

/** Tests that ran (passed or failed), by kind, and the skipped ones. */
export function countByKind(results, root) {
  const counts = { unit: 0, integration: 0, 'end-to-end': 0, skipped: 0 };
  for (const file of results.testResults) {
    const kind = kindOf(relative(root, file.name).replaceAll('\\', '/'));
    for (const { status } of file.assertionResults) {
      counts[status === 'passed' || status === 'failed' ? kind : 'skipped'] += 1;
    }
  }
  return counts;
}

/** The counts in one line, with each kind's share. */
export function describeCounts({ skipped, ...kinds }) {
  const ran = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  const share = (count) => (ran === 0 ? 0 : Math.round((100 * count) / ran));
  const parts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind} (${share(count)} %)`);
  return `Tests: ${parts.join(', ')}; ${skipped} skipped`;
}
