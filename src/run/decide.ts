import { type Decision, events, type Facts, refuse } from '../audit/subject.ts';
import type { StepId } from '../protocol/ids.ts';
import type { Person } from '../tenant/person.ts';
import { answerResume } from '../tenant/resume.ts';
import { evolve } from './evolve.ts';
import { APPROVAL_TTL_MS, mayApprove, REPORT_MARGIN_MS } from './policy.ts';
import {
  currentStep,
  type Job,
  type RunCommand,
  type RunEvent,
  type RunState,
  type StepReport,
  type StepState,
} from './run.ts';
import { canMove, hasEnded, isSettled, isUnderWay, STEP_TRANSITIONS } from './states.ts';

type Of<Type extends RunCommand['type']> = Extract<RunCommand, { type: Type }>;

/** Turns a command on a run into facts or a refusal, and adds what follows from them at once. Pure. */
export function decide(state: RunState, command: RunCommand, facts: Facts): Decision<RunEvent> {
  const first = decideCommand(state, command, facts);
  if (!first.ok) return first;
  const after = first.events.reduce(evolve, state);
  return events(...first.events, ...whatFollows(after, facts));
}

function decideCommand(state: RunState, command: RunCommand, facts: Facts): Decision<RunEvent> {
  if (command.type === 'start') return start(state, command, facts);
  if (command.type === 'report') return report(state, command, facts.now);
  if (command.type === 'tick') return events(...lapses(state, facts));
  if (!state.plan) return refuse('no-such-run', 'There is no such run.');
  // A step that outlives its run (aborted while it ran) can still be stopped.
  if (hasEnded(state.status) && command.type !== 'kill')
    return refuse('run-ended', 'This run has ended, so nothing in it can be changed any more.');
  if (command.type === 'dispatch') return dispatch(state, command, facts);
  if (command.by.standing !== 'member') return notAMember();

  const at = facts.now;
  const by = command.by.user;
  switch (command.type) {
    case 'approve':
      return approve(state, command, facts);
    case 'skip':
      return close(state, command.step, { type: 'step.skipped', step: command.step, by, at }, 'skipped');
    case 'done':
      return close(state, command.step, { type: 'step.done', step: command.step, by, at }, 'marked as done');
    case 'ask-again':
      return askAgain(state, command.step, facts);
    case 'kill':
      return kill(state, command.step, command.by, at);
    case 'pause':
      return state.status === 'paused'
        ? events()
        : events({ type: 'run.paused', by, at }, ...takenBack(state, at));
    case 'resume':
      return resume(state, command, at);
    case 'abort':
      return events({ type: 'run.aborted', by, at });
  }
}

/** What the run does next without anybody asking: offer the next step, approve a safe one by policy, or end. */
function whatFollows(state: RunState, { now, tenant }: Facts): RunEvent[] {
  if (state.status !== 'running') return endings(state, now);
  const step = currentStep(state, isSettled);
  if (!step) return [{ type: 'run.succeeded', at: now }];
  if (step.status !== 'waiting' || tenant.paused) return endings(state, now);
  if (!step.job) return [{ type: 'step.handed-over', step: step.id, at: now }];
  return [step.job.rule === 'auto' ? approvedByPolicy(step.id, step.job, now) : offer(step.id, now)];
}

/** A failed step ends its run, and so does one whose outcome nobody can know. */
function endings(state: RunState, at: number): RunEvent[] {
  if (state.status !== 'running' && state.status !== 'paused') return [];
  if (state.steps.some((step) => step.status === 'failed' || step.status === 'rejected'))
    return [{ type: 'run.failed', at }];
  if (state.steps.some((step) => step.status === 'unknown')) return [{ type: 'run.stopped', at }];
  return [];
}

function offer(step: StepId, now: number): RunEvent {
  return { type: 'step.offered', step, expiresAt: now + APPROVAL_TTL_MS, at: now };
}

function approvedByPolicy(step: StepId, job: Job, now: number): RunEvent {
  const approval = { by: null, at: now, startBy: now + APPROVAL_TTL_MS, forced: '' as const, record: null };
  return { type: 'step.approved', step, approval, execSha256: job.execSha256, at: now };
}

function start(
  state: RunState,
  { plan, by, trust }: Of<'start'>,
  { now, tenant }: Facts,
): Decision<RunEvent> {
  if (state.plan) return events();
  if (by.standing !== 'member') return notAMember();
  if (trust === 'observe')
    return refuse(
      'observe-only',
      'This workspace only observes: nothing runs. An operator can raise the trust level.',
    );
  if (tenant.paused) return everythingPaused();
  return events({ type: 'run.started', plan, at: now });
}

function approve(state: RunState, command: Of<'approve'>, { now, tenant }: Facts): Decision<RunEvent> {
  const found = open(state, command.step);
  if (!found.ok) return found;
  const { step } = found;
  if (!step.job || !command.record)
    return refuse('no-command', `Step ${step.number} has nothing for an agent to run.`);
  if (step.status !== 'awaiting-approval') return answered(step);
  if (tenant.paused) return everythingPaused();
  if (state.status === 'paused') return runPaused();
  if (step.expiresAt !== null && now >= step.expiresAt) {
    return refuse(
      'approval-expired',
      `The request to approve step ${step.number} has lapsed. Ask again first.`,
    );
  }
  if (command.shown !== step.job.execSha256) {
    return refuse(
      'not-what-was-shown',
      `Step ${step.number} is no longer what you were shown. Nothing was approved; look at the step again.`,
    );
  }
  const standing = mayApprove(
    step.job.rule,
    command.by.user,
    state.plan?.requester ?? command.by.user,
    command.census,
  );
  if (!standing.ok) return refuse('not-yours-to-approve', standing.sentence);
  if (
    step.job.confirm !== null &&
    command.typed?.trim().normalize('NFC') !== step.job.confirm.normalize('NFC')
  ) {
    return refuse(
      'not-confirmed',
      `Type exactly ${step.job.confirm} to approve this step. Nothing was approved.`,
    );
  }
  const { startBy, record } = command;
  const approval = { by: command.by.user, at: now, startBy, forced: standing.forced, record };
  return events({ type: 'step.approved', step: step.id, approval, execSha256: step.job.execSha256, at: now });
}

function close(
  state: RunState,
  id: StepId,
  event: Extract<RunEvent, { by: unknown; step: unknown }>,
  word: string,
): Decision<RunEvent> {
  const found = open(state, id);
  if (!found.ok) return found;
  if (canMove(STEP_TRANSITIONS, found.step.status, event.type)) return events(event);
  return refuse('not-now', `Step ${found.step.number} is ${words(found.step)}, so it cannot be ${word}.`);
}

function askAgain(state: RunState, id: StepId, { now, tenant }: Facts): Decision<RunEvent> {
  const found = open(state, id);
  if (!found.ok) return found;
  if (tenant.paused) return everythingPaused();
  if (state.status === 'paused') return runPaused();
  return found.step.status === 'stalled' ? events(offer(id, now)) : answered(found.step);
}

function kill(state: RunState, id: StepId, by: Person, at: number): Decision<RunEvent> {
  const step = state.steps.find((candidate) => candidate.id === id);
  if (step?.status !== 'running')
    return refuse('not-running', 'That step is not running, so there is nothing to stop.');
  return step.killAskedBy ? events() : events({ type: 'step.kill-asked', step: id, by: by.user, at });
}

function resume(state: RunState, command: Of<'resume'>, at: number): Decision<RunEvent> {
  if (state.status !== 'paused') return refuse('not-paused', 'This run is not paused.');
  const answer = answerResume(command, state.resumeAskedBy);
  const by = command.by.user;
  switch (answer.kind) {
    case 'refused':
      return { ok: false, refusal: answer.refusal };
    case 'ask-second':
      return events({ type: 'run.resume-asked', by, at });
    case 'go':
      return events({ type: 'run.resumed', by, at });
  }
}

/** The last gate before bytes leave: the approval still holds, nothing is paused, and the bytes are the approved ones. */
function dispatch(state: RunState, command: Of<'dispatch'>, { now, tenant }: Facts): Decision<RunEvent> {
  const found = open(state, command.step);
  if (!found.ok) return found;
  const { step } = found;
  if (step.status !== 'approved' || !step.approval || !step.job) return answered(step);
  if (state.status !== 'running') return runPaused();
  if (tenant.paused || command.panicEpoch !== tenant.panicEpoch) return everythingPaused();
  if (now >= step.approval.startBy)
    return refuse('approval-expired', `The approval of step ${step.number} is no longer valid.`);
  if (command.execSha256 !== step.job.execSha256) {
    return refuse('not-what-was-approved', `Step ${step.number} is not what was approved. It was not sent.`);
  }
  return events({
    type: 'step.dispatched',
    step: step.id,
    attempt: step.attempt + 1,
    dispatch: command.dispatch,
    at: now,
  });
}

/** Records what an agent says. Saying it twice changes nothing; saying it of another attempt is refused. */
function report(
  state: RunState,
  { step: id, attempt, report: said }: Of<'report'>,
  at: number,
): Decision<RunEvent> {
  const step = state.steps.find((candidate) => candidate.id === id);
  if (!step || step.attempt !== attempt)
    return refuse('no-such-attempt', 'No such attempt of that step was ever sent.');
  const event = reported(id, attempt, said, at);
  if (canMove(STEP_TRANSITIONS, step.status, event.type)) return events(event);
  return events();
}

function reported(step: StepId, attempt: number, said: StepReport, at: number): RunEvent {
  switch (said.kind) {
    case 'started':
      return { type: 'step.started', step, attempt, startedAt: said.startedAt, at };
    case 'printed':
      return { type: 'step.printed', step, attempt, tail: said.tail, bytes: said.bytes, at };
    case 'finished': {
      const succeeded = said.result.exitCode === 0 && !said.result.timedOut;
      return { type: succeeded ? 'step.succeeded' : 'step.failed', step, attempt, result: said.result, at };
    }
    case 'rejected':
      return { type: 'step.rejected', step, attempt, code: said.code, sentence: said.sentence, at };
    case 'unknown':
      return { type: 'step.unknown', step, attempt, code: 'agent-lost-it', sentence: said.sentence, at };
  }
}

/** A pause takes back an approval that was not used yet: after it, somebody looks again before anything starts. */
function takenBack(state: RunState, at: number): RunEvent[] {
  return state.steps.flatMap(({ id, status }) =>
    status === 'approved' ? [{ type: 'step.stalled' as const, step: id, at }] : [],
  );
}

/** Deadlines that have passed: an offer nobody took, an approval nobody used, an agent that went quiet. */
function lapses(state: RunState, { now, tenant }: Facts): RunEvent[] {
  if (tenant.paused && !hasEnded(state.status)) {
    const back = takenBack(state, now);
    if (back.length > 0) return back;
  }
  const step = state.steps.find((candidate) => isUnderWay(candidate.status)) ?? currentStep(state, isSettled);
  const due = step && stepDueAt(step);
  if (!step || due === null || due === undefined || now < due) return [];
  const { id, attempt } = step;
  switch (step.status) {
    case 'awaiting-approval':
      return hasEnded(state.status) ? [] : [{ type: 'step.stalled', step: id, at: now }];
    case 'approved':
      return step.approval && now >= step.approval.startBy && !hasEnded(state.status)
        ? [{ type: 'step.stalled', step: id, at: now }]
        : [];
    case 'dispatched':
    case 'running': {
      const sentence = `The agent has not said how step ${step.number} ended. It may have run, in part or whole: look at the host before anything else.`;
      return [{ type: 'step.unknown', step: id, attempt, code: 'agent-silent', sentence, at: now }];
    }
    default:
      return [];
  }
}

/** When the step next needs looking at (ms since 1970), or null when it waits for a person without limit. */
export function stepDueAt(step: StepState): number | null {
  switch (step.status) {
    case 'awaiting-approval':
      return step.expiresAt;
    case 'approved':
      return step.approval?.at ?? null;
    case 'dispatched':
      return (step.dispatch?.exp ?? 0) + REPORT_MARGIN_MS;
    case 'running':
      return (step.startedAt ?? 0) + (step.dispatch?.timeoutMs ?? 0) + REPORT_MARGIN_MS;
    default:
      return null;
  }
}

type Open = { readonly ok: true; readonly step: StepState } | ReturnType<typeof refuse>;

/** The step a person means, when the run stands at it. */
function open(state: RunState, id: StepId): Open {
  const step = state.steps.find((candidate) => candidate.id === id);
  if (!step) return refuse('no-such-step', 'There is no such step in this run.');
  if (currentStep(state, isSettled)?.id !== id) return answered(step);
  return { ok: true, step };
}

function answered(step: StepState): ReturnType<typeof refuse> {
  const who = step.approval?.by ?? step.closedBy;
  return refuse(
    'already-answered',
    `Step ${step.number} is ${words(step)}${who ? ` (<@${who}>)` : ''}. Your click changed nothing.`,
  );
}

const words = (step: StepState): string => step.status.replaceAll('-', ' ');

const everythingPaused = () =>
  refuse(
    'paused',
    'All runs are paused, so nothing was changed. An admin can resume with `/runbook resume`.',
  );

const runPaused = () =>
  refuse('paused', 'This run is paused, so nothing was changed. An admin can resume it with its button.');

const notAMember = () =>
  refuse(
    'not-a-member',
    'Only full members of this workspace can do that. Nothing was changed; ask a member to.',
  );
