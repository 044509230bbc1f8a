import { type Block, type Document, type Line, spanOf, tail } from '../normalise/blocks.ts';
import { normalise, toSource } from '../normalise/index.ts';
import { promptLength } from '../prompts.ts';
import * as prose from '../prose.ts';
import type { SourceSpan } from '../runbook.ts';
import { plainForm, shows } from '../trace.ts';

/** A line without its prompt, and the one form in which commands are compared, without the mark that it goes on. */
interface Row extends Line {
  readonly form: string;
}

interface Passage {
  readonly block: Block;
  readonly rows: readonly Row[];
  readonly at: SourceSpan;
  /** It tells the reader to beware, so nothing is taken from it that the structure left. */
  readonly isWarning: boolean;
}

/** A pasted text as its readers see it: without what the page hides or only lays out. */
export interface Shown {
  readonly document: Document;
  readonly source: string;
  readonly passages: readonly Passage[];
  /** What is hidden from readers or warned of, in the form in which commands are compared. */
  readonly withheld: string;
}

/** Linear, as the reading of a text is. */
export function shownOf(source: string): Shown {
  const document = normalise(source);
  const blocks = document.blocks.filter(({ type }) => type !== 'unparsed' && type !== 'beyond');
  const visible = blocks.filter(({ type }) => type !== 'hidden');
  const passages = visible.map((block, index) => ({
    block,
    rows: block.lines.map(rowOf),
    at: toSource(document, spanOf(block.lines)),
    isWarning: warns(block, visible[index - 1]),
  }));
  const withheld = [
    ...blocks.filter(({ type }) => type === 'hidden'),
    ...passages.filter(({ isWarning }) => isWarning).map(({ block }) => block),
  ].map((block) => plainForm(wordsOf(block), 'plain'));
  return { document, source, passages, withheld: withheld.join('\n') };
}

/** The paragraph itself, or the sentence that announces a block of code, tells the reader to beware or not to do it. */
function warns(block: Block, before: Block | undefined): boolean {
  if (block.type !== 'code') return block.notice === true || forbids(wordsOf(block));
  const announced = before && before.type !== 'code' ? (prose.sentences(wordsOf(before)).at(-1) ?? '') : '';
  return announced.trimEnd().endsWith(':') && forbids(announced);
}

const forbids = (text: string): boolean =>
  /(?<![a-z])(?:not|never|avoid|[a-z]+n['’]t)(?![a-z])/i.test(text) ||
  prose.sentences(text).some(prose.isWarning);

function rowOf(line: Line): Row {
  const blank = line.text.length - line.text.trimStart().length;
  const bare = tail(line, blank + promptLength(line.text.slice(blank), 'strong'));
  return { ...bare, form: plainForm(bare.text, 'plain').replace(/ ?\\$/, '') };
}

const wordsOf = ({ lines }: Block): string => lines.map(({ text }) => text).join('\n');

/** The words shown between two places of the source. */
export function textBetween({ passages }: Shown, { start, end }: SourceSpan): string {
  return passages
    .filter(({ at }) => at.start < end && at.end > start)
    .map(({ block }) => wordsOf(block))
    .join('\n');
}

/** A part of the text that is a command as a whole, in the author's bytes, and where it stands. */
export interface Found {
  readonly text: string;
  readonly source: SourceSpan;
}

/** What a person would still call one command; keeps the search linear in the text. */
const MAX_LINES = 30;

/**
 * Every place of the text that shows a command and nothing else: whole lines, without a prompt, or one whole piece of
 * inline code. A part of a line is none, because what is cut off may be what makes it harmless; nor is what the author
 * warns of.
 */
export function placesOf(command: string, shown: Shown): Found[] {
  const wanted = plainForm(command, 'plain');
  if (wanted === '') return [];
  return shown.passages
    .filter(({ isWarning }) => !isWarning)
    .flatMap(({ block, rows }) => [...inLines(rows, wanted), ...inCodes(block, wanted, shown)])
    .flatMap((span) => traced(span, shown));
}

/** True when a command stands where readers do not see it, or where the author tells them to beware. */
export const isWithheld = (command: string, { withheld }: Shown): boolean =>
  withheld.includes(plainForm(command, 'plain'));

function inLines(rows: readonly Row[], wanted: string): (SourceSpan & { text: string })[] {
  return rows.flatMap((_row, from) => {
    const count = rowsShowing(rows, from, wanted);
    if (count === 0) return [];
    const taken = rows.slice(from, from + count);
    return [{ ...spanOf(taken), text: taken.map(({ text }) => text).join('\n') }];
  });
}

/** How many lines from one on show the command together; 0 when they show something else. */
function rowsShowing(rows: readonly Row[], from: number, wanted: string): number {
  let at = 0;
  for (let count = 1; count <= MAX_LINES; count++) {
    const form = rows[from + count - 1]?.form;
    if (!form || !wanted.startsWith(form, at)) return 0;
    at += form.length;
    if (at === wanted.length) return count;
    if (wanted[at++] !== ' ') return 0;
  }
  return 0;
}

function inCodes(block: Block, wanted: string, { document }: Shown): (SourceSpan & { text: string })[] {
  return ('codes' in block ? block.codes : []).flatMap(({ start, end }) => {
    const text = document.text.slice(start, end);
    return plainForm(text, 'plain') === wanted ? [{ start, end, text }] : [];
  });
}

/** Only what can be shown in the source afterwards counts. */
function traced({ text, ...span }: SourceSpan & { text: string }, { document, source }: Shown): Found[] {
  const at = toSource(document, span);
  const command = text.trim();
  return shows(source.slice(at.start, at.end), command, document.kind) ? [{ text: command, source: at }] : [];
}
