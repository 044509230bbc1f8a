import type { KnownBlock } from '@slack/types';
import type { Job, Plan, Ruling, RunState, StepState } from '../run/run.ts';
import { isReoffered, REASON_LENGTH } from '../run/run.ts';
import { hasEnded } from '../run/states.ts';
import { truncateHead, truncateTail } from '../text/truncate.ts';
import { visible } from '../text/visible.ts';
import { ACTIONS, encodeStep } from './actions.ts';
import { actions, type ButtonSpec, code, context, section } from './blocks.ts';
import type { Message } from './message.ts';
import { caution, duration, mention, moment, plain, RISK_LABEL, reasons } from './words.ts';

/** What of a title stands in a message (UTF-16 units). */
export const MAX_TITLE = 200;
const MAX_ABOUT = 2_000; // of a step beside its command and output, so that a message keeps to its budget
const MAX_OUTPUT = 2_000; // what of a step's output stands in the thread; the log keeps what the agent sent
const HASH_DIGITS = 8; // enough for two people to compare by eye

/** A step's status, to go on after its number. */
export const STANDING: Record<StepState['status'], string> = {
  waiting: 'is held back by a pause',
  'awaiting-approval': 'waits for approval',
  'by-hand': 'is for a person to do',
  stalled: 'stalled and has to be asked for again',
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

/** One step as a message under its run's. */
export function stepMessage(state: RunState, plan: Plan, step: StepState): Message {
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
      ...(isLeftOver(state, step) ? [] : detail(state, step)),
      ...(step.contradiction ? [context(plain(step.contradiction))] : []),
      ...(step.ruling ? [context(ruled(step, step.ruling))] : []),
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

function standing(state: RunState, step: StepState): string {
  if (isLeftOver(state, step)) return 'was not run';
  return isMarked(step) ? `was marked as ${step.status}` : STANDING[step.status];
}

/** True when a person said how it ended, and no agent did. */
const isMarked = ({ ruling, status, result }: StepState): boolean =>
  ruling?.choice === status && result === null;

/** Who said what of an unknown outcome, why, and what became of it. */
function ruled(step: StepState, { choice, attempt, by, at, reason }: Ruling): string {
  const why = `“${plain(reason, REASON_LENGTH.max)}”`;
  if (choice !== 'rerun') return `Marked as ${choice} by ${mention(by)} at ${moment(at)}: ${why}`;
  const asked = `Nobody knew how attempt ${attempt} ended. ${mention(by)} asked at ${moment(at)} to run it again: ${why}`;
  const late = isReoffered(step) && (step.status === 'rejected' || step.result !== null);
  return late
    ? `${asked} Before that happened the agent said how it had ended, so the offer was withdrawn.`
    : asked;
}

function commandBlocks({ job, byHand }: StepState): KnownBlock[] {
  if (job) return [code(job.command), ...startsIn(job)];
  return byHand?.command ? [code(truncateHead(visible(byHand.command), MAX_OUTPUT))] : [];
}

/** The folder it starts in, when that is another than usual. */
export function startsIn({ exec }: Job): KnownBlock[] {
  return exec.cwd === '/' ? [] : [context(`Starts in \`${plain(exec.cwd)}\`.`)];
}

/** What a reader needs at this point of the step's life, and no more. */
function detail(state: RunState, step: StepState): KnownBlock[] {
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
      return step.byHand ? [context(plain(step.byHand.reason))] : [];
    case 'stalled':
      return [
        context(
          step.trouble
            ? `${plain(step.trouble)} To go on, ask again or skip the step.`
            : 'The approval lapsed or was taken back by a pause. Nothing ran. Ask again to go on, or skip the step.',
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
      return [
        ...(step.printed ? output(step.printed.tail, step.printed.bytes) : []),
        context(
          [
            plain(step.trouble ?? 'The agent cannot say how it ended.'),
            [started(step), approvedBy(step), killed(step)].filter(Boolean).join(' · '),
            hasEnded(state.status) ? '' : 'Look at the host, then say how it ended. An approver can.',
          ]
            .filter(Boolean)
            .join('\n'),
        ),
      ];
    case 'waiting':
    case 'skipped':
    case 'done':
      return [];
  }
}

function whoMayApprove(job: Job): string {
  switch (job.rule) {
    case 'auto':
    case 'one':
      return 'Any approver may approve.';
    case 'other-than-requester':
      return 'Somebody other than the person who started the run has to approve, and type the target.';
  }
}

const bytes = (job: Job): string =>
  `Approval is bound to these bytes: ${job.execSha256.slice(0, HASH_DIGITS)}`;

const lapse = (step: StepState): string => (step.expiresAt ? `Lapses at ${moment(step.expiresAt)}.` : '');

/** Of an attempt whose sending is on no record there is nothing to say but the agent's word. */
const started = ({ startedAt, dispatch }: StepState): string => {
  if (!dispatch) return '';
  return startedAt ? `Started at ${moment(startedAt)}` : 'The agent never said that it started it';
};

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
    case 'unknown':
      return [actions(...outcomeButtons(state, step, value))];
    case 'stalled':
      return [actions({ action: ACTIONS.askAgain, label: 'Ask again', value, style: 'primary' }, skip)];
    default:
      return [];
  }
}

/** What a person can say of an unknown outcome. While the run is paused nothing can be asked for. */
function outcomeButtons(state: RunState, { number }: StepState, value: string): ButtonSpec[] {
  const marks = [
    { action: ACTIONS.markSucceeded, label: `Mark step ${number} succeeded`, value },
    { action: ACTIONS.markFailed, label: `Mark step ${number} failed`, value },
  ];
  if (state.status === 'paused') return marks;
  return [...marks, { action: ACTIONS.runAgain, label: `Run step ${number} again …`, value }];
}

function approveButton(step: StepState, value: string): ButtonSpec {
  return step.job?.confirm
    ? { action: ACTIONS.confirmStep, label: `Approve step ${step.number} …`, value, style: 'danger' }
    : { action: ACTIONS.approveStep, label: `Approve step ${step.number}`, value, style: 'primary' };
}

const target = (plan: Plan, step: StepState): string =>
  encodeStep({ run: plan.runId, step: step.id, shown: step.job?.execSha256 ?? '' });
