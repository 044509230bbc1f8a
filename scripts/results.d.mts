/** What is read of the output of `jest --json`. */
type Totals = { numPassedTests: number; numFailedTests: number; numRuntimeErrorTestSuites: number };
type Files = { testResults: { name: string; assertionResults: { status: string }[] }[] };
type Counts = { unit: number; integration: number; 'end-to-end': number; skipped: number };

/** Tests over real lines, files and processes that lie beside the unit tests of what they test; prefixes of paths. */
export const INTEGRATION: readonly string[];
/** The way of a step from its approval to its recorded end; prefixes of paths. */
export const EXECUTION_PATH: readonly string[];

/** Passed and failed tests; a file that could not be run at all counts as one failed test. */
export function totals(results: Totals): { passed: number; failed: number };
/** Tests that ran (passed or failed), by kind, and the skipped ones; `root` is the project's folder. */
export function countByKind(results: Files, root: string, which?: 'all' | 'execution path'): Counts;
/** The counts in one line, with each kind's share. */
export function describeCounts(counts: Counts, title?: string): string;
