import { type Decision, events, refuse } from '../audit/subject.ts';
import type { RunbookId, UserId } from '../protocol/ids.ts';
import type { Person } from '../tenant/person.ts';
import { adoptLine, editLine, keepInStep, type LineText, lineSha256, lineText } from './edit.ts';
import type { LineAt } from './flatten.ts';
import type { Parse, Step, Variable } from './runbook.ts';
import type { RunbookState } from './standing.ts';

/** What a new version takes from the saved runbook it is made of. */
export type Copied = Pick<RunbookState, 'source' | 'parse' | 'opinions' | 'refinement'>;

/** What people do to the lines of a draft. `shown` is the hash of the line they had before them. */
export type ChangeCommand =
  | {
      readonly type: 'edit';
      readonly line: LineAt;
      readonly shown: string;
      readonly after: LineText;
      readonly by: Person;
    }
  | { readonly type: 'adopt'; readonly line: LineAt; readonly shown: string; readonly by: Person }
  /** Makes a draft of a saved runbook, with one line changed. */
  | {
      readonly type: 'revise';
      readonly copied: Copied;
      readonly basedOn: RunbookId;
      readonly line: LineAt;
      readonly shown: string;
      readonly after: LineText;
      readonly by: Person;
    };

type At = { readonly at: number };

/** What a change makes of the steps it touches: an event says it whole, so that reading it back asks no rule of today. */
interface Changed {
  readonly by: UserId;
  readonly line: LineAt;
  readonly steps: readonly { readonly index: number; readonly step: Step }[];
  readonly variables: readonly Variable[];
}

export type ChangeEvent =
  | ({ readonly type: 'runbook.edited'; readonly before: LineText; readonly after: LineText } & Changed & At)
  /** `command` is the one that was taken over. */
  | ({ readonly type: 'runbook.adopted'; readonly command: string } & Changed & At)
  | ({
      readonly type: 'runbook.revised';
      readonly by: UserId;
      readonly basedOn: RunbookId;
      readonly copied: Copied;
    } & At);

/** Decides what somebody does to a line of steps that may still change: on what they saw of it, or nothing. */
export function decideChange(state: RunbookState, command: ChangeCommand, at: number): Decision<ChangeEvent> {
  switch (command.type) {
    case 'edit':
      return edited(state, command, at);
    case 'adopt':
      return adopted(state, command, at);
    case 'revise': {
      const { basedOn, copied, by } = command;
      const edit = edited({ ...state, ...copied }, command, at);
      if (!edit.ok || edit.events.length === 0) return edit;
      return events({ type: 'runbook.revised', by: by.user, basedOn, copied, at }, ...edit.events);
    }
  }
}

type Edit = Pick<Extract<ChangeCommand, { type: 'edit' }>, 'line' | 'shown' | 'after' | 'by'>;

function edited(
  { parse, source }: Pick<RunbookState, 'parse' | 'source'>,
  { line, shown, after, by: { user: by } }: Edit,
  at: number,
): Decision<ChangeEvent> {
  const before = parse && lineText(parse, line);
  if (!parse || !before || lineSha256(before) !== shown) return changedMeanwhile;
  if (after.description === '')
    return refuse('no-title', 'A step needs a title. Say in a few words what it does.');
  if (lineSha256(after) === shown) return events();
  const changed = changedFrom(parse, editLine(parse, line, after, by, source?.text ?? ''));
  return events({ type: 'runbook.edited', by, line, before, after, ...changed, at });
}

function adopted(
  { parse, source }: RunbookState,
  { line, shown, by: { user: by } }: Extract<ChangeCommand, { type: 'adopt' }>,
  at: number,
): Decision<ChangeEvent> {
  const before = parse && lineText(parse, line);
  const command = line.command === null ? undefined : parse?.steps[line.step]?.commands[line.command];
  if (!parse || !before || lineSha256(before) !== shown || !command?.suggested) return changedMeanwhile;
  if (command.adopted !== undefined) return events();
  const changed = changedFrom(parse, adoptLine(parse, line, by, source?.text ?? ''));
  return events({ type: 'runbook.adopted', by, line, command: command.text, ...changed, at });
}

const changedFrom = (before: Parse, { steps, variables }: Parse): Pick<Changed, 'steps' | 'variables'> => ({
  steps: steps.flatMap((step, index) => (step === before.steps[index] ? [] : [{ index, step }])),
  variables,
});

/** What was shown of a line is not what it is any more. */
export const changedMeanwhile = refuse(
  'changed-meanwhile',
  'This step was changed meanwhile, so nothing was done. Look at it as it is now, and try again.',
);

/** What was shown of the whole runbook is not what it is any more. */
export const stepsChanged = refuse(
  'changed-meanwhile',
  'The steps were changed after this was shown, so nothing was done. Look at them as they are now, and try again.',
);

/**
 * The runbook after a change: its steps as somebody wants them, without verdicts until they are judged again. What a
 * model thought of a command stays with its place, and goes on raising its risk.
 */
export function evolveChange(state: RunbookState, event: ChangeEvent): RunbookState {
  if (event.type === 'runbook.revised')
    return { ...state, ...event.copied, basedOn: event.basedOn, status: 'edited' };
  const { parse, opinions } = state;
  if (!parse) return state;
  const { line, variables } = event;
  const changed = new Map(event.steps.map(({ index, step }) => [index, step]));
  const steps = parse.steps.map((step, index) => changed.get(index) ?? step);
  const kept =
    opinions && event.type === 'runbook.edited' ? keepInStep(opinions, line, event.after) : opinions;
  return {
    ...state,
    status: 'edited',
    parse: { ...parse, steps, variables },
    ...(kept ? { opinions: kept } : {}),
    revision: (state.revision ?? 0) + 1,
  };
}
