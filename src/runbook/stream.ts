import { type Decision, events, type Facts, type Kind, refuse } from '../audit/subject.ts';
import type { UserId } from '../protocol/ids.ts';
import type { Verdict } from '../safety/verdict.ts';
import type { Person } from '../tenant/person.ts';
import { refuseRole } from '../tenant/roles.ts';
import { type ChangeCommand, type ChangeEvent, decideChange, evolveChange, stepsChanged } from './changes.ts';
import { parseSha256 } from './edit.ts';
import type { Opinions } from './flatten.ts';
import type { Unrefined } from './refine/port.ts';
import type { Parse } from './runbook.ts';
import type { Refined, RunbookState, RunbookStatus, Source } from './standing.ts';

export type { Refined, Refinement, Refiner, RunbookState, RunbookStatus, Source } from './standing.ts';

/** How long after a text was received its model may still answer (ms). */
const MODEL_MS = 3_500;
/** After this an answer counts no more (ms), so that judging and showing it end within the 5,000 of the whole. */
const ANSWER_MS = 4_000;

/** Until when a model may answer for the text (ms since 1970). */
export const answerBy = (source: Source): number => (source.at ?? 0) + MODEL_MS;

type At = { readonly at: number };

export type RunbookEvent =
  | ({ readonly type: 'runbook.received'; readonly source: Source } & At)
  | ({ readonly type: 'runbook.parsed'; readonly parse: Parse } & At)
  | ({
      readonly type: 'runbook.classified';
      readonly verdicts: readonly (readonly Verdict[])[];
      /** A model is asked next. */
      readonly refine?: true;
    } & At)
  | ({ readonly type: 'runbook.refined'; readonly refined: Refined } & At)
  | ({ readonly type: 'runbook.unrefined'; readonly why: Unrefined } & At)
  | ChangeEvent
  | ({ readonly type: 'runbook.saved' | 'runbook.discarded'; readonly by: UserId } & At);

export type RunbookCommand =
  | { readonly type: 'receive'; readonly source: Source; readonly by: Person }
  | { readonly type: 'parsed'; readonly parse: Parse }
  | {
      readonly type: 'classified';
      readonly verdicts: readonly (readonly Verdict[])[];
      /** The one they are of; left out: the steps as they were parsed. */
      readonly revision?: number;
      /** Whether there is a model to ask. */
      readonly refine?: boolean;
    }
  | { readonly type: 'refined'; readonly refined: Refined }
  | { readonly type: 'unrefined'; readonly why: Unrefined }
  | ChangeCommand
  /** `shown` is the hash of the steps that the person saw; null: none, which is enough where they cannot change any more. */
  | { readonly type: 'save'; readonly shown: string | null; readonly by: Person }
  | { readonly type: 'discard'; readonly by: Person };

const initial: RunbookState = {
  status: 'none',
  source: null,
  parse: null,
  verdicts: [],
  savedBy: null,
  closedBy: null,
  changedAt: 0,
};

function decide(
  state: RunbookState,
  command: RunbookCommand,
  { now: at, tenant }: Facts,
): Decision<RunbookEvent> {
  if ('by' in command) {
    const refusal = refuseRole(command.by, tenant, 'responder', 'Working with runbooks');
    if (refusal) return { ok: false, refusal };
  }
  switch (command.type) {
    case 'receive':
      return state.status === 'none'
        ? events({ type: 'runbook.received', source: { ...command.source, at }, at })
        : events();
    case 'parsed':
      return state.status === 'received'
        ? events({ type: 'runbook.parsed', parse: command.parse, at })
        : events();
    case 'classified':
      if (!toJudge(state) || (command.revision ?? 0) !== (state.revision ?? 0)) return events();
      return events({
        type: 'runbook.classified',
        verdicts: command.verdicts,
        ...(command.refine && mayRefine(state) ? { refine: true as const } : {}),
        at,
      });
    case 'refined':
      if (state.status !== 'refining') return events();
      return at <= (state.source?.at ?? 0) + ANSWER_MS
        ? events({ type: 'runbook.refined', refined: command.refined, at })
        : events({ type: 'runbook.unrefined', why: 'late', at });
    case 'unrefined':
      return state.status === 'refining'
        ? events({ type: 'runbook.unrefined', why: command.why, at })
        : events();
    case 'edit':
    case 'adopt':
      return isDraft(state) || state.status === 'edited'
        ? decideChange(state, command, at)
        : refuse('not-a-draft', 'Only a draft can be changed, and this runbook is none any more.');
    case 'revise':
      return state.status === 'none' ? decideChange(state, command, at) : events();
    case 'save':
      if (state.status === 'saved') return events();
      if (state.status === 'edited') return beingRead;
      if (!isDraft(state))
        return refuse(
          'not-a-draft',
          'This draft cannot be saved any more. Turn the message into a runbook again.',
        );
      if (!hasCommands(state))
        return refuse(
          'no-commands',
          'There is no command in this text, so there is nothing to run. Nothing was saved.',
        );
      if (!isAsShown(state, command.shown)) return stepsChanged;
      return events({ type: 'runbook.saved', by: command.by.user, at });
    case 'discard':
      if (state.status === 'discarded') return events();
      if (state.status === 'edited') return beingRead;
      if (!isDraft(state))
        return refuse('not-a-draft', 'Only a draft can be discarded; this runbook is saved.');
      return events({ type: 'runbook.discarded', by: command.by.user, at });
  }
}

const beingRead = refuse(
  'being-read',
  'A step was changed, and its risk is being looked at. Nothing was done; try again in a moment.',
);

function evolve({ pending, ...before }: RunbookState, event: RunbookEvent): RunbookState {
  const state = { ...before, changedAt: event.at };
  switch (event.type) {
    case 'runbook.received':
      return { ...state, status: 'received', source: event.source };
    case 'runbook.parsed':
      return { ...state, status: 'parsed', parse: event.parse };
    case 'runbook.classified':
      return {
        ...state,
        ...(pending ? taken(pending) : {}),
        status: event.refine ? 'refining' : 'draft',
        verdicts: event.verdicts,
      };
    case 'runbook.refined':
      return { ...state, status: 'refined', pending: event.refined, revision: (state.revision ?? 0) + 1 };
    case 'runbook.unrefined':
      return { ...state, status: 'draft', refinement: { status: 'unrefined', why: event.why } };
    case 'runbook.edited':
    case 'runbook.adopted':
    case 'runbook.revised':
      return evolveChange(state, event);
    case 'runbook.saved':
      return { ...state, status: 'saved', savedBy: event.by };
    case 'runbook.discarded':
      return { ...state, status: 'discarded', closedBy: event.by };
  }
}

/** What an answer puts in the place of the structural result, once it has verdicts. */
const taken = ({
  parse,
  opinions,
  by,
}: Refined): Pick<RunbookState, 'parse' | 'opinions' | 'refinement'> => ({
  parse,
  opinions,
  refinement: { status: 'refined', ...by },
});

/** What a runbook waits to get verdicts for: its steps as they were parsed or changed, or those of a model; else null. */
export function toJudge(state: RunbookState): { readonly parse: Parse; readonly opinions?: Opinions } | null {
  const { status, parse, opinions, pending } = state;
  if (status === 'refined') return pending ?? null;
  if (parse === null || (status !== 'parsed' && status !== 'edited')) return null;
  return { parse, ...(opinions ? { opinions } : {}) };
}

/** A model has nothing to make better where nothing can run, and never looks at its own answer. */
const mayRefine = (state: RunbookState): boolean =>
  state.status === 'parsed' && state.source?.at !== undefined && hasCommands(state);

/** Whether it is shown as a draft: it may be started, saved, discarded. */
export const isDraft = ({ status }: RunbookState): boolean =>
  status === 'draft' || status === 'refining' || status === 'refined';

/** Whether somebody who saw steps of this hash saw what the runbook is: a saved one never changes. */
export const isAsShown = ({ status, parse }: RunbookState, shown: string | null): boolean =>
  status === 'saved' || (parse !== null && shown === parseSha256(parse));

/** True when an agent would have anything to run. */
export function hasCommands(state: RunbookState): boolean {
  return state.parse?.steps.some((step) => step.commands.length > 0) ?? false;
}

/** Where there is work to do at once; otherwise a runbook waits for people. */
const WORK: readonly RunbookStatus[] = ['received', 'parsed', 'refining', 'refined', 'edited'];

/** The runbook as a subject: text, then steps, then verdicts, then a person's decision to keep it. A version is immutable. */
export const runbookKind: Kind<RunbookState, RunbookCommand, RunbookEvent> = {
  kind: 'runbook',
  initial,
  decide,
  evolve,
  status: (state) => state.status,
  dueAt: (state) => (WORK.includes(state.status) ? state.changedAt : null),
};
