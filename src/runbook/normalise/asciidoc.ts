import type { Line, Reading } from './blocks.ts';
import { head, indentOf, tail, trimLine } from './blocks.ts';
import { asciidocCodes } from './codes.ts';
import { LineReader } from './line-reader.ts';

const ITEM = /^[ \t]*(\*{1,6}|-|\.{1,6}|\d{1,3}\.|[a-zA-Z]\.|[ivx]{1,5}\))[ \t]+(?:\[[ xX*]\][ \t]+)?(?=\S)/;
const DEFINITION = /^[ \t]*(?!\/\/)(\S.{0,200}?)(:{2,4}|;;)(?:[ \t]+(?=\S)|[ \t]*$)/;
const CALLOUT = /^<(?:\d{1,2}|\.)>[ \t]+/;
/** At the end of a line of code: the number of a remark, perhaps behind the marks of a comment. */
const CALLED_OUT = /[ \t]*(?:(?:#|\/\/|--|;)[ \t]*)?(?:<(?:\d{1,2}|\.|!--\d{1,2}--)>[ \t]*)+$/;
const ATTRIBUTE = /^:(!?[\w-]{1,80}!?):(?:[ \t]+(.*))?$/;
const BLOCK_ATTRIBUTES = /^\[(?:\[[^\]]{0,200}\]|[^\n[]{0,300})\]$/;
const DELIMITER =
  /^(?:(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|\/{4,})|(--)|([|,:!]={3,})|(`{3,})[ \t]*([\w+#-]{0,40}))\s*$/;
const MACRO =
  /^(?:include|image|toc|ifdef|ifndef|ifeval|endif|video|audio|menu)::\S*\[.*\]$|^(?:'{3,}|<{3,})$/;
const NOTICE = /^(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)$/;

/** A delimited block that may hold other blocks. */
interface Box {
  readonly mark: string;
  readonly depth: number;
}

/** Reads AsciiDoc line by line. Lists nest by their marks; `+` joins a block to the item before it. */
class AsciidocReader extends LineReader {
  title: string | null = null;
  /** The marks of the open lists, from the outermost in, inside the innermost box. */
  private marks: string[] = [];
  private boxes: Box[] = [];
  /** The next block belongs to the open item. */
  private joined = false;
  private blank = true;
  private lang: string | null = null;
  private style = '';

  constructor(text: string) {
    super(text, asciidocCodes);
  }

  protected line(line: Line): void {
    const text = line.text.trimEnd();
    if (text.trim() === '') {
      this.outline.flush();
      this.blank = true;
      return;
    }
    if (text === '+' && this.marks.length > 0) this.join(line);
    else if (!this.layout(line, text)) this.content(line, text);
    if (text !== '+') this.blank = false;
  }

  /** `+` on a line of its own; behind an empty line it joins to the item around the innermost one. */
  private join(line: Line): void {
    this.outline.flush();
    this.outline.mark(line);
    if (this.blank && this.marks.length > 1) this.closeLists(this.marks.length - 1);
    this.joined = true;
    this.blank = false;
  }

  /** Lines that give no text: attributes, comments, macros, delimiters. */
  private layout(line: Line, text: string): boolean {
    const attribute = ATTRIBUTE.exec(text);
    if (attribute?.[1] && this.outline.paragraph.length === 0) {
      this.values.set(attribute[1].toLowerCase(), attribute[2]?.trim() ?? '');
      this.outline.mark(line);
      return true;
    }
    if ((text.startsWith('//') && !text.startsWith('////')) || MACRO.test(text)) {
      this.outline.mark(line);
      return true;
    }
    if (BLOCK_ATTRIBUTES.test(text) && !/^\[[ xX]\]/.test(text)) {
      this.attributes(line, text);
      return true;
    }
    const delimiter = DELIMITER.exec(text);
    if (!delimiter) return false;
    this.delimiter(line, text, delimiter);
    return true;
  }

  private attributes(line: Line, text: string): void {
    this.outline.flush();
    this.outline.mark(line);
    const words = text
      .slice(1, -1)
      .split(',')
      .map((word) => word.trim().replace(/^["']|["']$/g, ''));
    const first = (words[0] ?? '').replace(/[%.#].*$/, '');
    if (/^(?:source|listing|literal)$/.test(first) || (first === '' && words.length > 1)) {
      this.style = 'source';
      this.lang = words[1]?.toLowerCase().replace(/^language=/, '') || null;
    } else if (NOTICE.test(first)) this.style = first;
  }

  private takeStyle(): string {
    const { style } = this;
    this.style = '';
    return style;
  }

  private takeLang(): string | null {
    const { lang } = this;
    this.lang = null;
    return lang;
  }

  /** A block after an empty line, not joined to the list before it, is outside that list. */
  private place(): void {
    if (this.blank && !this.joined) this.closeLists(0);
    this.joined = false;
  }

  private delimiter(line: Line, text: string, found: RegExpExecArray): void {
    const box = this.boxes.at(-1);
    if (box && box.mark === text) {
      this.closeBox(line);
      return;
    }
    this.outline.flush();
    this.outline.mark(line);
    const [, mark, open, table, ticks, tag] = found;
    if (mark && /^[-.]/.test(mark)) this.verbatim(text, this.takeLang());
    else if (ticks) this.verbatim(ticks, tag?.toLowerCase() || this.takeLang());
    else if (mark && /^[+/]/.test(mark)) this.skipTo(text);
    else if (table) this.table(text);
    else if (mark ?? open) this.openBox(text);
  }

  /** The lines to the next one that is `mark`, which is taken too. */
  private linesTo(mark: string): Line[] {
    const lines: Line[] = [];
    while (this.at + 1 < this.lines.length) {
      this.at += 1;
      const line = this.lines[this.at];
      if (!line) break;
      if (line.text.trimEnd() === mark) {
        this.outline.mark(line);
        break;
      }
      lines.push(line);
    }
    return lines;
  }

  private verbatim(mark: string, lang: string | null): void {
    this.takeStyle();
    this.place();
    this.outline.code(this.linesTo(mark).map(withoutCallout), lang);
  }

  private skipTo(mark: string): void {
    for (const line of this.linesTo(mark)) this.outline.mark(line);
  }

  private table(mark: string): void {
    this.takeStyle();
    this.place();
    this.outline.table(
      this.linesTo(mark)
        .map(trimLine)
        .filter((line) => line.text !== ''),
    );
  }

  private openBox(mark: string): void {
    this.place();
    const depth = (this.outline.depth ?? 0) + 1;
    this.outline.box(depth, NOTICE.test(this.takeStyle()));
    this.boxes.push({ mark, depth });
    this.marks.push(mark);
  }

  private closeBox(line: Line): void {
    const box = this.boxes.pop();
    this.outline.flush();
    this.outline.mark(line);
    if (!box) return;
    this.outline.leave(box.depth);
    this.marks.length = Math.max(0, this.marks.lastIndexOf(box.mark));
  }

  /** Closes lists inside the innermost box, down to `count` marks of all. */
  private closeLists(count: number): void {
    const box = this.boxes.at(-1);
    const floor = box ? this.marks.lastIndexOf(box.mark) + 1 : 0;
    const keep = Math.max(floor, count);
    if (keep >= this.marks.length) return;
    this.marks.length = keep;
    this.outline.leave(keep + 1);
  }

  // Text.

  private content(line: Line, text: string): void {
    const heading = /^(={1,6}|#{1,6})[ \t]+(?=\S)/.exec(text);
    if (heading?.[1] && this.outline.paragraph.length === 0)
      this.heading(line, heading[0].length, heading[1].length);
    else if (/^\.(?![. \t])\S/.test(text) && this.outline.paragraph.length === 0) this.blockTitle(line);
    else if (!this.listItem(line, text)) this.paragraph(line, text);
  }

  private heading(line: Line, prefix: number, level: number): void {
    this.marks = [];
    this.boxes = [];
    this.joined = false;
    const title = trimLine(tail(line, prefix));
    this.outline.heading({ ...title, text: title.text }, level);
    if (level === 1 && this.title === null) {
      this.title = title.text;
      this.byline();
    }
  }

  /** Author and revision under the title. */
  private byline(): void {
    for (const pattern of [/<[^\s<>@]{1,80}@[^\s<>]{1,80}>/, /^v?\d[\w.]*,|^\d{4}-\d\d/]) {
      const next = this.lines[this.at + 1];
      if (!next || !pattern.test(next.text)) return;
      this.outline.mark(next);
      this.at += 1;
    }
  }

  /** `.Title` over a block: what the block is. A title between two items of a list does not end it. */
  private blockTitle(line: Line): void {
    if (this.blank && !this.joined) this.closeLists(0);
    this.outline.markup.push({ start: line.start, end: line.start + 1 });
    this.outline.prose(tail(line, 1));
    this.outline.flush();
  }

  private listItem(line: Line, text: string): boolean {
    const callout = CALLOUT.exec(text);
    if (callout) {
      this.outline.flush();
      this.outline.markup.push({ start: line.start, end: line.start + callout[0].length });
      this.outline.prose(tail(line, callout[0].length));
      this.outline.flush();
      return true;
    }
    const item = ITEM.exec(text);
    if (item?.[1]) {
      this.openItem(
        line,
        item[0].length,
        item[1].replace(/^(?:\d+|[a-zA-Z]|[ivx]+)(?=[.)])/, '1'),
        /^[.\dA-Za-z]/.test(item[1]),
      );
      return true;
    }
    const definition = this.outline.paragraph.length === 0 ? DEFINITION.exec(text) : null;
    if (!definition?.[2]) return false;
    this.openItem(line, 0, definition[2], false);
    return true;
  }

  private openItem(line: Line, prefix: number, mark: string, ordered: boolean): void {
    this.outline.flush();
    this.joined = false;
    const box = this.boxes.at(-1);
    const floor = box ? this.marks.lastIndexOf(box.mark) + 1 : 0;
    const known = this.marks.indexOf(mark, floor);
    if (known >= 0) this.marks.length = known + 1;
    else this.marks.push(mark);
    this.outline.item(this.marks.length, ordered);
    this.outline.markup.push({ start: line.start, end: line.start + prefix });
    this.outline.prose(tail(line, prefix));
  }

  private paragraph(line: Line, text: string): void {
    if (this.outline.paragraph.length === 0) {
      if (this.style === 'source') {
        this.code(this.takeLang());
        return;
      }
      if (indentOf(text) > 0 && this.blank) {
        this.joined = true;
        this.code(null);
        return;
      }
      this.place();
    }
    const notice = NOTICE.test(this.takeStyle());
    if (notice) this.outline.box((this.outline.depth ?? 0) + 1, true);
    this.outline.prose(text.endsWith(' +') ? head(line, text.length - 2) : line);
    if (notice) this.noticeParagraph();
  }

  private noticeParagraph(): void {
    while (this.text(this.at + 1).trim() !== '' && !DELIMITER.test(this.text(this.at + 1).trimEnd())) {
      this.at += 1;
      const next = this.lines[this.at];
      if (next) this.outline.prose(next);
    }
    this.outline.leave(this.outline.depth ?? 0);
  }

  /** A paragraph of code: indented, or named so by the attributes before it; to the next empty line. */
  private code(lang: string | null): void {
    this.takeStyle();
    this.place();
    const from = this.at;
    while (this.text(this.at + 1).trim() !== '' && this.text(this.at + 1).trim() !== '+') this.at += 1;
    this.outline.code(this.lines.slice(from, this.at + 1).map(withoutCallout), lang);
  }
}

function withoutCallout(line: Line): Line {
  const found = CALLED_OUT.exec(line.text.length > 4000 ? '' : line.text);
  return found ? head(line, found.index) : line;
}

/** Reads AsciiDoc. Linear in lines; nothing is included and no attribute is put in. */
export function readAsciidoc(text: string): Reading {
  const reader = new AsciidocReader(text);
  const { blocks, items, markup } = reader.read();
  return { title: reader.title, blocks, items, markup, values: reader.values };
}
