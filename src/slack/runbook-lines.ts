import type { KnownBlock } from '@slack/types';
import type { RunbookId } from '../protocol/ids.ts';
import { byHandReason } from '../run/plan.ts';
import { lineSha256, lineText } from '../runbook/edit.ts';
import { flatten, type Line } from '../runbook/flatten.ts';
import type { Command, Parse, SourceSpan, Step } from '../runbook/runbook.ts';
import type { RunbookState } from '../runbook/stream.ts';
import type { Verdict } from '../safety/verdict.ts';
import { truncateHead } from '../text/truncate.ts';
import { visible } from '../text/visible.ts';
import { ACTIONS, encodeLine } from './actions.ts';
import { actions, code, section } from './blocks.ts';
import { caution, condition, mention, plain, RISK_LABEL, reasons } from './words.ts';

export const MAX_TITLE = 300;
const MAX_SHOWN_COMMAND = 2_500;
const MAX_NAMED = 100;
const MAX_NOTES = 12; // of one line, so that no author's list of cautions fills a page

/** What everything that shows a line begins with: `*3.* 🟡 caution · Restart the api`. */
export function lineTitle({ number, step, verdict }: Line, max = MAX_TITLE): string {
  const risk = verdict ? RISK_LABEL[verdict.risk] : 'by hand';
  return `*${number}.* ${risk} · ${plain(step.title ?? step.description, max)}`;
}

/** True for what a model put forward and nobody has taken over: no agent runs it. */
export const isOffered = ({ suggested, adopted }: Command): boolean => suggested === true && !adopted;

/** One line as blocks: what it is, what to know of it, its command, and a button where a suggestion can be adopted. */
export function drawLines(state: RunbookState, parse: Parse, id: RunbookId, mayAdopt: boolean) {
  const where = placesIn(state.source?.text ?? '');
  const numbers = firstNumbers(parse);
  return (line: Line): KnownBlock[] => {
    const { command, step, at, verdict } = line;
    const isFirst = at.command === null || at.command === 0;
    const last = step.commands.findLastIndex((one) => !isOffered(one));
    const notes = [
      ...(command ? originNotes(command) : []),
      ...(isFirst ? notesOf(step, parse, numbers) : []),
      ...(command && verdict ? wayNotes(command, verdict) : []),
      ...(at.command === null || at.command === last
        ? (step.expected ?? []).map((words) => `Expected: ${plain(words, MAX_TITLE)}`)
        : []),
      ...(verdict && verdict.risk !== 'safe' ? [reasons(verdict)] : []),
    ].slice(0, MAX_NOTES);
    const stands = ` _(${command ? origin(command, where) : where(step.source)})_`;
    return [
      section([lineTitle(line) + stands, ...notes].join('\n')),
      ...(command ? [code(truncateHead(visible(command.text), MAX_SHOWN_COMMAND))] : []),
      ...(command && isOffered(command) && mayAdopt ? [adoptButton(parse, line, id)] : []),
    ];
  };
}

function adoptButton(parse: Parse, { number, at }: Line, runbook: RunbookId): KnownBlock {
  const text = lineText(parse, at);
  const shown = text ? lineSha256(text) : '';
  const value = encodeLine({ runbook, at, shown });
  return actions({ action: ACTIONS.adoptLine, label: `Adopt step ${number}`, value });
}

const originNotes = (command: Command): string[] =>
  isOffered(command) ? ['*Suggested, not in your text.* No agent runs it unless somebody adopts it.'] : [];

function notesOf(step: Step, parse: Parse, numbers: readonly number[]): string[] {
  return [
    ...(step.title ? [plain(step.description, MAX_TITLE)] : []),
    ...(step.branch && !step.description.includes(step.branch) ? [condition(step.branch, MAX_TITLE)] : []),
    ...(step.target ? [`Then: ${leads(step.target, parse, numbers)}`] : []),
    ...(step.rollback ? ['Undoes earlier steps.'] : []),
    ...step.warnings.map((warning) => caution(warning, MAX_TITLE)),
  ];
}

function leads(target: NonNullable<Step['target']>, { steps }: Parse, numbers: readonly number[]): string {
  switch (target.to) {
    case 'end':
      return 'you are done; leave the rest out.';
    case 'step':
      return `go on with step ${numbers[target.step] ?? '?'}, “${plain(steps[target.step]?.description ?? '', MAX_NAMED)}”.`;
    case 'page':
      return `go to the page “${plain(target.name, MAX_TITLE)}”.`;
  }
}

/** Where an agent starts it, or why none does. */
function wayNotes(command: Command, verdict: Verdict): string[] {
  const byHand = byHandReason(command, verdict);
  if (byHand) return [`By hand: ${plain(byHand, MAX_TITLE)}`];
  return command.cwd ? [`Starts in \`${plain(command.cwd, MAX_NAMED)}\`.`] : [];
}

function origin(command: Command, where: (span: SourceSpan) => string): string {
  const { suggested, adopted, edited, source } = command;
  if (suggested) return adopted ? `suggested, adopted by ${mention(adopted)}` : 'suggested';
  return edited ? `edited by ${mention(edited)}, was ${where(source)}` : where(source);
}

/** The number of the first line of each step, as people count lines. */
export function firstNumbers(parse: Parse): readonly number[] {
  const first = new Map(
    flatten(parse, [])
      .toReversed()
      .map(({ at, number }) => [at.step, number]),
  );
  return parse.steps.map((_, index) => first.get(index) ?? 0);
}

/** Says where in a text a part of it stands: `line 12` or `lines 12 to 14`. */
export function placesIn(text: string): (span: SourceSpan) => string {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  const lineAt = (offset: number): number => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
  return ({ start, end }) => {
    const [first, last] = [lineAt(start), lineAt(Math.max(start, end - 1))];
    return first === last ? `line ${first}` : `lines ${first} to ${last}`;
  };
}
