import { type Decision, events, type Kind, refuse } from '../audit/subject.ts';
import type { UserId } from '../protocol/ids.ts';
import type { EncodedSigned } from '../protocol/signed.ts';
import type { Person } from './person.ts';
import { answerResume, type ResumeRequest } from './resume.ts';

export const TRUST_LEVELS = ['observe', 'copilot', 'guided'] as const;
/** How far the tenant lets go: nothing runs, every step is approved, or safe steps run by themselves. */
export type TrustLevel = (typeof TRUST_LEVELS)[number];

export const PAUSE_WAYS = ['reaction', 'command', 'button'] as const;
export type PauseWay = (typeof PAUSE_WAYS)[number];

/** Where the banner of a pause stands. */
export interface Place {
  readonly channel: string;
  readonly threadTs: string | null;
}

export interface Pause {
  readonly by: UserId;
  readonly at: number;
  readonly way: PauseWay;
  readonly place: Place;
}

export interface TenantState {
  readonly opened: boolean;
  /** Raised by every pause. An agent refuses an envelope of any epoch but its own, so what was signed before is dead. */
  readonly panicEpoch: number;
  readonly paused: Pause | null;
  /** Admins who asked to resume and wait for a second one. */
  readonly resumeAskedBy: UserId | null;
  /** The newest pause and how it ended, kept so that its banner can say so. */
  readonly lastPause: (Pause & { readonly endedAt: number; readonly endedBy: readonly UserId[] }) | null;
  /** The signed word that lets agents work again after the newest pause; null before the first pause. */
  readonly resume: EncodedSigned | null;
}

export type TenantEvent =
  | { readonly type: 'tenant.opened' }
  | { readonly type: 'tenant.paused'; readonly pause: Pause; readonly panicEpoch: number }
  | { readonly type: 'tenant.resume-asked'; readonly by: UserId; readonly at: number }
  | {
      readonly type: 'tenant.resumed';
      readonly by: readonly UserId[];
      readonly at: number;
      readonly record: EncodedSigned;
    };

export type TenantCommand =
  | { readonly type: 'open' }
  | { readonly type: 'pause'; readonly by: Person; readonly way: PauseWay; readonly place: Place }
  | ({ readonly type: 'resume'; readonly record: EncodedSigned } & ResumeRequest);

const initial: TenantState = {
  opened: false,
  panicEpoch: 0,
  paused: null,
  resumeAskedBy: null,
  lastPause: null,
  resume: null,
};

function decide(state: TenantState, command: TenantCommand, facts: { now: number }): Decision<TenantEvent> {
  switch (command.type) {
    case 'open':
      return state.opened ? events() : events({ type: 'tenant.opened' });
    case 'pause':
      return decidePause(state, command, facts.now);
    case 'resume':
      return decideResume(state, command, facts.now);
  }
}

function decidePause(
  state: TenantState,
  { by, way, place }: Extract<TenantCommand, { type: 'pause' }>,
  now: number,
): Decision<TenantEvent> {
  if (by.standing !== 'member') {
    return refuse(
      'not-a-member',
      'Only a full member of this workspace can stop runs. Nothing was stopped; ask a member to.',
    );
  }
  if (state.paused) return events();
  const pause = { by: by.user, at: now, way, place };
  return events({ type: 'tenant.paused', pause, panicEpoch: state.panicEpoch + 1 });
}

function decideResume(
  state: TenantState,
  command: Extract<TenantCommand, { type: 'resume' }>,
  at: number,
): Decision<TenantEvent> {
  if (!state.paused) return refuse('not-paused', 'Nothing is paused, so there is nothing to resume.');
  const answer = answerResume(command, state.resumeAskedBy);
  switch (answer.kind) {
    case 'refused':
      return { ok: false, refusal: answer.refusal };
    case 'ask-second':
      return events({ type: 'tenant.resume-asked', by: command.by.user, at });
    case 'go':
      return events({ type: 'tenant.resumed', by: answer.by, at, record: command.record });
  }
}

function evolve(state: TenantState, event: TenantEvent): TenantState {
  switch (event.type) {
    case 'tenant.opened':
      return { ...state, opened: true };
    case 'tenant.paused':
      return {
        ...state,
        panicEpoch: event.panicEpoch,
        paused: event.pause,
        resumeAskedBy: null,
        lastPause: null,
        resume: null,
      };
    case 'tenant.resume-asked':
      return { ...state, resumeAskedBy: event.by };
    case 'tenant.resumed':
      return {
        ...state,
        paused: null,
        resumeAskedBy: null,
        resume: event.record,
        lastPause: state.paused && { ...state.paused, endedAt: event.at, endedBy: event.by },
      };
  }
}

/** The tenant as a subject: opened once, paused by anyone, resumed with care. */
export const tenantKind: Kind<TenantState, TenantCommand, TenantEvent> = {
  kind: 'tenant',
  initial,
  decide,
  evolve,
  status: (state) => (state.paused ? 'paused' : 'open'),
  dueAt: () => null,
};
