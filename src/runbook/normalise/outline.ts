import type { SourceSpan } from '../runbook.ts';
import type { Block, Item, Line } from './blocks.ts';
import { dedent, spanOf, trimLine } from './blocks.ts';
import type { FindCodes } from './codes.ts';

/** Deeper lists and boxes are read as if they stood at this depth (design: nesting 40). */
const MAX_NESTING = 40;

/** A list that goes on with the next item of its depth. */
interface List {
  readonly depth: number;
  readonly parent: number | null;
  readonly list: number;
  last: number;
}

interface Frame {
  /** The place of it among what is open: an indent, or a number of list marks. */
  readonly depth: number;
  readonly item: number | null;
  readonly notice: boolean;
}

/** Collects the blocks of a text that is read line by line: a paragraph until something ends it, lists and boxes by depth. */
export class Outline {
  readonly blocks: Block[] = [];
  readonly items: Item[] = [];
  readonly markup: SourceSpan[] = [];
  private readonly text: string;
  private readonly codes: FindCodes;
  private para: Line[] = [];
  private frames: Frame[] = [];
  private lists: List[] = [];

  constructor(text: string, codes: FindCodes) {
    this.text = text;
    this.codes = codes;
  }

  private place(): { item: number | null; quoted: boolean; notice?: boolean } {
    const item = this.frames.findLast((frame) => frame.item !== null)?.item ?? null;
    const notice = this.frames.some((frame) => frame.notice);
    return { item, quoted: false, ...(notice ? { notice } : {}) };
  }

  /** The lines of the open paragraph. */
  get paragraph(): readonly Line[] {
    return this.para;
  }

  /** The depth of the innermost list or box, or null at the top. */
  get depth(): number | null {
    return this.frames.at(-1)?.depth ?? null;
  }

  /** Notes that a line only lays out the text. */
  mark(line: Line): void {
    this.markup.push(spanOf([line]));
  }

  /** A line of the open paragraph, blanks at its ends gone. */
  prose(line: Line): void {
    const bare = trimLine(line);
    if (bare.text !== '') this.para.push(bare);
  }

  /** Ends the paragraph. */
  flush(): void {
    const lines = this.para;
    this.para = [];
    if (lines.length > 0)
      this.blocks.push({ type: 'para', lines, codes: this.codes(lines, this.text), ...this.place() });
  }

  /** The paragraph so far, which then is none: it turned out to be a title. */
  takeParagraph(): Line[] {
    const lines = this.para;
    this.para = [];
    return lines;
  }

  /** A heading ends every list and box. */
  heading(line: Line, level: number): void {
    this.flush();
    this.leave(0);
    this.lists = [];
    const lines = [trimLine(line)];
    this.blocks.push({ type: 'heading', level, lines, codes: this.codes(lines, this.text), ...this.place() });
  }

  /** A block of code; `lines` lose the indent they share. */
  code(lines: readonly Line[], lang: string | null): void {
    this.flush();
    const bare = dedent(lines);
    if (bare.length > 0) this.blocks.push({ type: 'code', lang, lines: bare, ...this.place() });
  }

  table(lines: readonly Line[]): void {
    this.flush();
    if (lines.length > 0)
      this.blocks.push({ type: 'table', lines, codes: this.codes(lines, this.text), ...this.place() });
  }

  /** Opens a list item inside whatever is open at a smaller depth. `number` is the one its author wrote. */
  item(depth: number, ordered: boolean, number?: number): void {
    this.leave(depth);
    if (this.frames.length >= MAX_NESTING) this.frames.pop();
    const { item: parent } = this.place();
    this.items.push({ parent, ordered, ...this.count(depth, parent, number) });
    this.frames.push({ depth, item: this.items.length - 1, notice: false });
  }

  /** The list of an item and its place there: the written number, unless every item is written as 1. */
  private count(depth: number, parent: number | null, written?: number): { list: number; number: number } {
    this.lists = this.lists.filter((each) => each.depth <= depth);
    let list = this.lists.find((each) => each.depth === depth && each.parent === parent);
    if (!list) {
      list = { depth, parent, list: this.items.length, last: 0 };
      this.lists.push(list);
    }
    list.last = written !== undefined && written > list.last ? written : list.last + 1;
    return { list: list.list, number: list.last };
  }

  /** Opens a box, such as an admonition. */
  box(depth: number, notice: boolean): void {
    this.leave(depth);
    if (this.frames.length < MAX_NESTING) this.frames.push({ depth, item: null, notice });
  }

  /** Closes the lists and boxes at a depth and below it. */
  leave(depth: number): void {
    this.flush();
    while ((this.depth ?? -1) >= depth) this.frames.pop();
  }
}
