import { cut } from '../cut.ts';
import type { Line, Reading } from './blocks.ts';
import { head, indentOf, tail, trimLine } from './blocks.ts';
import { orgCodes } from './codes.ts';
import { LineReader } from './line-reader.ts';

const HEADING = /^(\*{1,8})[ \t]+(?:(?:TODO|DONE|NEXT|WAITING)[ \t]+)?(?:\[#[A-Z]\][ \t]+)?/;
const ITEM = /^[ \t]*(?:[-+]|\d{1,3}[.)]|[a-zA-Z][.)]|[ \t]\*)[ \t]+(?:\[[ xX-]\][ \t]+)?(?=\S)/;
const BEGIN = /^[ \t]*#\+begin_(\w{1,20})(?:[ \t]+([\w+#-]{1,40}))?/i;
const KEYWORD = /^[ \t]*#\+(\w{1,40})(?:\[[^\]]{0,100}\])?:[ \t]*(.*)$/;
const DRAWER = /^[ \t]*:[\w-]{1,40}:[ \t]*$/;
const LITERAL = /^[ \t]*:(?:[ \t]|$)/;

/** Reads Org line by line: stars for headings, `#+BEGIN` for blocks, indent for lists. */
class OrgReader extends LineReader {
  /** The lines that come next are what a block of code printed. */
  private results = false;

  constructor(text: string) {
    super(text, orgCodes);
  }

  protected line(line: Line): void {
    const { text } = line;
    const heading = HEADING.exec(text);
    const begin = BEGIN.exec(text);
    const keyword = KEYWORD.exec(cut(text, 1000));
    if (text.trim() === '') this.outline.flush();
    else if (heading?.[1]) this.heading(line, heading[0].length, heading[1].length);
    else if (begin?.[1]) this.block(line, begin[1].toLowerCase(), begin[2]?.toLowerCase() ?? null);
    else if (keyword?.[1]) this.keyword(line, keyword[1].toLowerCase(), keyword[2] ?? '');
    else if (/^[ \t]*#(?:[ \t]|$)/.test(text)) this.outline.mark(line);
    else if (DRAWER.test(text)) this.drawer();
    else if (LITERAL.test(text)) this.literal();
    else if (/^[ \t]*\|/.test(text)) this.table();
    else this.prose(line);
  }

  private heading(line: Line, prefix: number, level: number): void {
    const rest = tail(line, prefix);
    const tags = /[ \t]+:[\w@:]{1,100}:[ \t]*$/.exec(rest.text.slice(0, 500));
    // The title is a keyword, so the first stars are a section already.
    this.outline.heading(tags ? head(rest, tags.index) : rest, level + (this.values.has('title') ? 1 : 0));
  }

  private keyword(line: Line, name: string, value: string): void {
    this.outline.flush();
    this.outline.mark(line);
    this.results = name === 'results';
    if (!this.values.has(name)) this.values.set(name, value.trim());
  }

  private while(goesOn: (text: string) => boolean): Line[] {
    const lines: Line[] = [];
    while (this.at + 1 < this.lines.length && goesOn(this.text(this.at + 1))) {
      this.at += 1;
      const line = this.lines[this.at];
      if (line) lines.push(line);
    }
    return lines;
  }

  private block(line: Line, name: string, lang: string | null): void {
    this.outline.flush();
    this.outline.mark(line);
    this.place(line);
    const end = new RegExp(`^[ \\t]*#\\+end_${name}`, 'i');
    const lines = this.while((text) => !end.test(text));
    const close = this.lines[this.at + 1];
    if (close) {
      this.outline.mark(close);
      this.at += 1;
    }
    if (name === 'src') this.outline.code(lines, lang);
    else if (name === 'example' || name === 'verse') this.outline.code(lines, this.results ? 'output' : null);
    else if (name === 'comment' || name === 'export') for (const each of lines) this.outline.mark(each);
    else for (const each of lines) this.outline.prose(each);
    this.outline.flush();
    this.results = false;
  }

  private drawer(): void {
    this.outline.flush();
    const first = this.lines[this.at];
    if (first) this.outline.mark(first);
    const lines = this.while((text) => !/^[ \t]*:END:/i.test(text) && !HEADING.test(text));
    for (const line of lines) this.outline.mark(line);
    const close = this.lines[this.at + 1];
    if (close && /^[ \t]*:END:/i.test(close.text)) {
      this.outline.mark(close);
      this.at += 1;
    }
  }

  private literal(): void {
    const first = this.lines[this.at];
    if (!first) return;
    const lines = [first, ...this.while((text) => LITERAL.test(text))];
    const bare = lines.map((line) => {
      const colon = line.text.indexOf(':');
      return tail(line, Math.min(line.text.length, colon + (line.text[colon + 1] === ' ' ? 2 : 1)));
    });
    this.outline.code(bare, this.results ? 'output' : null);
    this.results = false;
  }

  private table(): void {
    const first = this.lines[this.at];
    if (first) this.outline.table([first, ...this.while((text) => /^[ \t]*\|/.test(text))]);
  }

  /** Leaves the lists that a line is not indented enough for. */
  private place(line: Line): void {
    const indent = indentOf(line.text);
    if (this.outline.depth !== null && indent < this.outline.depth) this.outline.leave(indent + 1);
  }

  private prose(line: Line): void {
    const item = ITEM.exec(line.text);
    this.place(line);
    if (!item) {
      this.outline.prose(line);
      return;
    }
    this.outline.item(indentOf(line.text) + 1, /^[ \t]*[\da-zA-Z]/.test(line.text));
    this.outline.markup.push({ start: line.start, end: line.start + item[0].length });
    this.outline.prose(trimLine(tail(line, item[0].length)));
  }
}

/** Reads Org. Linear in lines. */
export function readOrg(text: string): Reading {
  const reader = new OrgReader(text);
  const { blocks, items, markup } = reader.read();
  return { title: reader.values.get('title') ?? null, blocks, items, markup, values: reader.values };
}
