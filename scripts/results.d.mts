/** What is read of the output of `jest --json`. */
type Totals = { numPassedTests: number; numFailedTests: number; numRuntimeErrorTestSuites: number };
type Files = { testResults: { name: string; assertionResults: { status: string }[] }[] };
type Counts = { unit: number; integration: number; 'end-to-end': number; skipped: number };

/** Passed and failed tests; a file that could not be run at all counts as one failed test. */
export function totals(results: Totals): { passed: number; failed: number };
/** Tests that ran (passed or failed), by kind, and the skipped ones; `root` is the project's folder. */
export function countByKind(results: Files, root: string): Counts;
/** The counts in one line, with each kind's share. */
export function describeCounts(counts: Counts): string;
