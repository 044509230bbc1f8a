import type { Block, CodeSpan, Line } from './normalise/blocks.ts';
import { head, spanOf, tail, trimLine } from './normalise/blocks.ts';
import type { Command, SourceSpan } from './runbook.ts';
import { isBareCommand } from './shape.ts';
import type { Tools } from './tools.ts';

type Table = Extract<Block, { type: 'table' }>;

/** A step that a row of a table tells: what stands before its command, and the command or null. */
export interface Row {
  readonly text: string;
  readonly span: SourceSpan;
  readonly command: Command | null;
}

/** The head of a column that counts steps. */
const COUNTED = /^(?:steps?|step (?:no\.?|number)|no\.?|nr\.?|#|order)$/i;

/** The cells of the lines of a Markdown table; each cell of an HTML table is a block of its own. */
function cellsOf(lines: readonly Line[]): (readonly Line[])[] {
  if (!lines.every((line) => line.text.trimStart().startsWith('|'))) return [lines];
  return lines.flatMap((line) =>
    [...line.text.matchAll(/(?:`[^`]*`|\\.|[^|`\\])+/g)].map((cell) => [
      trimLine(head(tail(line, cell.index), cell[0].length)),
    ]),
  );
}

/** Reads tables whose rows are counted from 1 under a head such as `Step`: a procedure. All other tables are left. */
export class StepTable {
  private readonly text: string;
  private readonly tools: Tools;
  private readonly words: (text: string) => string;
  private fresh = true;
  private counting = false;
  private next = 1;
  private row: { text: string; span: SourceSpan; done: boolean } | null = null;

  constructor(text: string, tools: Tools, words: (text: string) => string) {
    this.text = text;
    this.tools = tools;
    this.words = words;
  }

  /** The table is over: the row that has no command. */
  end(): Row | null {
    this.fresh = true;
    this.counting = false;
    return this.claim();
  }

  /** Code in a cell ends the row, not the table: the row that has no command yet. */
  claim(): Row | null {
    const { row } = this;
    this.row = null;
    return row && !row.done && row.text !== '' ? { text: row.text, span: row.span, command: null } : null;
  }

  /** The steps that a block of the table completes, or null when the table is no procedure. */
  read(block: Table): Row[] | null {
    const rows: Row[] = [];
    const codes = new Map(block.codes.map((code) => [code.outer.start, code]));
    for (const cell of cellsOf(block.lines)) {
      const raw = cell.map((line) => line.text).join('\n');
      const heads = raw.length < 40 && COUNTED.test(this.words(raw));
      if (this.fresh || heads) {
        this.close(rows);
        this.counting = heads;
        this.next = 1;
      }
      this.fresh = false;
      if (!this.counting || heads) continue;
      const text = this.words(raw);
      if (text.replace(/[.)]$/, '') === String(this.next)) {
        this.close(rows);
        this.row = { text: '', span: spanOf(cell), done: false };
        this.next += 1;
      } else if (this.row) this.inRow(this.row, cell, text, codes, rows);
    }
    return this.counting ? rows : null;
  }

  private inRow(
    row: { text: string; span: SourceSpan; done: boolean },
    cell: readonly Line[],
    text: string,
    codes: ReadonlyMap<number, CodeSpan>,
    rows: Row[],
  ): void {
    // What stands behind the command is what to expect, or how to undo it.
    if (row.done) return;
    row.span = { start: row.span.start, end: spanOf(cell).end };
    const command = this.commandIn(cell, codes);
    if (command) rows.push({ text: row.text, span: row.span, command });
    else if (/\p{L}/u.test(text)) row.text = row.text === '' ? text : `${row.text}: ${text}`;
    row.done = command !== null;
  }

  private close(rows: Row[]): void {
    const row = this.claim();
    if (row) rows.push(row);
  }

  /** The command that a cell holds and nothing else. */
  private commandIn(cell: readonly Line[], codes: ReadonlyMap<number, CodeSpan>): Command | null {
    const [line] = cell;
    if (!line || cell.length > 1) return null;
    const { start, end } = spanOf([trimLine(line)]);
    const code = codes.get(start);
    const text = code?.outer.end === end ? this.text.slice(code.start, code.end) : '';
    // A bar in a cell is written with a stroke before it, which is no part of the command.
    if (!code || text === '' || text.includes('\\|') || !isBareCommand(text, this.tools)) return null;
    return { text, source: { start: code.start, end: code.end } };
  }
}
