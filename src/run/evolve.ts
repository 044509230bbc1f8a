import {
  isReoffered,
  type NextJob,
  type PlannedStep,
  type RunEvent,
  type RunState,
  type StepState,
} from './run.ts';
import { move, RUN_TRANSITIONS, STEP_TRANSITIONS } from './states.ts';

export const initialRun: RunState = {
  status: 'none',
  plan: null,
  steps: [],
  startedAt: 0,
  endedAt: null,
  pausedBy: null,
  resumeAskedBy: null,
  abortedBy: null,
  changedAt: 0,
};

/** Folds one fact into the run. Pure; throws on a fact that the tables of states.ts do not allow. */
export function evolve(state: RunState, event: RunEvent): RunState {
  const changed = { ...state, changedAt: event.at };
  switch (event.type) {
    case 'run.started':
      return {
        ...changed,
        status: go(state, event),
        plan: event.plan,
        steps: event.plan.steps.map(fresh),
        startedAt: event.at,
      };
    case 'run.paused':
      return { ...changed, status: go(state, event), pausedBy: event.by, resumeAskedBy: null };
    case 'run.resume-asked':
      return { ...changed, status: go(state, event), resumeAskedBy: event.by };
    case 'run.resumed':
      return { ...changed, status: go(state, event), pausedBy: null, resumeAskedBy: null };
    case 'run.halted':
      return { ...changed, status: go(state, event), haltedAt: event.at };
    case 'run.continued':
      return { ...changed, status: go(state, event) };
    case 'run.aborted':
      return { ...changed, status: go(state, event), abortedBy: event.by, endedAt: event.at };
    case 'run.succeeded':
    case 'run.failed':
    case 'run.stopped':
      return { ...changed, status: go(state, event), endedAt: event.at };
    case 'step.offered':
      return onStep(changed, event, () => ({ expiresAt: event.expiresAt, approval: null }));
    case 'step.handed-over':
      return onStep(changed, event, () => ({ expiresAt: null, approval: null }));
    case 'step.stalled':
      return onStep(changed, event, () => ({
        expiresAt: null,
        approval: null,
        trouble: event.sentence ?? null,
      }));
    case 'step.approved':
      return onStep(changed, event, () => ({ expiresAt: null, approval: event.approval }));
    case 'step.dispatched':
      return onStep(changed, event, () => ({ attempt: event.attempt, dispatch: event.dispatch }));
    case 'step.started':
      return onStep(changed, event, () => ({ startedAt: event.at }));
    case 'step.printed':
      return onStep(changed, event, () => ({ printed: { tail: event.tail, bytes: event.bytes } }));
    case 'step.kill-asked':
      return onStep(changed, event, () => ({ killAskedBy: event.by }));
    case 'step.succeeded':
    case 'step.failed':
      return onStep(changed, event, (step) => ({
        ...withdrawn(step),
        result: event.result,
        startedAt: event.result.startedAt,
        printed: null,
      }));
    case 'step.not-delivered':
      return onStep(changed, event, () => ({ attempt: event.attempt - 1, dispatch: null }));
    case 'step.recovered':
      return onStep(changed, event, (step) => ({
        ...again(step, null),
        attempt: event.attempt,
        dispatch: null,
        trouble: event.sentence,
      }));
    case 'step.contradicted':
      return { ...changed, steps: changed.steps.map((step) => noted(step, event)) };
    case 'step.not-started':
      return onStep(changed, event, (step) => ({ ...again(step, event.next), trouble: event.sentence }));
    case 'step.marked-succeeded':
    case 'step.marked-failed':
      return onStep(changed, event, () => ({ ruling: event.ruling }));
    case 'step.reopened':
      return onStep(changed, event, (step) => ({
        ...again(step, event.next),
        expiresAt: event.expiresAt,
        ruling: event.ruling,
      }));
    case 'step.rejected':
      return onStep(changed, event, (step) => ({ ...withdrawn(step), trouble: event.sentence }));
    case 'step.unknown':
      return onStep(changed, event, () => ({
        trouble: event.sentence,
        ...(event.unheard ? { unheard: event.attempt } : {}),
      }));
    case 'step.skipped':
    case 'step.done':
      return onStep(changed, event, () => ({ closedBy: event.by }));
  }
}

/** What a step is before a further attempt: nothing of the one before may act on it. */
const again = (step: StepState, next: NextJob | null): Partial<StepState> => ({
  job: step.job && { ...step.job, ...next },
  expiresAt: null,
  approval: null,
  startedAt: null,
  printed: null,
  killAskedBy: null,
});

/** An outcome that comes late takes back what was offered, and what was approved and not used. */
const withdrawn = (step: StepState): Partial<StepState> =>
  isReoffered(step) ? { expiresAt: null, approval: null } : {};

/** What was recorded stays as it is. */
const noted = (step: StepState, { step: id, sentence }: { step: string; sentence: string }): StepState =>
  step.id === id ? { ...step, contradiction: sentence } : step;

function go(state: RunState, event: { type: string }): RunState['status'] {
  return move(RUN_TRANSITIONS, state.status, event.type);
}

function onStep(
  state: RunState,
  event: { type: string; step: string },
  change: (step: StepState) => Partial<StepState>,
): RunState {
  const steps = state.steps.map((step) =>
    step.id === event.step
      ? { ...step, ...change(step), status: move(STEP_TRANSITIONS, step.status, event.type) }
      : step,
  );
  return { ...state, steps };
}

function fresh(step: PlannedStep): StepState {
  return {
    ...step,
    status: 'waiting',
    attempt: 0,
    expiresAt: null,
    approval: null,
    dispatch: null,
    startedAt: null,
    printed: null,
    result: null,
    killAskedBy: null,
    closedBy: null,
    trouble: null,
  };
}
