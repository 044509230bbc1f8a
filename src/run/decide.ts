import { type Decision, events, type Facts, refuse, type TenantFacts } from '../audit/subject.ts';
import type { StepId } from '../protocol/ids.ts';
import type { Person } from '../tenant/person.ts';
import { answerResume } from '../tenant/resume.ts';
import type { Role } from '../tenant/role.ts';
import { refuseRole, subjectOf } from '../tenant/roles.ts';
import { evolve } from './evolve.ts';
import { isTooLate, lapses, takenBack, whyVoid } from './lapses.ts';
import { APPROVAL_TTL_MS, mayApprove } from './policy.ts';
import {
  answered,
  appRemoved,
  everythingPaused,
  noSuchStep,
  personNeeded,
  runPaused,
  words,
} from './refusals.ts';
import { nextOf, report } from './reports.ts';
import {
  type Approval,
  currentStep,
  type Job,
  REASON_LENGTH,
  type RunCommand,
  type RunEvent,
  type RunState,
  type StepState,
  type VoidReason,
} from './run.ts';
import { canMove, hasEnded, isSettled, STEP_TRANSITIONS } from './states.ts';

type Of<Type extends RunCommand['type']> = Extract<RunCommand, { type: Type }>;

/** Turns a command on a run into facts or a refusal, and adds what follows from them at once. Pure. */
export function decide(state: RunState, command: RunCommand, facts: Facts): Decision<RunEvent> {
  const first = decideCommand(state, command, facts);
  if (!first.ok) return first;
  const after = first.events.reduce(evolve, state);
  return events(...first.events, ...whatFollows(after, facts));
}

/** Which role each act takes, and the act in words. To resume takes more, and has a rule of its own. */
const RIGHTS = {
  approve: ['approver', 'Approving a step'],
  settle: ['approver', 'Saying how a step ended'],
  skip: ['responder', 'Skipping a step'],
  done: ['responder', 'Marking a step as done'],
  'ask-again': ['responder', 'Asking again'],
  kill: ['responder', 'Stopping a step'],
  abort: ['responder', 'Aborting a run'],
  pause: ['viewer', 'Pausing a run'],
  resume: ['viewer', 'Resuming a run'],
} as const satisfies Record<string, readonly [Role, string]>;

function decideCommand(state: RunState, command: RunCommand, facts: Facts): Decision<RunEvent> {
  if (command.type === 'start') return start(state, command, facts);
  if (command.type === 'report') return report(state, command, facts.now);
  if (command.type === 'tick') return events(...lapses(state, facts));
  if (!state.plan) return refuse('no-such-run', 'There is no such run.');
  // A step that outlives its run (aborted while it ran) can still be stopped.
  if (hasEnded(state.status) && command.type !== 'kill')
    return refuse('run-ended', 'This run has ended, so nothing in it can be changed any more.');
  if (isOver(state, facts.tenant) && command.type !== 'kill' && command.type !== 'abort') return appRemoved();
  if (command.type === 'dispatch') return dispatch(state, command, facts);
  if (command.type === 'void') return takeBack(state, command, facts.now);
  const [role, act] = RIGHTS[command.type];
  const refusal = refuseRole(command.by, facts.tenant, role, act);
  if (refusal) return { ok: false, refusal };

  const at = facts.now;
  const by = command.by.user;
  switch (command.type) {
    case 'approve':
      return approve(state, command, facts);
    case 'settle':
      return settle(state, command, facts);
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
      return resume(state, command, facts);
    case 'abort':
      return events({ type: 'run.aborted', by, at });
  }
}

/** True for a run from before the app was removed: installing it again starts nothing that was left. */
const isOver = (state: RunState, { removedAt }: TenantFacts): boolean =>
  removedAt !== undefined && state.plan !== null && state.startedAt <= removedAt;

/** What the run does next without anybody asking: offer the next step, approve a safe one by policy, halt, or end. */
function whatFollows(state: RunState, facts: Facts): RunEvent[] {
  const { now: at, tenant } = facts;
  if (state.status === 'none' || hasEnded(state.status)) return [];
  if (state.steps.some(({ status }) => status === 'failed' || status === 'rejected'))
    return [{ type: 'run.failed', at }];
  if (isOver(state, tenant)) return [{ type: 'run.aborted', by: null, at }];
  const isUnknown = state.steps.some(({ status }) => status === 'unknown');
  if (state.status === 'needs-person') {
    if (isUnknown) return [];
    const goesOn = { type: 'run.continued', at } as const;
    return [goesOn, ...whatFollows(evolve(state, goesOn), facts)];
  }
  if (state.status !== 'running') return [];
  if (isUnknown) return [{ type: 'run.halted', at }];
  const step = currentStep(state, isSettled);
  if (!step) return [{ type: 'run.succeeded', at }];
  if (step.status !== 'waiting' || tenant.paused) return [];
  if (!step.job) return [{ type: 'step.handed-over', step: step.id, at }];
  return [step.job.rule === 'auto' ? approvedByPolicy(step.id, step.job, facts) : offer(step.id, at)];
}

function offer(step: StepId, now: number): RunEvent {
  return { type: 'step.offered', step, expiresAt: now + APPROVAL_TTL_MS, at: now };
}

function approvedByPolicy(step: StepId, job: Job, { now: at, tenant: { panicEpoch } }: Facts): RunEvent {
  const startBy = at + APPROVAL_TTL_MS;
  const approval = { by: null, at, startBy, forced: '' as const, record: null, panicEpoch };
  return { type: 'step.approved', step, approval, execSha256: job.execSha256, at };
}

function start(
  state: RunState,
  { plan, by, trust }: Of<'start'>,
  { now, tenant }: Facts,
): Decision<RunEvent> {
  if (state.plan) return events();
  const refusal = refuseRole(by, tenant, 'responder', 'Starting a run');
  if (refusal) return { ok: false, refusal };
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
  if (state.status === 'needs-person') return personNeeded();
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
  const as = {
    approver: subjectOf(command.by.user, tenant),
    requester: subjectOf(state.plan?.requester ?? command.by.user, tenant),
    slackAdmin: command.by.admin,
  };
  const standing = mayApprove(step.job.rule, as.approver, as.requester, command.census);
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
  const approval: Approval = {
    by: command.by.user,
    at: now,
    startBy,
    forced: standing.forced,
    record,
    as,
    panicEpoch: tenant.panicEpoch,
  };
  return events({ type: 'step.approved', step: step.id, approval, execSha256: step.job.execSha256, at: now });
}

/** A person says what nobody else can know. The first word counts; it takes a reason, and it starts nothing. */
function settle(state: RunState, command: Of<'settle'>, { now: at, tenant }: Facts): Decision<RunEvent> {
  const step = state.steps.find(({ id }) => id === command.step);
  if (!step) return noSuchStep();
  const { attempt, choice } = command;
  if (step.status !== 'unknown' || step.attempt !== attempt) return answered(step);
  const reason = command.reason.trim();
  if (reason.length < REASON_LENGTH.min || reason.length > REASON_LENGTH.max) {
    return refuse(
      'no-reason',
      `Say in a sentence how you know, in ${REASON_LENGTH.min} to ${REASON_LENGTH.max} characters. Nothing was changed.`,
    );
  }
  const ruling = { choice, attempt, by: command.by.user, reason, at };
  if (choice !== 'rerun') return events({ type: `step.marked-${choice}`, step: step.id, ruling, at });
  if (tenant.paused) return everythingPaused();
  if (state.status === 'paused') return runPaused();
  const expiresAt = at + APPROVAL_TTL_MS;
  return events({ type: 'step.reopened', step: step.id, ruling, expiresAt, next: nextOf(step), at });
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

function resume(state: RunState, command: Of<'resume'>, { now: at, tenant }: Facts): Decision<RunEvent> {
  if (state.status !== 'paused') return refuse('not-paused', 'This run is not paused.');
  const answer = answerResume(command, state.resumeAskedBy, tenant);
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

const VOID = {
  'key-revoked':
    'The key that signed the approval was revoked since, so the approval is void. Nothing ran. Ask again to go on.',
  'enrolled-again':
    'The agent was enrolled again since this run was planned, so nothing more of it can run. Abort this run and start it anew.',
} as const satisfies Record<VoidReason, string>;

function takeBack(state: RunState, { step: id, why }: Of<'void'>, at: number): Decision<RunEvent> {
  const found = open(state, id);
  if (!found.ok) return found;
  if (found.step.status !== 'approved') return answered(found.step);
  return events({ type: 'step.stalled', step: id, sentence: VOID[why], at });
}

/** The last gate before bytes leave: the approval still holds, nothing is paused, and the bytes are the approved ones. */
function dispatch(state: RunState, command: Of<'dispatch'>, { now, tenant }: Facts): Decision<RunEvent> {
  const found = open(state, command.step);
  if (!found.ok) return found;
  const { step } = found;
  if (step.status !== 'approved' || !step.approval || !step.job) return answered(step);
  if (state.status !== 'running') return runPaused();
  if (tenant.paused || command.panicEpoch !== tenant.panicEpoch) return everythingPaused();
  const why = whyVoid(state, step, tenant);
  if (why) return events({ type: 'step.stalled', step: step.id, sentence: why, at: now });
  if (isTooLate(step, now))
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

type Open = { readonly ok: true; readonly step: StepState } | ReturnType<typeof refuse>;

/** The step a person means, when the run stands at it. */
function open(state: RunState, id: StepId): Open {
  const step = state.steps.find((candidate) => candidate.id === id);
  if (!step) return noSuchStep();
  if (currentStep(state, isSettled)?.id !== id) return answered(step);
  return { ok: true, step };
}
