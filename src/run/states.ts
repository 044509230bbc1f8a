/**
 * The states of a run and of its steps, as data. `evolve` moves by these tables alone, the diagram in
 * docs/run-states.md is generated from them, and a test tries every pair of state and event.
 */

export const STEP_STATES = [
  'waiting',
  'awaiting-approval',
  'by-hand',
  'stalled',
  'approved',
  'dispatched',
  'running',
  'succeeded',
  'failed',
  'rejected',
  'unknown',
  'skipped',
  'done',
] as const;
export type StepStatus = (typeof STEP_STATES)[number];

export const RUN_STATES = ['none', 'running', 'paused', 'succeeded', 'failed', 'unknown', 'aborted'] as const;
export type RunStatus = (typeof RUN_STATES)[number];

export interface Transition<State extends string> {
  readonly event: string;
  readonly from: readonly State[];
  readonly to: State;
}

/** An event that may end in either of two states has one row for each; the row's name says which. */
export const STEP_TRANSITIONS: readonly Transition<StepStatus>[] = [
  { event: 'step.offered', from: ['waiting', 'stalled'], to: 'awaiting-approval' },
  { event: 'step.handed-over', from: ['waiting'], to: 'by-hand' },
  { event: 'step.approved', from: ['waiting', 'awaiting-approval'], to: 'approved' },
  { event: 'step.stalled', from: ['awaiting-approval', 'approved'], to: 'stalled' },
  { event: 'step.dispatched', from: ['approved'], to: 'dispatched' },
  { event: 'step.started', from: ['dispatched'], to: 'running' },
  { event: 'step.printed', from: ['running'], to: 'running' },
  { event: 'step.kill-asked', from: ['running'], to: 'running' },
  { event: 'step.succeeded', from: ['dispatched', 'running', 'unknown'], to: 'succeeded' },
  { event: 'step.failed', from: ['dispatched', 'running', 'unknown'], to: 'failed' },
  { event: 'step.rejected', from: ['dispatched'], to: 'rejected' },
  { event: 'step.unknown', from: ['dispatched', 'running'], to: 'unknown' },
  { event: 'step.skipped', from: ['awaiting-approval', 'by-hand', 'stalled'], to: 'skipped' },
  { event: 'step.done', from: ['by-hand'], to: 'done' },
];

export const RUN_TRANSITIONS: readonly Transition<RunStatus>[] = [
  { event: 'run.started', from: ['none'], to: 'running' },
  { event: 'run.paused', from: ['running'], to: 'paused' },
  { event: 'run.resume-asked', from: ['paused'], to: 'paused' },
  { event: 'run.resumed', from: ['paused'], to: 'running' },
  { event: 'run.succeeded', from: ['running'], to: 'succeeded' },
  { event: 'run.failed', from: ['running', 'paused'], to: 'failed' },
  { event: 'run.stopped', from: ['running', 'paused'], to: 'unknown' },
  { event: 'run.aborted', from: ['running', 'paused'], to: 'aborted' },
];

const SETTLED: readonly StepStatus[] = ['succeeded', 'skipped', 'done'];
const ENDED: readonly RunStatus[] = ['succeeded', 'failed', 'unknown', 'aborted'];

/** True when the run goes on to the step after this one. */
export const isSettled = (status: StepStatus): boolean => SETTLED.includes(status);

/** True when nothing will start in the run any more. */
export const hasEnded = (status: RunStatus): boolean => ENDED.includes(status);

/** True when the step's process may be alive on a host. */
export const isUnderWay = (status: StepStatus): boolean => status === 'dispatched' || status === 'running';

/** The state after `event`. Throws on a move that the table does not hold: recording it would be a fault of ours. */
export function move<State extends string>(
  table: readonly Transition<State>[],
  from: State,
  event: string,
): State {
  const row = table.find((candidate) => candidate.event === event);
  if (!row?.from.includes(from)) throw new Error(`No transition from ${from} by ${event}.`);
  return row.to;
}

/** True when the table allows `event` from this state. */
export function canMove<State extends string>(
  table: readonly Transition<State>[],
  from: State,
  event: string,
): boolean {
  return table.some((row) => row.event === event && row.from.includes(from));
}
