import type { StreamId, TenantId } from '../protocol/ids.ts';
import type { Programs } from '../tenant/program.ts';
import type { Roles } from '../tenant/role.ts';

export const SUBJECT_KINDS = ['run', 'runbook', 'tenant', 'agent', 'incident'] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** Names one subject: whose it is and which stream holds its facts. */
export interface SubjectRef {
  readonly tenant: TenantId;
  readonly stream: StreamId;
}

/** Something a person asked for and does not get, said in a sentence they can act on. Recorded nowhere: nothing changed. */
export interface Refusal {
  readonly code: string;
  readonly sentence: string;
}

export type Decision<E> =
  | { readonly ok: true; readonly events: readonly E[] }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * What every decision has to know of its tenant: whether everything is stopped, under which epoch agents work, who
 * may do what, and which programs of its own only look.
 */
export interface TenantFacts extends Roles {
  readonly panicEpoch: number;
  /** The pause that holds, or null. */
  readonly paused: object | null;
  /** When the app was last removed from the workspace: runs from before that are over. */
  readonly removedAt?: number;
  /** What it has declared read-only. */
  readonly programs?: Programs;
}

/** What a decision may look at besides the subject's own state. Read in the same transaction; the tenant's row is locked. */
export interface Facts {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly tenant: TenantFacts;
}

export interface Typed {
  readonly type: string;
}

/**
 * A kind of subject: how it decides, how it changes, when there is work. All pure. `decide` turns a command into facts
 * or a refusal; `evolve` folds one fact into the state; neither knows of storage, Slack or time but through its arguments.
 */
export interface Kind<S, C, E extends Typed> {
  readonly kind: SubjectKind;
  readonly initial: S;
  decide(state: S, command: C, facts: Facts): Decision<E>;
  evolve(state: S, event: E): S;
  /** One word for the index of subjects; holds no customer text. */
  status(state: S): string;
  /** When the subject next needs looking at, in milliseconds since 1970, or null. */
  dueAt(state: S): number | null;
}

export const events = <E>(...list: readonly E[]): Decision<E> => ({ ok: true, events: list });

export const refuse = (
  code: string,
  sentence: string,
): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal: { code, sentence },
});
