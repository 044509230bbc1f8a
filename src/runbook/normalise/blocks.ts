import type { Link, SourceKind, SourceSpan } from '../runbook.ts';
import type { View } from './view.ts';

/** One line of a document's text without its list, quote or code prefix: `text` is exactly `document.text.slice(start, start + text.length)`. */
export interface Line {
  readonly text: string;
  readonly start: number;
}

/** A list item: the item around it, or null at the top, and whether its list is numbered. */
export interface Item {
  readonly parent: number | null;
  readonly ordered: boolean;
  /** The list it is in, and its place there from 1. */
  readonly list?: number;
  readonly number?: number;
}

/** Inline code: what is marked, and the same with its marks. Units of the document's text, half-open. */
export interface CodeSpan {
  readonly start: number;
  readonly end: number;
  readonly outer: SourceSpan;
  /** It is the text of a link. */
  readonly linked?: boolean;
}

interface Placed {
  readonly lines: readonly Line[];
  /** Index into `Document.items` of the innermost list item around the block. */
  readonly item: number | null;
  readonly quoted: boolean;
  /** True inside a box that cautions or remarks: an admonition, a callout, a warning panel. */
  readonly notice?: boolean;
}

interface Prose extends Placed {
  readonly codes: readonly CodeSpan[];
}

export type Block =
  | (Prose & { readonly type: 'heading'; readonly level: number })
  /** `concealed`: text is kept from readers in the middle of it, so only what is marked as code may be a command. */
  | (Prose & { readonly type: 'para'; readonly concealed?: boolean })
  | (Prose & { readonly type: 'table' })
  | (Placed & { readonly type: 'code'; readonly lang: string | null })
  /** `unparsed`: what no reader could place. `hidden`: text that the page keeps from its readers. `beyond`: past the last block that is read. */
  | (Placed & { readonly type: 'unparsed' | 'hidden' | 'beyond' });

/** What a reader of one kind makes of a text. */
export interface Reading {
  /** The title that the page gives apart from its headings, or null. */
  readonly title: string | null;
  readonly blocks: readonly Block[];
  readonly items: readonly Item[];
  /** The parts of the source that only lay out or frame the page: fences, rules, front matter, tags, navigation. */
  readonly markup: readonly SourceSpan[];
  /** What the lines point into, when that is not the source itself. */
  readonly view?: View;
  /** What the page declares by name: front matter, fields, attributes. Names in lower case. */
  readonly values?: ReadonlyMap<string, string>;
  /** The links of the page, where they do not stand in its text. */
  readonly links?: readonly Link[];
}

/** A text cut into blocks in source order. Every kind is brought to this form before anything is extracted. */
export interface Document extends Reading {
  readonly kind: SourceKind;
  /** What the lines point into: the source, or for HTML what a reader of the page sees. */
  readonly text: string;
}

/** Cuts a text into lines with their offsets; `\r\n`, `\r` and `\n` end a line, as in CommonMark. */
export function sourceLines(text: string): Line[] {
  const lines: Line[] = [];
  const ends = /\r\n?|\n/g;
  let start = 0;
  for (const end of text.matchAll(ends)) {
    lines.push({ text: text.slice(start, end.index), start });
    start = end.index + end[0].length;
  }
  lines.push({ text: text.slice(start), start });
  return lines;
}

/** The line from unit `from` on. */
export function tail(line: Line, from: number): Line {
  return { text: line.text.slice(from), start: line.start + from };
}

/** The first `length` units of the line. */
export function head(line: Line, length: number): Line {
  return { text: line.text.slice(0, length), start: line.start };
}

/** The line without blanks at either end. */
export function trimLine(line: Line): Line {
  const lead = line.text.length - line.text.trimStart().length;
  return { text: line.text.trim(), start: line.start + lead };
}

/** How many blanks a line begins with; a tab counts to the next multiple of eight, as in reStructuredText and terminals. */
export function indentOf(text: string): number {
  let indent = 0;
  for (const char of text) {
    if (char === ' ') indent += 1;
    else if (char === '\t') indent += 8 - (indent % 8);
    else break;
  }
  return indent;
}

/** Where a line begins and ends in the document's text. */
export function spanOf(lines: readonly Line[]): SourceSpan {
  return { start: lines[0]?.start ?? 0, end: endOf(lines) };
}

/** The end of a block's text; 0 for a block without lines. */
export function endOf(lines: readonly Line[]): number {
  const last = lines.at(-1);
  return last ? last.start + last.text.length : 0;
}

/** The lines without the blanks that all of them begin with, and without empty lines at either end. */
export function dedent(lines: readonly Line[]): Line[] {
  const full = lines.filter((line) => line.text.trim() !== '');
  const shared = Math.min(...full.map((line) => line.text.length - line.text.trimStart().length));
  const first = lines.findIndex((line) => line.text.trim() !== '');
  const last = lines.findLastIndex((line) => line.text.trim() !== '');
  return first < 0
    ? []
    : lines.slice(first, last + 1).map((line) => tail(line, Math.min(shared, line.text.length)));
}
