import { type Decision, events, type Facts, type Kind, refuse } from '../audit/subject.ts';
import type { UserId } from '../protocol/ids.ts';
import type { Verdict } from '../safety/verdict.ts';
import type { Person } from '../tenant/person.ts';
import { refuseRole } from '../tenant/roles.ts';
import type { Place } from '../tenant/tenant.ts';
import type { Parse } from './runbook.ts';

/** The text a runbook was made from, kept whole: everything shown can be traced back into it. */
export interface Source {
  readonly text: string;
  readonly sha256: string;
  readonly by: UserId;
  readonly place: Place;
}

export type RunbookStatus = 'none' | 'received' | 'parsed' | 'draft' | 'saved' | 'discarded';

export interface RunbookState {
  readonly status: RunbookStatus;
  readonly source: Source | null;
  readonly parse: Parse | null;
  /** One list a step, one verdict a command, in the order of the parse. */
  readonly verdicts: readonly (readonly Verdict[])[];
  readonly savedBy: UserId | null;
  readonly closedBy: UserId | null;
  readonly changedAt: number;
}

type At = { readonly at: number };

export type RunbookEvent =
  | ({ readonly type: 'runbook.received'; readonly source: Source } & At)
  | ({ readonly type: 'runbook.parsed'; readonly parse: Parse } & At)
  | ({ readonly type: 'runbook.classified'; readonly verdicts: readonly (readonly Verdict[])[] } & At)
  | ({ readonly type: 'runbook.saved' | 'runbook.discarded'; readonly by: UserId } & At);

export type RunbookCommand =
  | { readonly type: 'receive'; readonly source: Source; readonly by: Person }
  | { readonly type: 'parsed'; readonly parse: Parse }
  | { readonly type: 'classified'; readonly verdicts: readonly (readonly Verdict[])[] }
  | { readonly type: 'save' | 'discard'; readonly by: Person };

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
        ? events({ type: 'runbook.received', source: command.source, at })
        : events();
    case 'parsed':
      return state.status === 'received'
        ? events({ type: 'runbook.parsed', parse: command.parse, at })
        : events();
    case 'classified':
      return state.status === 'parsed'
        ? events({ type: 'runbook.classified', verdicts: command.verdicts, at })
        : events();
    case 'save':
      if (state.status === 'saved') return events();
      if (state.status !== 'draft')
        return refuse(
          'not-a-draft',
          'This draft cannot be saved any more. Turn the message into a runbook again.',
        );
      if (!hasCommands(state))
        return refuse(
          'no-commands',
          'There is no command in this text, so there is nothing to run. Nothing was saved.',
        );
      return events({ type: 'runbook.saved', by: command.by.user, at });
    case 'discard':
      if (state.status === 'discarded') return events();
      if (state.status !== 'draft')
        return refuse('not-a-draft', 'Only a draft can be discarded; this runbook is saved.');
      return events({ type: 'runbook.discarded', by: command.by.user, at });
  }
}

function evolve(before: RunbookState, event: RunbookEvent): RunbookState {
  const state = { ...before, changedAt: event.at };
  switch (event.type) {
    case 'runbook.received':
      return { ...state, status: 'received', source: event.source };
    case 'runbook.parsed':
      return { ...state, status: 'parsed', parse: event.parse };
    case 'runbook.classified':
      return { ...state, status: 'draft', verdicts: event.verdicts };
    case 'runbook.saved':
      return { ...state, status: 'saved', savedBy: event.by };
    case 'runbook.discarded':
      return { ...state, status: 'discarded', closedBy: event.by };
  }
}

/** True when an agent would have anything to run. */
export function hasCommands(state: RunbookState): boolean {
  return state.parse?.steps.some((step) => step.commands.length > 0) ?? false;
}

/** The runbook as a subject: text, then steps, then verdicts, then a person's decision to keep it. A version is immutable. */
export const runbookKind: Kind<RunbookState, RunbookCommand, RunbookEvent> = {
  kind: 'runbook',
  initial,
  decide,
  evolve,
  status: (state) => state.status,
  // Between receiving and judging there is work to do at once; afterwards a runbook waits for people.
  dueAt: (state) => (state.status === 'received' || state.status === 'parsed' ? state.changedAt : null),
};
