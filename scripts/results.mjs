/** Reads what `jest --json` wrote. */
import { relative } from 'node:path';

/** Tests over real lines, files and processes that lie beside the unit tests of what they test. */
export const INTEGRATION = [
  'test/integration/',
  'test/simulation/',
  'test/agent/folder.test.ts',
  'test/agent/supervisor.test.ts',
  'test/handlers/grpc/agent-process.test.ts',
  'test/handlers/grpc/gateway.test.ts',
];

/** The way of a step from its approval to its recorded end: signed records, run, log, gateway, agent. */
export const EXECUTION_PATH = [
  'test/agent/',
  'test/audit/',
  'test/e2e/',
  'test/handlers/grpc/',
  'test/integration/agents.test.ts',
  'test/integration/execution/',
  'test/integration/keys.test.ts',
  'test/integration/log',
  'test/integration/verify.test.ts',
  'test/protocol/',
  'test/run/',
  'test/simulation/',
  'test/workers/hints.test.ts',
];

const isIn = (places, path) => places.some((place) => path.startsWith(place));

/** A test's kind by where it lies. */
function kindOf(path) {
  if (isIn(INTEGRATION, path)) return 'integration';
  return path.startsWith('test/e2e/') ? 'end-to-end' : 'unit';
}

/** Passed and failed tests; a file that could not be run at all counts as one failed test. */
export function totals(results) {
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
  };
}

/** Tests that ran (passed or failed), by kind, and the skipped ones; all, or those of the execution path. */
export function countByKind(results, root, which = 'all') {
  const counts = { unit: 0, integration: 0, 'end-to-end': 0, skipped: 0 };
  for (const file of results.testResults) {
    const path = relative(root, file.name).replaceAll('\\', '/');
    if (which === 'execution path' && !isIn(EXECUTION_PATH, path)) continue;
    const kind = kindOf(path);
    for (const { status } of file.assertionResults) {
      counts[status === 'passed' || status === 'failed' ? kind : 'skipped'] += 1;
    }
  }
  return counts;
}

/** The counts in one line, with each kind's share. */
export function describeCounts({ skipped, ...kinds }, title = 'Tests') {
  const ran = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  const share = (count) => (ran === 0 ? 0 : Math.round((100 * count) / ran));
  const parts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind} (${share(count)} %)`);
  return `${title}: ${parts.join(', ')}; ${skipped} skipped`;
}
