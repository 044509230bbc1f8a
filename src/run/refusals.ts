import { refuse } from '../audit/subject.ts';
import type { StepState } from './run.ts';

/** The refusals that several commands on a run share. */

/** Somebody was first, or the step is not at the point where this could be done. */
export function answered(step: StepState): ReturnType<typeof refuse> {
  const who = step.approval?.by ?? step.closedBy ?? step.ruling?.by;
  const marked = step.ruling && step.ruling.choice === step.status && step.result === null;
  return refuse(
    'already-answered',
    `Step ${step.number} ${marked ? 'was marked as' : 'is'} ${words(step)}${who ? ` (<@${who}>)` : ''}. Your click changed nothing.`,
  );
}

/** The step's status as words. */
export const words = (step: StepState): string => step.status.replaceAll('-', ' ');

export const everythingPaused = () =>
  refuse(
    'paused',
    'All runs are paused, so nothing was changed. An admin can resume with `/runbook resume`.',
  );

export const runPaused = () =>
  refuse('paused', 'This run is paused, so nothing was changed. An admin can resume it with its button.');

export const personNeeded = () =>
  refuse(
    'needs-person',
    'Nobody knows yet how another step of this run ended, so nothing was changed. An approver has to say that first, in the message of that step.',
  );

export const appRemoved = () =>
  refuse(
    'app-removed',
    'The app was removed from this workspace after this run started, so the run is over. Start a new one.',
  );

export const noSuchStep = () => refuse('no-such-step', 'There is no such step in this run.');
