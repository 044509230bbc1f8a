/** One line of the source without its list, quote or code prefix: `text` is exactly `source.slice(start, start + text.length)`. */
export interface Line {
  readonly text: string;
  readonly start: number;
}

/** A list item: the item around it, or null at the top, and whether its list is numbered. */
export interface Item {
  readonly parent: number | null;
  readonly ordered: boolean;
}

interface Placed {
  readonly lines: readonly Line[];
  /** Index into `Document.items` of the innermost list item around the block. */
  readonly item: number | null;
  readonly quoted: boolean;
}

export type Block =
  | (Placed & { readonly type: 'heading'; readonly level: number })
  | (Placed & { readonly type: 'para' | 'table' | 'html' | 'unparsed' })
  | (Placed & { readonly type: 'code'; readonly lang: string | null });

export type SourceKind = 'markdown' | 'slack' | 'plain';

/** A text cut into blocks in source order. Every format is brought to this form before anything is extracted. */
export interface Document {
  readonly kind: SourceKind;
  /** The title that front matter gives, or null. */
  readonly title: string | null;
  readonly blocks: readonly Block[];
  readonly items: readonly Item[];
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

/** The line without blanks at either end. */
export function trimLine(line: Line): Line {
  const lead = line.text.length - line.text.trimStart().length;
  return { text: line.text.trim(), start: line.start + lead };
}

/** The end of a block's text in the source; 0 for a block without lines. */
export function endOf(lines: readonly Line[]): number {
  const last = lines.at(-1);
  return last ? last.start + last.text.length : 0;
}
