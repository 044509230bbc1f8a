import { visible } from '../../text/visible.ts';
import { cut } from '../cut.ts';
import type { Command, SourceSpan, Step } from '../runbook.ts';
import { ShellState } from '../state.ts';
import { plainForm } from '../trace.ts';
import type { Answer } from './answer.ts';
import { opinionOf, type Row } from './rows.ts';
import { type Found, isWithheld, placesOf, type Shown } from './shown.ts';
import { inertWords, MAX_TITLE } from './words.ts';

type AnswerCommand = Answer['commands'][number];

const MAX_ADDED = 20;
/** What can be reviewed whole in a message. UTF-16 units. */
const MAX_COMMAND = 2_000;

/**
 * The rows with the commands that an answer adds. One that stands in the text comes in where it stands; one that does not
 * is a suggestion after the line that the answer names; one that is there already, hidden, or warned of is left out.
 */
export function withAdded(rows: readonly Row[], { commands }: Answer, shown: Shown): readonly Row[] {
  return commands.slice(0, MAX_ADDED).reduce((all, added) => withOne(all, added, shown), rows);
}

function withOne(rows: readonly Row[], added: AnswerCommand, shown: Shown): readonly Row[] {
  const text = added.text.trim();
  const form = plainForm(text, 'plain');
  const known = rows.flatMap(({ command }) => command ?? []);
  if (!isFit(text) || known.some((command) => plainForm(command.text, 'plain') === form)) return rows;
  const places = placesOf(text, shown);
  const free = places.find(({ source }) => !rows.some((row) => isTaken(row, source)));
  if (free) return withFound(rows, free, added);
  return places.length > 0 || isWithheld(text, shown) ? rows : withSuggested(rows, text, added);
}

/** Nothing that nobody could review, that cannot be seen, or that was masked before a model saw it. */
const isFit = (text: string): boolean =>
  text !== '' && text.length <= MAX_COMMAND && visible(text) === text && !text.includes('[redacted]');

/** The text there is a command already, or the whole of what a person does by hand. */
function isTaken({ command, step }: Row, { start, end }: SourceSpan): boolean {
  if (command) return !command.suggested && command.source.start < end && command.source.end > start;
  return start <= step.source.start && end >= step.source.end;
}

/** A step of its own, in the author's order. Inside another step it stands under that step's condition and cautions. */
function withFound(rows: readonly Row[], found: Found, added: AnswerCommand): readonly Row[] {
  const index = rows.findLastIndex((row) => placeOf(row) <= found.source.start);
  const before = rows[index];
  const inside = before && before.step.source.end >= found.source.end ? before : null;
  const title = inertWords(added.title ?? '', MAX_TITLE);
  const step: Step = {
    description: cut(found.text.split('\n', 1)[0] ?? '', MAX_TITLE),
    kind: 'command',
    commands: [],
    branch: inside?.step.branch ?? null,
    rollback: inside?.step.rollback ?? false,
    warnings: inside?.step.warnings ?? [],
    source: found.source,
    ...(title ? { title } : {}),
  };
  const command = following(rows.slice(0, index + 1), found);
  const row: Row = { number: null, step, command, group: null, opinion: opinionOf(added) };
  return rows.toSpliced(index + 1, 0, row);
}

const placeOf = ({ command, step }: Row): number =>
  command && !command.suggested ? command.source.start : step.source.start;

/** A line more of the step that it follows. */
function withSuggested(rows: readonly Row[], text: string, added: AnswerCommand): readonly Row[] {
  const at = rows.findIndex(({ number }) => number !== null && number === added.after);
  const before = rows[at];
  if (!before) return rows;
  const behind = rows.findIndex((row, index) => index > at && !row.command?.suggested);
  const suggested: Command = { text, source: before.step.source, suggested: true };
  const command = following(rows.slice(0, at + 1), suggested);
  const row: Row = { ...before, number: null, command, opinion: opinionOf(added) };
  return rows.toSpliced(behind < 0 ? rows.length : behind, 0, row);
}

/** The command as it is read after those of the text: in the folder and the session that the last of them leaves. */
function following(rows: readonly Row[], command: Command): Command {
  const last = rows.findLast((row) => row.command !== null && !row.command.suggested)?.command;
  const shell = new ShellState(last ?? {});
  if (last) shell.read(last);
  return shell.read(command);
}
