import type { Block, Document, Item, Line, SourceKind } from './blocks.ts';
import { sourceLines, tail, trimLine } from './blocks.ts';
import { promptLength } from './prompts.ts';
import { isLabel } from './prose.ts';

const BULLET = /^([ \t]*)(?:[-*•◦▪–]|\d{1,3}[.)]|[a-z][.)]|step\s+\d{1,3}\s*[:.)-])[ \t]+(?=\S)/i;
const NUMBERED = /^[ \t]*(?:\d{1,3}[.)]|[a-z][.)]|step\s)/i;
const LANGUAGE =
  /^(?:bash|sh|shell|zsh|console|sql|python|yaml|yml|json|text|plaintext|log|ruby|ini|toml|hcl|xml|diff)$/i;
/** 2,000 blocks a text (design); the rest stays `unparsed`. */
const MAX_BLOCKS = 2000;

const indentOf = (text: string): number => text.length - text.trimStart().length;

/** A heading as people write it in Slack: hash marks, or a line that is bold as a whole. */
function slackHeading(bare: Line): { readonly line: Line; readonly level: number } | null {
  const hashes = /^#{1,6}(?=\s+\S)/.exec(bare.text)?.[0].length ?? 0;
  if (hashes > 0) return { line: trimLine(tail(bare, hashes)), level: hashes };
  const bold = /^\*([^*]{1,200})\*\s*:?$/.exec(bare.text)?.[1];
  return bold === undefined ? null : { line: { text: bold, start: bare.start + 1 }, level: 2 };
}

/** Reads text without Markdown's block rules: notes, mail and Slack messages, line by line. */
class PlainReader {
  readonly blocks: Block[] = [];
  readonly items: Item[] = [];
  private readonly slack: boolean;
  private para: Line[] = [];
  private open: { readonly index: number; readonly indent: number }[] = [];
  private code: { readonly lines: Line[]; readonly lang: string | null; readonly fence: boolean } | null =
    null;
  private afterBlank = true;

  constructor(slack: boolean) {
    this.slack = slack;
  }

  private place(): { item: number | null; quoted: boolean } {
    return { item: this.open.at(-1)?.index ?? null, quoted: false };
  }

  flush(): void {
    if (this.para.length > 0) this.blocks.push({ type: 'para', lines: this.para, ...this.place() });
    this.para = [];
  }

  private closeCode(): void {
    if (this.code && this.code.lines.length > 0) {
      this.blocks.push({ type: 'code', lang: this.code.lang, lines: this.code.lines, ...this.place() });
    }
    this.code = null;
  }

  /** Takes a line inside a fence and returns what stands after the closing mark, or null. */
  private fenced(line: Line): Line | null {
    const close = line.text.indexOf('```');
    if (close < 0) {
      this.code?.lines.push(line);
      return null;
    }
    const before = { text: line.text.slice(0, close), start: line.start };
    if (before.text.trim() !== '') this.code?.lines.push(before);
    this.closeCode();
    const after = trimLine(tail(line, close + 3));
    return after.text === '' ? null : after;
  }

  /** Opens a fence at `at` and returns the code that stands on the same line, or null. */
  private openFence(line: Line, at: number): Line | null {
    const before = { text: line.text.slice(0, at), start: line.start };
    if (before.text.trim() !== '') this.prose(before);
    this.flush();
    const rest = trimLine(tail(line, at + 3));
    const named = rest.text.length < 20 && LANGUAGE.test(rest.text);
    this.code = { lines: [], lang: named ? rest.text.toLowerCase() : null, fence: true };
    return named || rest.text === '' ? null : rest;
  }

  /** Reads one line, which may open and close several fences. */
  read(line: Line): void {
    for (let rest: Line | null = line; rest; ) rest = this.piece(rest);
    this.afterBlank = line.text.trim() === '';
  }

  private piece(line: Line): Line | null {
    const blank = line.text.trim() === '';
    const fence = this.code ? -1 : line.text.indexOf('```');
    if (this.code?.fence) return this.fenced(line);
    if (fence >= 0) return this.openFence(line, fence);
    if (this.code && blank) this.closeCode();
    else if (this.code) this.code.lines.push(line);
    else if (blank) this.flush();
    else this.prose(line);
    return null;
  }

  private heading(line: Line, level: number): void {
    this.flush();
    this.open = [];
    this.blocks.push({ type: 'heading', level, lines: [line], ...this.place() });
  }

  private prose(line: Line): void {
    const bare = trimLine(line);
    const title = this.slack ? slackHeading(bare) : null;
    const bullet = BULLET.exec(line.text);
    if (title) this.heading(title.line, title.level);
    else if (/^(?:={3,}|-{3,}|~{3,})$/.test(bare.text)) this.underline(bare.text.startsWith('=') ? 1 : 2);
    else if (isLabel(bare.text)) this.heading(bare, 2);
    else if (bullet) this.item(line, bullet[0].length, indentOf(line.text));
    else this.body(line, bare);
  }

  /** A rule under a single line of text makes it a heading; elsewhere it only separates. */
  private underline(level: number): void {
    const [title] = this.para;
    if (title && this.para.length === 1) {
      this.para = [];
      this.heading(title, level);
    } else this.flush();
  }

  private item(line: Line, prefix: number, indent: number): void {
    this.flush();
    this.open = this.open.filter((item) => item.indent < indent);
    const parent = this.open.at(-1)?.index ?? null;
    this.items.push({ parent, ordered: NUMBERED.test(line.text) });
    this.open.push({ index: this.items.length - 1, indent });
    this.write(trimLine(tail(line, prefix)));
  }

  /** An unindented line after a blank one is outside the list. */
  private body(line: Line, bare: Line): void {
    if (this.afterBlank && indentOf(line.text) === 0) this.open = [];
    const outside = this.open.length === 0 && this.para.length === 0;
    if (outside && /^(?: {4}|\t)/.test(line.text)) this.code = { lines: [bare], lang: null, fence: false };
    else this.write(bare);
  }

  private write(bare: Line): void {
    if (promptLength(bare.text, 'strong') > 0) {
      this.flush();
      this.code = { lines: [bare], lang: null, fence: false };
    } else this.para.push(bare);
  }

  finish(): void {
    this.flush();
    this.closeCode();
  }
}

/** Reads plain or Slack-flavoured text: headings by shape, lists by marker, fences anywhere in a line. */
export function plainBlocks(text: string, kind: Exclude<SourceKind, 'markdown'>): Document {
  const reader = new PlainReader(kind === 'slack');
  for (const line of sourceLines(text)) reader.read(line);
  reader.finish();
  const rest = reader.blocks.slice(MAX_BLOCKS).flatMap((block) => block.lines);
  const blocks = reader.blocks.slice(0, MAX_BLOCKS);
  if (rest.length > 0) blocks.push({ type: 'unparsed', lines: rest, item: null, quoted: false });
  return { kind, title: null, blocks, items: reader.items };
}
