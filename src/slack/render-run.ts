import type { KnownBlock } from '@slack/types';
import type { Job, Plan, RunState, StepState } from '../run/run.ts';
import { currentStep } from '../run/run.ts';
import { hasEnded, isSettled } from '../run/states.ts';
import { truncateHead, truncateTail } from '../text/truncate.ts';
import { visible } from '../text/visible.ts';
import { ACTIONS, encodeId, encodeStep } from './actions.ts';
import { actions, type ButtonSpec, code, context, section } from './blocks.ts';
import type { Message } from './message.ts';
import { caution, duration, mention, moment, plain, RISK_LABEL, reasons } from './words.ts';

const MAX_TITLE = 200;
const MAX_ABOUT = 2_000; // of a step beside its command and output, so that a message keeps to its budget
const MAX_OUTPUT = 2_000; // what of a step's output stands in the thread; the log keeps what the agent sent
const HASH_DIGITS = 8; // enough for two people to compare by eye

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
  const step = currentStep(state, isSettled);
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
    case 'unknown':
      return `Stopped at ${at}: nobody can know how it ended. Look at the host before anything else. Nothing else will start.`;
    case 'aborted':
      return `Aborted by ${state.abortedBy ? mention(state.abortedBy) : 'somebody'} after ${elapsed(state)}: ${tally(state)}.`;
  }
}

const STANDING: Record<StepState['status'], string> = {
  waiting: 'is held back by a pause',
  'awaiting-approval': 'waits for approval',
  'by-hand': 'is for a person to do',
  stalled: 'stalled because nobody approved in time',
  approved: 'is approved and waits for the agent',
  dispatched: 'is on its way to the agent',
  running: 'is running',
  succeeded: 'is done',
  failed: 'failed',
  rejected: 'was refused by the agent',
  unknown: 'has an unknown outcome',
  skipped: 'was skipped',
  done: 'was done by hand',
};

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

function stepMessage(state: RunState, plan: Plan, step: StepState): Message {
  const line = stepLine(state, step);
  const title = plain(step.title, MAX_TITLE);
  const notes = [
    ...(step.branch ? [`Only if: ${plain(step.branch, MAX_TITLE)}`] : []),
    ...step.warnings.map((warning) => caution(warning, MAX_TITLE)),
  ];
  return {
    key: step.id,
    channel: plan.channel,
    spot: { kind: 'under', key: 'run' },
    text: `Step ${step.number} of ${state.steps.length} ${standing(state, step)}: ${title}`,
    blocks: [
      section(truncateHead([line, title, ...notes].join('\n'), MAX_ABOUT)),
      ...commandBlocks(step),
      ...(isLeftOver(state, step) ? [] : detail(step)),
      ...stepButtons(state, plan, step),
    ],
  };
}

function stepLine(state: RunState, step: StepState): string {
  const risk = step.job ? `${RISK_LABEL[step.job.verdict.risk]} · ` : '';
  const took = step.result ? ` in ${duration(step.result.finishedAt - step.result.startedAt)}` : '';
  const who = step.closedBy ? ` by ${mention(step.closedBy)}` : '';
  return `${risk}*Step ${step.number} of ${state.steps.length}* ${standing(state, step)}${took}${who}`;
}

/** True when the run ended before anything came of the step. */
const isLeftOver = (state: RunState, { status }: StepState): boolean =>
  hasEnded(state.status) && OPEN.includes(status);

const OPEN: readonly StepState['status'][] = [
  'waiting',
  'awaiting-approval',
  'by-hand',
  'stalled',
  'approved',
];

const standing = (state: RunState, step: StepState): string =>
  isLeftOver(state, step) ? 'was not run' : STANDING[step.status];

function commandBlocks({ job, byHand }: StepState): KnownBlock[] {
  if (job) return [code(job.command)];
  return byHand?.command ? [code(truncateHead(visible(byHand.command), MAX_OUTPUT))] : [];
}

/** What a reader needs at this point of the step's life, and no more. */
function detail(step: StepState): KnownBlock[] {
  const { job, status } = step;
  switch (status) {
    case 'awaiting-approval':
      return job
        ? [
            context(
              [reasons(job.verdict), whoMayApprove(job), lapse(step), bytes(job)].filter(Boolean).join('\n'),
            ),
          ]
        : [];
    case 'by-hand':
      return step.byHand ? [context(step.byHand.reason)] : [];
    case 'stalled':
      return [
        context(
          'The approval lapsed or was taken back by a pause. Nothing ran. Ask again to go on, or skip the step.',
        ),
      ];
    case 'approved':
    case 'dispatched':
      return [context(approvedBy(step))];
    case 'running':
      return [
        ...output(step.printed?.tail ?? '', step.printed?.bytes ?? 0),
        context([since(step), approvedBy(step), killed(step)].filter(Boolean).join(' · ')),
      ];
    case 'succeeded':
    case 'failed':
      return step.result
        ? [
            ...resultOutput(step),
            context([exit(step.result), approvedBy(step), killed(step)].filter(Boolean).join(' · ')),
          ]
        : [];
    case 'rejected':
      return [
        context(`The agent refused it and did not start it: ${plain(step.trouble ?? 'no reason given')}`),
      ];
    case 'unknown':
      return [context(plain(step.trouble ?? 'The agent cannot say how it ended.'))];
    case 'waiting':
    case 'skipped':
    case 'done':
      return [];
  }
}

function whoMayApprove(job: Job): string {
  switch (job.rule) {
    case 'auto':
      return '';
    case 'one':
      return 'Any full member may approve.';
    case 'other-than-requester':
      return 'Somebody other than the person who started the run has to approve, and type the target.';
  }
}

const bytes = (job: Job): string =>
  `Approval is bound to these bytes: ${job.execSha256.slice(0, HASH_DIGITS)}`;

const lapse = (step: StepState): string => (step.expiresAt ? `Lapses at ${moment(step.expiresAt)}.` : '');

const since = (step: StepState): string => (step.startedAt ? `Since ${moment(step.startedAt)}` : '');

const killed = (step: StepState): string =>
  step.killAskedBy ? `${mention(step.killAskedBy)} asked to stop it` : '';

function approvedBy({ approval }: StepState): string {
  if (!approval) return '';
  if (!approval.by) return 'Ran by policy: safe steps need no approval here';
  const solo = approval.forced === 'solo' ? ', alone in this workspace' : '';
  return `Approved by ${mention(approval.by)} at ${moment(approval.at)}${solo}`;
}

function exit({ exitCode, signal, timedOut }: NonNullable<StepState['result']>): string {
  if (timedOut) return 'Ended by the agent: it ran longer than allowed';
  return signal ? `Ended by ${signal}` : `Exit code ${exitCode}`;
}

function resultOutput({ result }: StepState): KnownBlock[] {
  if (!result) return [];
  const cut = result.bytes > Buffer.byteLength(result.head) + Buffer.byteLength(result.tail);
  return output(cut && result.tail ? result.tail : result.head + result.tail, result.bytes);
}

function output(text: string, total: number): KnownBlock[] {
  const trimmed = visible(text.trimEnd());
  if (total === 0) return [context('No output.')];
  const shown = truncateTail(trimmed, MAX_OUTPUT);
  const more = Buffer.byteLength(shown) + 1 < total ? [context(`The end of ${total} bytes of output.`)] : [];
  return [code(shown), ...more];
}

function stepButtons(state: RunState, plan: Plan, step: StepState): KnownBlock[] {
  if (step.status === 'running') {
    if (step.killAskedBy) return [];
    const ask = {
      title: 'Stop this step',
      question: 'The agent ends the step and everything it started. What it did so far stays done.',
      yes: 'Stop step',
    };
    return [
      actions({
        action: ACTIONS.killStep,
        label: `Stop step ${step.number}`,
        value: target(plan, step),
        style: 'danger',
        ask,
      }),
    ];
  }
  if (hasEnded(state.status)) return [];
  const value = target(plan, step);
  const skip: ButtonSpec = { action: ACTIONS.skipStep, label: `Skip step ${step.number}`, value };
  switch (step.status) {
    case 'awaiting-approval':
      return [actions(approveButton(step, value), skip)];
    case 'by-hand':
      return [
        actions(
          { action: ACTIONS.doneStep, label: `Mark step ${step.number} done`, value, style: 'primary' },
          skip,
        ),
      ];
    case 'stalled':
      return [actions({ action: ACTIONS.askAgain, label: 'Ask again', value, style: 'primary' }, skip)];
    default:
      return [];
  }
}

function approveButton(step: StepState, value: string): ButtonSpec {
  return step.job?.confirm
    ? { action: ACTIONS.confirmStep, label: `Approve step ${step.number} …`, value, style: 'danger' }
    : { action: ACTIONS.approveStep, label: `Approve step ${step.number}`, value, style: 'primary' };
}

const target = (plan: Plan, step: StepState): string =>
  encodeStep({ run: plan.runId, step: step.id, shown: step.job?.execSha256 ?? '' });

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
