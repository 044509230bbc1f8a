import type { KnownBlock } from '@slack/types';
import type { Plan, RunState, StepState } from '../run/run.ts';
import { currentStep } from '../run/run.ts';
import { hasEnded, isSettled } from '../run/states.ts';
import { ACTIONS, encodeId } from './actions.ts';
import { actions, type ButtonSpec, context, section } from './blocks.ts';
import type { Message } from './message.ts';
import { MAX_TITLE, STANDING, stepMessage } from './render-step.ts';
import { duration, mention, moment, plain } from './words.ts';

/** What of the world beside the run shows in its picture. */
export interface Surroundings {
  /** Everything in the workspace is paused. */
  readonly allPaused: boolean;
}

/** The run as its thread: one message that says where it stands, and one under it for each step it has come to. */
export function renderRun(state: RunState, { allPaused }: Surroundings): Message[] {
  const { plan } = state;
  if (!plan) return [];
  const reached = state.steps.filter((step) => step.status !== 'waiting');
  return [runMessage(state, plan, allPaused), ...reached.map((step) => stepMessage(state, plan, step))];
}

function runMessage(state: RunState, plan: Plan, allPaused: boolean): Message {
  const headline = `*${plain(plan.title, MAX_TITLE)}*`;
  const held = allPaused && state.status === 'running' ? 'Held, because all runs are paused. ' : '';
  const where = held + whereItStands(state);
  const people = `Run ${plan.runId}, started by ${mention(plan.requester)} at ${moment(state.startedAt)} · ${count(state.steps.length)}`;
  return {
    key: 'run',
    channel: plan.channel,
    spot: { kind: 'channel' },
    text: `${plain(plan.title, MAX_TITLE)}: ${where}`,
    blocks: [section(`${headline}\n${where}`), context(people), ...runButtons(state, plan)],
  };
}

function whereItStands(state: RunState): string {
  const step = state.steps.find(({ status }) => status === 'unknown') ?? currentStep(state, isSettled);
  const at = step ? `step ${step.number} of ${state.steps.length}` : 'its end';
  switch (state.status) {
    case 'none':
      return '';
    case 'running':
      return step ? `Running: ${at} ${STANDING[step.status]}.` : 'Running.';
    case 'paused':
      return `Paused by ${state.pausedBy ? mention(state.pausedBy) : 'somebody'} at ${at}. Nothing new starts. ${state.resumeAskedBy ? `${mention(state.resumeAskedBy)} asked to resume; a second admin has to confirm.` : 'An admin can resume.'}`;
    case 'succeeded':
      return `Finished in ${elapsed(state)}: ${tally(state)}.`;
    case 'failed':
      return `Failed at ${at} after ${elapsed(state)}: ${tally(state)}. Nothing else will start.`;
    case 'needs-person':
      return `Needs a person${state.haltedAt ? ` since ${moment(state.haltedAt)}` : ''}: nobody can know how ${at} ended. Nothing else starts until an approver says so, in the message of that step.`;
    case 'unknown':
      return `Stopped at ${at}: nobody can know how it ended. Look at the host before anything else. Nothing else will start.`;
    case 'aborted':
      return `Aborted ${state.abortedBy ? `by ${mention(state.abortedBy)}` : 'because the app was removed from the workspace'} after ${elapsed(state)}: ${tally(state)}.`;
  }
}

function runButtons(state: RunState, plan: Plan): KnownBlock[] {
  if (hasEnded(state.status)) return [];
  const value = encodeId(plan.runId);
  const hold: ButtonSpec =
    state.status === 'paused'
      ? { action: ACTIONS.resumeRun, label: 'Resume run', value }
      : { action: ACTIONS.pauseRun, label: 'Pause run', value };
  const question = 'No further step will start. A step that is running goes on to its end.';
  const ask = { title: 'Abort this run', question, yes: 'Abort run' };
  return [actions(hold, { action: ACTIONS.abortRun, label: 'Abort run', value, style: 'danger', ask })];
}

const elapsed = (state: RunState): string => duration((state.endedAt ?? state.changedAt) - state.startedAt);

function tally(state: RunState): string {
  const of = (status: StepState['status']) => state.steps.filter((step) => step.status === status).length;
  const parts = [
    `${of('succeeded')} of ${state.steps.length} steps ran`,
    ...(of('done') ? [`${of('done')} done by hand`] : []),
    ...(of('skipped') ? [`${of('skipped')} skipped`] : []),
  ];
  return parts.join(', ');
}

const count = (steps: number): string => `${steps} step${steps === 1 ? '' : 's'}`;
