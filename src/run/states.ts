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

export const RUN_STATES = [
  'none',
  'running',
  'paused',
  'needs-person',
  'succeeded',
  'failed',
  'unknown',
  'aborted',
] as const;
export type RunStatus = (typeof RUN_STATES)[number];

export interface Transition<State extends string> {
  readonly event: string;
  readonly from: readonly State[];
  readonly to: State;
}

/** Where a step can be whose last attempt may have run, and whose next one has not been sent. */
const UNSETTLED: readonly StepStatus[] = ['unknown', 'awaiting-approval', 'stalled', 'approved'];

/**
 * An event that may end in either of two states has one row for each; the row's name says which. An outcome that comes late
 * settles a step that was offered once more, as long as that was not sent; `decide` sees to it that only then it does.
 */
export const STEP_TRANSITIONS: readonly Transition<StepStatus>[] = [
  { event: 'step.offered', from: ['waiting', 'stalled'], to: 'awaiting-approval' },
  { event: 'step.handed-over', from: ['waiting'], to: 'by-hand' },
  { event: 'step.approved', from: ['waiting', 'awaiting-approval'], to: 'approved' },
  { event: 'step.stalled', from: ['awaiting-approval', 'approved'], to: 'stalled' },
  { event: 'step.dispatched', from: ['approved'], to: 'dispatched' },
  { event: 'step.started', from: ['dispatched'], to: 'running' },
  { event: 'step.printed', from: ['running'], to: 'running' },
  { event: 'step.kill-asked', from: ['running'], to: 'running' },
  { event: 'step.succeeded', from: ['dispatched', 'running', ...UNSETTLED], to: 'succeeded' },
  { event: 'step.failed', from: ['dispatched', 'running', ...UNSETTLED], to: 'failed' },
  { event: 'step.rejected', from: ['dispatched', 'running', ...UNSETTLED], to: 'rejected' },
  { event: 'step.not-delivered', from: ['dispatched'], to: 'approved' },
  { event: 'step.not-started', from: ['dispatched', ...UNSETTLED], to: 'stalled' },
  { event: 'step.unknown', from: ['dispatched', 'running'], to: 'unknown' },
  {
    event: 'step.recovered',
    from: ['waiting', 'awaiting-approval', 'stalled', 'approved', 'dispatched'],
    to: 'unknown',
  },
  { event: 'step.marked-succeeded', from: ['unknown'], to: 'succeeded' },
  { event: 'step.marked-failed', from: ['unknown'], to: 'failed' },
  { event: 'step.reopened', from: ['unknown'], to: 'awaiting-approval' },
  { event: 'step.skipped', from: ['awaiting-approval', 'by-hand', 'stalled'], to: 'skipped' },
  { event: 'step.done', from: ['by-hand'], to: 'done' },
];

export const RUN_TRANSITIONS: readonly Transition<RunStatus>[] = [
  { event: 'run.started', from: ['none'], to: 'running' },
  { event: 'run.halted', from: ['running'], to: 'needs-person' },
  { event: 'run.continued', from: ['needs-person'], to: 'running' },
  { event: 'run.paused', from: ['running', 'needs-person'], to: 'paused' },
  { event: 'run.resume-asked', from: ['paused'], to: 'paused' },
  { event: 'run.resumed', from: ['paused'], to: 'running' },
  { event: 'run.succeeded', from: ['running'], to: 'succeeded' },
  { event: 'run.failed', from: ['running', 'paused', 'needs-person'], to: 'failed' },
  // Of runs from before `run.halted`: an unknown outcome ended them. Nothing decides it any more; the log still holds it.
  { event: 'run.stopped', from: ['running', 'paused'], to: 'unknown' },
  { event: 'run.aborted', from: ['running', 'paused', 'needs-person'], to: 'aborted' },
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
