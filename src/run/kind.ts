import type { Kind } from '../audit/subject.ts';
import { decide } from './decide.ts';
import { evolve, initialRun } from './evolve.ts';
import { stepDueAt } from './lapses.ts';
import { currentStep, type RunCommand, type RunEvent, type RunState } from './run.ts';
import { hasEnded, isSettled, isUnderWay } from './states.ts';

/** The run as a subject of the log. */
export const runKind: Kind<RunState, RunCommand, RunEvent> = {
  kind: 'run',
  initial: initialRun,
  decide,
  evolve,
  status: (state) => {
    const underWay = state.steps.some((step) => isUnderWay(step.status));
    return underWay ? 'under-way' : state.status;
  },
  dueAt: runDueAt,
};

/** Statuses of runs in which something may still start or end. */
export const LIVE_STATUSES = ['running', 'paused', 'needs-person', 'under-way'] as const;

function runDueAt(state: RunState): number | null {
  const underWay = state.steps.find((step) => isUnderWay(step.status));
  if (underWay) return stepDueAt(underWay);
  if (hasEnded(state.status) || state.status === 'paused') return null;
  const step = currentStep(state, isSettled);
  // A step still waiting in a running run means that a pause of the workspace held it back: look again.
  return step?.status === 'waiting' ? state.changedAt : step && stepDueAt(step);
}
