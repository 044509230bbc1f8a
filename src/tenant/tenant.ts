import { type Decision, events, type Facts, type Kind, refuse } from '../audit/subject.ts';
import type { UserId } from '../protocol/ids.ts';
import type { EncodedSigned } from '../protocol/signed.ts';
import { type DefaultRole, decideRoles, evolveRoles, type RolesCommand, type RolesEvent } from './members.ts';
import type { Person } from './person.ts';
import type { Programs } from './program.ts';
import { decidePrograms, evolvePrograms, type ProgramsCommand, type ProgramsEvent } from './programs.ts';
import { answerResume, type ResumeRequest } from './resume.ts';
import type { Member } from './role.ts';
import { hasRole } from './roles.ts';
import {
  decideSettings,
  evolveSettings,
  type Settings,
  type SettingsCommand,
  type SettingsEvent,
} from './settings.ts';

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

/** Somebody stopped everything. */
export interface Pause {
  readonly by: UserId;
  readonly at: number;
  readonly way: PauseWay;
  readonly place: Place;
}

/** The app was removed from the workspace. Slack does not say by whom, and nothing can be shown any more. */
export interface Removal {
  readonly by: null;
  readonly at: number;
  readonly way: 'uninstall';
  readonly place: null;
}

export interface TenantState {
  readonly opened: boolean;
  /** Raised by every pause. An agent refuses an envelope of any epoch but its own, so what was signed before is dead. */
  readonly panicEpoch: number;
  readonly paused: Pause | Removal | null;
  /** Admins who asked to resume and wait for a second one. */
  readonly resumeAskedBy: UserId | null;
  /** The newest pause and how it ended, kept so that its banner can say so. */
  readonly lastPause:
    | ((Pause | Removal) & { readonly endedAt: number; readonly endedBy: readonly UserId[] })
    | null;
  /** The signed word that lets agents work again after the newest pause; null before the first pause. */
  readonly resume: EncodedSigned | null;
  /** Roles that an admin gave; the first installer's is the first of them. */
  readonly members?: Readonly<Record<UserId, Member>>;
  readonly defaultRole?: DefaultRole;
  /** True from the removal of the app until it is installed again. */
  readonly removed?: boolean;
  /** When the app was last removed: runs from before that are over. */
  readonly removedAt?: number;
  /** What admins set: the pager's secrets and where pages go. */
  readonly settings?: Settings;
  /** Programs of its own that only look, by the word of two admins. */
  readonly programs?: Programs;
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
    }
  | {
      readonly type: 'tenant.installed';
      /** Null when an operator gave the token and nobody in the workspace is known to have. */
      readonly by: UserId | null;
      /** Given the role of admin, because nobody had it. */
      readonly admin: boolean;
      /** Ends the pause of a removal; null when there is none to end. */
      readonly record: EncodedSigned | null;
      readonly at: number;
    }
  | { readonly type: 'tenant.uninstalled'; readonly panicEpoch: number; readonly at: number }
  | RolesEvent
  | SettingsEvent
  | ProgramsEvent;

export type TenantCommand =
  | { readonly type: 'open' }
  | { readonly type: 'pause'; readonly by: Person; readonly way: PauseWay; readonly place: Place }
  | ({ readonly type: 'resume'; readonly record: EncodedSigned } & ResumeRequest)
  /** `record` lets agents work again after a removal; without it an admin has to resume. */
  | { readonly type: 'install'; readonly by: UserId | null; readonly record?: EncodedSigned }
  | { readonly type: 'uninstall' }
  | RolesCommand
  | SettingsCommand
  | ProgramsCommand;

const initial: TenantState = {
  opened: false,
  panicEpoch: 0,
  paused: null,
  resumeAskedBy: null,
  lastPause: null,
  resume: null,
};

function decide(state: TenantState, command: TenantCommand, facts: Facts): Decision<TenantEvent> {
  switch (command.type) {
    case 'open':
      return state.opened ? events() : events({ type: 'tenant.opened' });
    case 'pause':
      return decidePause(state, command, facts.now);
    case 'resume':
      return decideResume(state, command, facts.now);
    case 'install':
      return decideInstall(state, command, facts.now);
    case 'uninstall':
      return state.removed
        ? events()
        : events({ type: 'tenant.uninstalled', panicEpoch: state.panicEpoch + 1, at: facts.now });
    case 'set-roles':
      return decideRoles(state, command, facts.now);
    case 'set-pagerduty':
    case 'set-pages':
      return decideSettings(state.settings, command, facts);
    case 'declare-program':
    case 'confirm-program':
    case 'withdraw-program':
      return decidePrograms(state.programs, command, facts);
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
  const answer = answerResume(command, state.resumeAskedBy, state);
  switch (answer.kind) {
    case 'refused':
      return { ok: false, refusal: answer.refusal };
    case 'ask-second':
      return events({ type: 'tenant.resume-asked', by: command.by.user, at });
    case 'go':
      return events({ type: 'tenant.resumed', by: answer.by, at, record: command.record });
  }
}

/** The first installer is admin. A later one keeps the role they have, or installing again would be a way to the top. */
function decideInstall(
  state: TenantState,
  { by, record }: Extract<TenantCommand, { type: 'install' }>,
  at: number,
): Decision<TenantEvent> {
  const admin = by !== null && !Object.values(state.members ?? {}).some(({ role }) => hasRole(role, 'admin'));
  if (!admin && !state.removed) return events();
  const ends = state.paused?.way === 'uninstall' && record ? record : null;
  return events({ type: 'tenant.installed', by, admin, record: ends, at });
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
    case 'tenant.installed': {
      const members =
        event.by && event.admin
          ? { ...state.members, [event.by]: { ...state.members?.[event.by], role: 'admin' as const } }
          : state.members;
      const installed = { ...state, removed: false, ...(members ? { members } : {}) };
      return event.record ? { ...installed, paused: null, resume: event.record, lastPause: null } : installed;
    }
    case 'tenant.uninstalled':
      return {
        ...state,
        panicEpoch: event.panicEpoch,
        paused: state.paused ?? { by: null, at: event.at, way: 'uninstall', place: null },
        resumeAskedBy: null,
        resume: null,
        removed: true,
        removedAt: event.at,
      };
    case 'tenant.member-set':
    case 'tenant.default-role-set':
      return evolveRoles(state, event);
    case 'tenant.pagerduty-set':
    case 'tenant.pages-set':
      return { ...state, settings: evolveSettings(state.settings, event) };
    case 'tenant.program-asked':
    case 'tenant.program-declared':
    case 'tenant.program-withdrawn':
      return { ...state, programs: evolvePrograms(state.programs, event) };
  }
}

/** The tenant as a subject: opened once, paused by anyone, resumed with care; who may do what in it. */
export const tenantKind: Kind<TenantState, TenantCommand, TenantEvent> = {
  kind: 'tenant',
  initial,
  decide,
  evolve,
  status: (state) => (state.paused ? 'paused' : 'open'),
  dueAt: () => null,
};
