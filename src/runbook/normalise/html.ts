import { Tokenizer } from 'htmlparser2';
import { cut } from '../cut.ts';
import type { Link, SourceSpan } from '../runbook.ts';
import type { Block, CodeSpan, Item, Line, Reading } from './blocks.ts';
import { dedent, sourceLines, trimLine } from './blocks.ts';
import * as elements from './html-elements.ts';
import { View } from './view.ts';

/** Elements beyond this depth are read as if they were not there; their text belongs to the element around them. */
const MAX_DEPTH = 256;
const MAX_ATTRIBUTE = 2000;
const MAX_LINKS = 100;

type Shown = 'shown' | 'skipped' | 'hidden';
/** What sets text in a font of one width: nothing, a tag such as `code`, or a style. */
type Font = 'prose' | 'tag' | 'style';

interface Element {
  readonly name: string;
  readonly shown: Shown;
  /** Text is code and its blanks count. */
  readonly code: boolean;
  readonly level: number | null;
  readonly item: number | null;
  readonly ordered: boolean;
  /** The list that it is or is in. */
  readonly list: { readonly id: number; last: number } | null;
  readonly quoted: boolean;
  readonly notice: boolean;
  readonly cell: boolean;
  readonly main: boolean;
  readonly background: string;
  /** Where inline code that this element marks begins in the view. */
  readonly codeFrom: number | null;
  readonly font: Font;
  /** What the link around it leads to: another page, or a part of this one. */
  readonly link: 'none' | 'page' | 'part';
  /** Language of the code inside; a parameter of a macro may set it later. */
  lang: string | null;
}

const ROOT: Element = {
  name: '',
  shown: 'shown',
  code: false,
  level: null,
  item: null,
  ordered: false,
  list: null,
  quoted: false,
  notice: false,
  cell: false,
  main: false,
  background: 'ffffff',
  codeFrom: null,
  font: 'prose',
  link: 'none',
  lang: null,
};

type Found = { readonly block: Block; readonly main: boolean; readonly source: SourceSpan };

/** Reads the events of the tokenizer and keeps what a reader of the page sees, block by block. */
class HtmlReader {
  readonly items: Item[];
  readonly markup: SourceSpan[] = [];
  readonly view: View;
  readonly found: Found[] = [];
  title = '';
  readonly links: Link[] = [];
  /** The link that is open: its address, and where its text begins in the view. */
  private link: { readonly url: string; readonly from: number } | null = null;
  private readonly source: string;
  private readonly base: number;
  private readonly hiding: ReadonlySet<string>;
  private stack: Element[] = [];
  private overflow = 0;
  private tag = '';
  private tagStart = 0;
  private attributes: Record<string, string> = {};
  private attribute = '';
  /** The text of the block that is being read, and where it begins in the view. */
  private buffer = '';
  private bufferStart: number;
  private lastUnit = '';
  private codes: CodeSpan[] = [];
  private blockFrom = 0;
  private blockTo = 0;
  /** Text kept from readers inside the block that is being read. */
  private secrets: SourceSpan[] = [];
  private secretInCode = false;
  /** The fonts of the block that is being read: prose when any of it is. */
  private font: Font | null = null;
  /** All of the block that is being read leads to parts of the page: a table of contents. */
  private contents = true;
  /** The last block was a line of code by its style alone; lines that follow belong to it. */
  private styledCode = false;

  constructor(source: string, base: number, view: View, items: Item[]) {
    this.source = source;
    this.base = base;
    this.view = view;
    this.items = items;
    this.hiding = elements.hidingSelectors(source);
    this.bufferStart = view.length;
  }

  private get top(): Element {
    return this.stack.at(-1) ?? ROOT;
  }

  private mark(start: number, end: number): void {
    const last = this.markup.at(-1);
    if (last && last.end === start + this.base)
      this.markup[this.markup.length - 1] = { start: last.start, end: end + this.base };
    else this.markup.push({ start: start + this.base, end: end + this.base });
  }

  // Events of the tokenizer. Offsets are those of `source`.

  ontext(start: number, end: number): void {
    this.text(this.source.slice(start, end), start, end);
  }

  ontextentity(codepoint: number, end: number): void {
    const from = this.source.lastIndexOf('&', end - 1);
    this.text(String.fromCodePoint(codepoint), from < 0 ? end - 1 : from, end);
  }

  oncdata(start: number, end: number, endOffset: number): void {
    this.mark(Math.max(0, start - 9), start);
    this.text(this.source.slice(start, end - endOffset), start, end - endOffset);
    this.mark(end - endOffset, end + 1);
  }

  oncomment(start: number, end: number): void {
    this.mark(Math.max(0, start - 4), end + 1);
  }

  ondeclaration(start: number, end: number): void {
    this.mark(Math.max(0, start - 1), end + 1);
  }

  onprocessinginstruction(start: number, end: number): void {
    this.mark(Math.max(0, start - 1), end + 1);
  }

  onopentagname(start: number, end: number): void {
    this.tag = this.source.slice(start, Math.min(end, start + 100)).toLowerCase();
    this.tagStart = start - 1;
    this.attributes = {};
  }

  onattribname(start: number, end: number): void {
    this.attribute = this.source.slice(start, Math.min(end, start + 100)).toLowerCase();
    if (elements.ATTRIBUTES.has(this.attribute)) this.attributes[this.attribute] ??= '';
  }

  onattribdata(start: number, end: number): void {
    const value = this.attributes[this.attribute];
    if (value !== undefined && value.length < MAX_ATTRIBUTE)
      this.attributes[this.attribute] = value + cut(this.source.slice(start, end), MAX_ATTRIBUTE);
  }

  onattribentity(codepoint: number): void {
    const value = this.attributes[this.attribute];
    if (value !== undefined && value.length < MAX_ATTRIBUTE)
      this.attributes[this.attribute] = value + String.fromCodePoint(codepoint);
  }

  onattribend(): void {
    this.attribute = '';
  }

  onopentagend(end: number): void {
    this.mark(this.tagStart, end + 1);
    this.open(this.tag, this.attributes, end + 1);
  }

  onselfclosingtag(end: number): void {
    this.mark(this.tagStart, end + 1);
    this.open(this.tag, this.attributes, end + 1);
    if (!elements.VOID.has(this.tag)) this.close(this.tag, end + 1);
  }

  onclosetag(start: number, end: number): void {
    this.mark(Math.max(0, start - 2), end + 1);
    this.close(
      this.source
        .slice(start, Math.min(end, start + 100))
        .toLowerCase()
        .trim(),
      end + 1,
    );
  }

  onend(): void {
    this.closeTo(0, this.source.length);
    this.endBlock();
  }

  // The tree.

  private open(name: string, attributes: elements.Attributes, at: number): void {
    if (name === 'br') this.lineBreak(at);
    if (name === 'hr') this.endBlock();
    if (elements.VOID.has(name)) return;
    this.impliedClose(name, at);
    if (elements.BLOCK.has(name)) this.boundary(at);
    if (this.stack.length >= MAX_DEPTH) {
      this.overflow += 1;
      return;
    }
    const parent = this.top;
    const element = this.element(name, attributes, parent);
    if (element.code && !parent.code) this.endBlock();
    if (name === 'a') this.openLink(element, attributes.href ?? '');
    this.stack.push(element);
  }

  /** Only addresses of web pages and of mail are kept, and only those in the page's own text. */
  private openLink(element: Element, href: string): void {
    const url = cut(href.trim(), 500);
    this.link =
      element.shown === 'shown' && /^(?:https?:\/\/|mailto:)/i.test(url)
        ? { url, from: this.buffer.length }
        : null;
  }

  private closeLink(): void {
    if (this.link && this.links.length < MAX_LINKS) {
      const text = cut(this.buffer.slice(this.link.from).trim(), 200);
      this.links.push({ url: this.link.url, text: text === '' ? this.link.url : text });
    }
    this.link = null;
  }

  private element(name: string, attributes: elements.Attributes, parent: Element): Element {
    const background = elements.backgroundOf(attributes) ?? parent.background;
    const shown = this.shownOf(name, attributes, parent, background);
    const block = elements.BLOCK.has(name);
    const mono = elements.isMonospaced(attributes);
    const heading =
      /^h([1-6])$/.exec(name)?.[1] ??
      (attributes.role === 'heading' ? (attributes['aria-level'] ?? '2') : null);
    const tagged = elements.INLINE_CODE.has(name);
    const marks = !parent.code && parent.codeFrom === null && (tagged || mono);
    return {
      name,
      shown,
      code:
        parent.code ||
        elements.PREFORMATTED.has(name) ||
        (block && mono && /white-space:\s*pre/.test(attributes.style ?? '')),
      level: heading === null ? parent.level : Math.min(6, Math.max(1, Number(heading) || 2)),
      item: name === 'li' || name === 'ac:task' ? this.newItem(parent) : parent.item,
      ordered: name === 'ol' || (name !== 'ul' && name !== 'menu' && parent.ordered),
      list: this.listOf(name, attributes, parent),
      quoted: parent.quoted || name === 'blockquote',
      notice: parent.notice || elements.isNotice(name, attributes),
      cell:
        name === 'td' ||
        name === 'th' ||
        (parent.cell && !/^(?:ul|ol|h[1-6]|ac:structured-macro)$/.test(name)),
      main: parent.main || elements.isMain(name, attributes),
      background,
      codeFrom: marks ? this.view.length : parent.codeFrom,
      link: name === 'a' && attributes.href ? linkOf(attributes.href) : parent.link,
      font: tagged ? 'tag' : mono && parent.font === 'prose' ? 'style' : parent.font,
      lang: elements.languageOf(name, attributes) ?? parent.lang,
    };
  }

  private listOf(name: string, attributes: elements.Attributes, parent: Element): Element['list'] {
    if (!/^(?:ol|ul|menu|ac:task-list)$/.test(name)) return parent.list;
    const start = Number(attributes.start ?? 1);
    return { id: this.items.length, last: Number.isInteger(start) ? start - 1 : 0 };
  }

  private newItem(parent: Element): number {
    const { list } = parent;
    if (list) list.last += 1;
    const place = list ? { list: list.id, number: list.last } : {};
    this.items.push({ parent: parent.item, ordered: parent.ordered, ...place });
    return this.items.length - 1;
  }

  private shownOf(name: string, attributes: elements.Attributes, parent: Element, background: string): Shown {
    if (parent.shown !== 'shown') return parent.shown;
    if (elements.isChrome(name, attributes)) return 'skipped';
    if (name === 'header' || name === 'footer') return parent.main ? 'shown' : 'skipped';
    if (name === 'ac:parameter' && attributes['ac:name'] !== 'title' && attributes['ac:name'] !== 'language')
      return 'skipped';
    return elements.isHidden(name, attributes, background, this.hiding) ? 'hidden' : 'shown';
  }

  /** Closes what the opening of `name` ends without a closing tag. */
  private impliedClose(name: string, at: number): void {
    if (elements.BLOCK.has(name) && name !== 'summary') {
      const open = this.stack.findLastIndex(
        (each) => each.name === 'p' || elements.PARAGRAPH_SCOPE.has(each.name),
      );
      if (open >= 0 && this.stack[open]?.name === 'p' && !name.startsWith('ac:')) this.closeTo(open, at);
    }
    const rule = elements.CLOSES.get(name);
    if (!rule) return;
    const open = this.stack.findLastIndex((each) => rule.ends.has(each.name) || rule.within.has(each.name));
    if (open >= 0 && rule.ends.has(this.stack[open]?.name ?? '')) this.closeTo(open, at);
  }

  private close(name: string, at: number): void {
    if (name === 'br') this.lineBreak(at);
    if (this.overflow > 0) {
      if (elements.BLOCK.has(name)) this.boundary(at);
      this.overflow -= 1;
      return;
    }
    const open = this.stack.findLastIndex((each) => each.name === name);
    if (open >= 0) this.closeTo(open, at);
  }

  private closeTo(depth: number, at: number): void {
    while (this.stack.length > depth) {
      const element = this.top;
      const around = this.stack.at(-2) ?? ROOT;
      if (element.codeFrom !== null && around.codeFrom === null) this.endInlineCode(element.codeFrom);
      if (element.name === 'ac:parameter') this.endParameter();
      if (element.name === 'a') this.closeLink();
      if (elements.BLOCK.has(element.name)) this.boundary(at);
      if (element.code && !around.code) this.endBlock();
      this.stack.pop();
    }
  }

  /** The text of a macro's parameter: the language of its code, or a title that is text like any other. */
  private endParameter(): void {
    const macro = this.stack.findLast(
      (each) => each.name === 'ac:structured-macro' || each.name === 'ac:macro',
    );
    if (!macro || this.top.shown !== 'shown' || !/^[\w+#-]{1,30}$/.test(this.buffer.trim())) return;
    macro.lang = this.buffer.trim().toLowerCase();
    this.drop();
  }

  // The text.

  private text(text: string, start: number, end: number): void {
    const { shown, code, name } = this.top;
    if (name === 'title' && !this.stack.some((each) => each.name === 'svg')) this.title += cut(text, 300);
    if (shown === 'skipped') this.mark(start, end);
    else if (shown === 'hidden') this.conceal(text, start, end);
    else if (code) this.preformatted(text, start, end);
    else this.running(text, start, end);
  }

  private conceal(text: string, start: number, end: number): void {
    if (text.trim() === '') return;
    this.secrets.push({ start, end });
    if (this.top.code || this.top.codeFrom !== null) this.secretInCode = true;
  }

  private preformatted(text: string, start: number, end: number): void {
    this.put(text.replace(/[\u00a0\u2007\u202f]/g, ' '), start, end);
  }

  /** Running text: blanks are folded to one, and gone at the beginning of a line. */
  private running(text: string, start: number, end: number): void {
    if (text.length !== end - start) {
      if (/^\s+$/.test(text)) this.blank(start, end);
      else this.put(text, start, end);
      return;
    }
    for (const piece of text.matchAll(/\s+|\S+/g)) {
      const from = start + piece.index;
      if (/^\s/.test(piece[0])) this.blank(from, from + piece[0].length);
      else this.put(piece[0], from, from + piece[0].length);
    }
  }

  private blank(start: number, end: number): void {
    if (this.buffer !== '' && !/\s/.test(this.lastUnit)) this.put(' ', start, end);
  }

  private put(text: string, start: number, end: number): void {
    if (this.buffer === '') {
      this.bufferStart = this.view.length;
      this.blockFrom = start;
    }
    this.blockTo = end;
    this.buffer += text;
    this.lastUnit = text.at(-1) ?? '';
    this.view.write(text, start + this.base, end + this.base);
    if (!/\S/.test(text)) return;
    this.font = mixed(this.font, this.top.font);
    if (this.top.link !== 'part') this.contents = false;
  }

  private lineBreak(at: number): void {
    if (this.top.shown === 'shown' && this.buffer !== '') this.put('\n', at, at);
  }

  /** The edge of a block element: the end of a block, or of a line inside preformatted text. */
  private boundary(at: number): void {
    if (!this.top.code) this.endBlock();
    else if (this.buffer !== '' && this.lastUnit !== '\n') this.put('\n', at, at);
  }

  private endInlineCode(from: number): void {
    const end = this.view.length - (this.buffer.length - this.buffer.trimEnd().length);
    const secret = this.secretInCode;
    this.secretInCode = false;
    if (secret || end <= from || this.top.shown !== 'shown') return;
    this.codes.push({ ...codeSpan(from, end), ...(this.top.link === 'none' ? {} : { linked: true }) });
  }

  private drop(): void {
    this.mark(this.blockFrom, this.blockTo);
    this.clear();
  }

  private clear(): void {
    this.buffer = '';
    this.lastUnit = '';
    this.codes = [];
    this.font = null;
    this.contents = true;
    this.secretInCode = false;
  }

  private endBlock(): void {
    const text = this.buffer;
    if (this.contents && text !== '' && !this.top.code && this.top.level === null) this.drop();
    else if (text.trim() !== '') {
      const lines = sourceLines(text).map((line) => ({
        text: line.text,
        start: line.start + this.bufferStart,
      }));
      const block = this.secretInCode && this.top.code ? this.blockOf('hidden', lines) : this.read(lines);
      this.keep(block, { start: this.blockFrom, end: this.blockTo });
    }
    this.clear();
    this.report();
  }

  private keep(block: Block, source: SourceSpan): void {
    this.found.push({
      block,
      main: this.top.main,
      source: { start: source.start + this.base, end: source.end + this.base },
    });
  }

  /** Shows what was kept from readers as blocks of its own. */
  private report(): void {
    for (const { start, end } of this.secrets) {
      const text = this.source.slice(start, end);
      const at = this.view.length;
      this.view.write(text, start + this.base, end + this.base);
      this.keep(this.blockOf('hidden', [{ text, start: at }]), { start, end });
    }
    this.secrets = [];
  }

  private blockOf(type: 'hidden', lines: readonly Line[]): Block {
    return { type, lines, item: this.top.item, quoted: this.top.quoted };
  }

  private read(raw: readonly Line[]): Block {
    const { code, level, item, quoted, notice, cell, lang, codeFrom } = this.top;
    const place = { item, quoted, ...(notice ? { notice } : {}) };
    if (code) {
      this.styledCode = false;
      return { type: 'code', lang, lines: dedent(raw), ...place };
    }
    const lines = raw.map(trimLine).filter((line) => line.text !== '');
    const asCode = this.font === 'style' || (this.font === 'tag' && lines.length > 1);
    if (asCode && level === null && !cell) return this.styled(lines, place);
    this.styledCode = false;
    const open = codeFrom === null ? [] : [codeSpan(this.bufferStart, this.view.length)];
    const codes = [...this.codes, ...open];
    if (level !== null) return { type: 'heading', level, lines, codes, ...place };
    if (cell) return { type: 'table', lines, codes, ...place };
    const concealed = this.secrets.length > 0 ? { concealed: true } : {};
    return { type: 'para', lines, codes, ...place, ...concealed };
  }

  /** A paragraph that is nothing but code; one that a style alone makes so goes on from the one before. */
  private styled(lines: readonly Line[], place: { item: number | null; quoted: boolean }): Block {
    const last = this.found.at(-1)?.block;
    const goesOn =
      this.styledCode && this.font === 'style' && last?.type === 'code' && last.item === place.item;
    this.styledCode = this.font === 'style';
    if (!goesOn) return { type: 'code', lang: null, lines, ...place };
    this.found.pop();
    return { ...last, lines: [...last.lines, ...lines] };
  }
}

const linkOf = (href: string): 'page' | 'part' => (href.trim().startsWith('#') ? 'part' : 'page');

const codeSpan = (start: number, end: number): CodeSpan => ({ start, end, outer: { start, end } });

function mixed(one: Font | null, other: Font): Font {
  if (one === 'prose' || other === 'prose') return 'prose';
  return one === 'tag' || other === 'tag' ? 'tag' : 'style';
}

/** The page's own text where the page says which part that is; the rest of the site around it is markup. */
function ownText(found: readonly Found[], markup: SourceSpan[]): Block[] {
  const marked = found.some(({ main, block }) => main && block.type !== 'hidden');
  return found.flatMap(({ block, main, source }) => {
    if (!marked || main || block.type === 'hidden') return [block];
    markup.push(source);
    return [];
  });
}

function run(source: string, base: number, view: View, items: Item[]): HtmlReader {
  const reader = new HtmlReader(source, base, view, items);
  const tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: true }, reader);
  tokenizer.write(source);
  tokenizer.end();
  return reader;
}

/** Reads a page of HTML, or Confluence's storage format, by the events of htmlparser2's tokenizer. Linear. */
export function readHtml(source: string): Reading {
  const items: Item[] = [];
  const reader = run(source, 0, new View(), items);
  const { markup, view } = reader;
  const title = reader.title.replace(/\s+/g, ' ').trim();
  const blocks = ownText(reader.found, markup);
  return { title: title === '' ? null : title, blocks, items, markup, view, links: reader.links };
}

/** Reads HTML that stands in a text of another kind, from unit `base` of it on; lines are written to the view of that text. */
export function readInnerHtml(
  source: string,
  base: number,
  view: View,
  items: Item[],
): { blocks: Block[]; markup: SourceSpan[] } {
  const { found, markup } = run(source, base, view, items);
  return { blocks: found.map(({ block }) => block), markup };
}
