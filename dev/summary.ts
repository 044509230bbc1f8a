import type { RunState } from '../src/run/run.ts';

/** The last line of a demo, without the time it took. */
export interface Counts {
  readonly steps: number;
  readonly approved: number;
  readonly executed: number;
  readonly refused: number;
  readonly chainVerified: boolean;
}

/** What a demo did, and everything that was not as the plan promised. */
export interface DemoResult {
  readonly counts: Counts;
  readonly differences: readonly string[];
}

/** Counts of a run as the log has it. */
export function countsOf(state: RunState, refused: number, chainVerified: boolean): Counts {
  const executed = state.steps.filter(({ result }) => result !== null).length;
  const approved = state.steps.filter(({ approval }) => approval !== null).length;
  return { steps: state.steps.length, approved, executed, refused, chainVerified };
}
