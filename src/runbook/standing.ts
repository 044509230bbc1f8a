import type { RunbookId, UserId } from '../protocol/ids.ts';
import type { Verdict } from '../safety/verdict.ts';
import type { Place } from '../tenant/tenant.ts';
import type { Opinions } from './flatten.ts';
import type { Unrefined } from './refine/port.ts';
import type { Refined as Reading } from './refine/read.ts';
import type { Parse } from './runbook.ts';

/** The text a runbook was made from, kept whole: everything shown can be traced back into it. */
export interface Source {
  readonly text: string;
  readonly sha256: string;
  readonly by: UserId;
  readonly place: Place;
  /** When it was received; absent in records from before a model was asked. */
  readonly at?: number;
}

/**
 * `refining` and `refined` are drafts in every respect. They show what structure says while a model is asked, and while
 * its answer is judged. An `edited` one has steps without verdicts, and is shown as it was until it is judged again.
 */
export type RunbookStatus =
  | 'none'
  | 'received'
  | 'parsed'
  | 'refining'
  | 'refined'
  | 'edited'
  | 'draft'
  | 'saved'
  | 'discarded';

/** Whose answer it is. */
export interface Refiner {
  readonly model: string;
  readonly promptVersion: string;
}

export type Refinement =
  | ({ readonly status: 'refined' } & Refiner)
  | { readonly status: 'unrefined'; readonly why: Unrefined };

/** What a model made of a text. */
export interface Refined extends Reading {
  readonly by: Refiner;
}

export interface RunbookState {
  readonly status: RunbookStatus;
  readonly source: Source | null;
  readonly parse: Parse | null;
  /** One list a step, one verdict a command, in the order of the parse. */
  readonly verdicts: readonly (readonly Verdict[])[];
  readonly savedBy: UserId | null;
  readonly closedBy: UserId | null;
  readonly changedAt: number;
  /** How often its steps have changed since they were parsed; absent: never. Verdicts are of one revision. */
  readonly revision?: number;
  /** What came of asking a model; absent while it is asked, and when none is. */
  readonly refinement?: Refinement;
  /** Of the model, on the steps of `parse`. */
  readonly opinions?: Opinions;
  /** An answer that has no verdicts yet, and is not shown. */
  readonly pending?: Refined;
  /** The saved runbook that this is a new version of. */
  readonly basedOn?: RunbookId;
}
