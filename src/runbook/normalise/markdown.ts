import MarkdownIt from 'markdown-it';
import type { SourceSpan } from '../runbook.ts';
import { TOOLS } from '../tools.ts';
import type { Block, Item, Line, Reading } from './blocks.ts';
import { sourceLines, spanOf, tail, trimLine } from './blocks.ts';
import { tickCodes } from './codes.ts';
import { frontMatter, frontSpan } from './front-matter.ts';
import { readInnerHtml } from './html.ts';
import type { Framed } from './markdown-frames.ts';
import { framed } from './markdown-frames.ts';
import { View } from './view.ts';

function blockParser() {
  const md = new MarkdownIt({ html: true });
  md.core.ruler.enableOnly(['normalize', 'block']);
  return md;
}

/** Holds no state between texts. */
const PARSER = blockParser();

type Token = ReturnType<typeof PARSER.parse>[number];

/** A link definition, which yields no token, or its address on a line of its own. */
const REFERENCE = /^[\s>]*(?:\[[^\]]{1,200}\]:|<?https?:\/\/\S+$)/;
/** MyST: ```` ```{note} ````, ```` ```{code-block} bash ````. */
const DIRECTIVE = /^\{([\w:-]{1,40})\}\s*([\w+#.-]*)/;

/** The end of `source` that is `content`: what remains of a line when its container's prefix is gone. */
function suffix(source: Line, content: string): Line {
  if (source.text.endsWith(content)) return tail(source, source.text.length - content.length);
  const text = source.text.replaceAll('\0', '\ufffd');
  if (text.endsWith(content)) return tail(source, text.length - content.length);
  const bare = content.trim();
  const at = bare === '' ? -1 : text.lastIndexOf(bare);
  return at < 0
    ? trimLine(source)
    : { text: source.text.slice(at, at + bare.length), start: source.start + at };
}

function contentLines(source: readonly Line[], content: string, first: number): Line[] {
  const texts = content.split('\n');
  if (texts.at(-1) === '') texts.pop();
  return texts.flatMap((text, index) => {
    const line = source[first + index];
    return line ? [suffix(line, text)] : [];
  });
}

interface Fence {
  readonly lang: string | null;
  /** The fence is a box of prose. */
  readonly notice: boolean;
  /** The code itself stands behind the mark, as Slack and hurried people write it. */
  readonly codeInInfo: boolean;
}

function fenceOf(info: string): Fence {
  const bare = info.trim();
  const directive = DIRECTIVE.exec(bare);
  if (directive) {
    const code = /code|prompt|sourcecode|parsed-literal|literal/.test(directive[1] ?? '');
    return { lang: code ? directive[2]?.toLowerCase() || null : null, notice: !code, codeInInfo: false };
  }
  const [first = '', second = ''] = bare.split(/[\s,{]+/);
  const codeInInfo = /\s/.test(bare) && TOOLS.isPlain(first) && !/[={]/.test(second);
  return { lang: codeInInfo ? null : first.toLowerCase() || null, notice: false, codeInInfo };
}

const INNER_FENCE = /^(`{3,}|~{3,})[ \t]*([^`]*)$/;

/** A task of a checklist, up to its text. */
const TASK = /^\s*(?:[-*+]|\d{1,3}[.)])\s+\[[ xX]\]\s+/;

/** Tasks in a fence are a template to copy, and no code. */
const isChecklist = (lang: string | null, lines: readonly Line[]): boolean =>
  (lang === null || lang === 'markdown' || lang === 'md') &&
  TASK.test(lines.find(({ text }) => text.trim() !== '')?.text ?? '');

/** The lines outside HTML comments that begin and end on lines of their own. */
function withoutComments(lines: readonly Line[]): Line[] {
  let hidden = false;
  return lines.filter(({ text }) => {
    if (/^\s*<!--/.test(text)) hidden = true;
    const shown = !hidden;
    if (/-->\s*$/.test(text)) hidden = false;
    return shown;
  });
}

/** Collects blocks while the tokens are read in order. */
class Collector {
  readonly blocks: Block[] = [];
  readonly items: Item[] = [];
  readonly markup: SourceSpan[];
  view: View | undefined;
  private readonly text: string;
  private readonly source: readonly Line[];
  private readonly notices: ReadonlySet<number>;
  private readonly lists: { readonly ordered: boolean; readonly list: number; last: number }[] = [];
  private readonly open: number[] = [];
  private quotes = 0;
  private tableEnd = 0;
  private heading: number | null = null;

  constructor(text: string, source: readonly Line[], framed: Framed, front: readonly SourceSpan[]) {
    this.text = text;
    this.source = source;
    this.notices = framed.notices;
    this.markup = [...front];
    for (const index of framed.frames) this.mark(index, index + 1);
  }

  /** Notes that lines only lay out the text. */
  private mark(from: number, to: number): void {
    const lines = this.source.slice(from, to);
    if (lines.length > 0) this.markup.push(spanOf(lines));
  }

  private place(first: number): { item: number | null; quoted: boolean; notice?: boolean } {
    const place = { item: this.open.at(-1) ?? null, quoted: this.quotes > 0 };
    return this.notices.has(first) ? { ...place, notice: true } : place;
  }

  read(token: Token): void {
    const { map } = token;
    switch (token.type) {
      case 'ordered_list_open':
      case 'bullet_list_open':
        this.lists.push({
          ordered: token.type === 'ordered_list_open',
          list: this.items.length,
          last: Number(token.attrGet('start') ?? 1) - 1,
        });
        return;
      case 'ordered_list_close':
      case 'bullet_list_close':
        this.lists.pop();
        return;
      case 'list_item_open':
        if (map) this.mark(map[0], map[0] + 1);
        this.item();
        return;
      case 'list_item_close':
        this.open.pop();
        return;
      case 'blockquote_open':
        this.quotes += 1;
        return;
      case 'blockquote_close':
        this.quotes -= 1;
        return;
      case 'heading_open':
        if (map) this.mark(map[0], map[1]);
        this.heading = Number(token.tag.slice(1));
        return;
      case 'table_open':
        if (map) this.table(map[0], map[1]);
        return;
      case 'hr':
        if (map) this.mark(map[0], map[1]);
        return;
      case 'html_block':
        if (map) this.html(map[0], map[1]);
        return;
      case 'inline':
      case 'fence':
      case 'code_block':
        if (map) this.leaf(token, map[0], map[1]);
    }
  }

  private item(): void {
    const list = this.lists.at(-1);
    if (list) list.last += 1;
    const { ordered, list: id, last } = list ?? { ordered: false, list: 0, last: 1 };
    this.items.push({ parent: this.open.at(-1) ?? null, ordered, list: id, number: last });
    this.open.push(this.items.length - 1);
  }

  private table(first: number, end: number): void {
    this.tableEnd = end;
    const lines = this.source.slice(first, end);
    this.blocks.push({ type: 'table', lines, codes: tickCodes(lines, this.text), ...this.place(first) });
  }

  private leaf(token: Token, first: number, end: number): void {
    if (token.type === 'inline') this.prose(token.content, first);
    else if (token.type === 'code_block')
      this.indented(contentLines(this.source, token.content, first), first);
    else this.fence(token, first, end);
  }

  private prose(content: string, first: number): void {
    const lines = contentLines(this.source, content, first);
    const codes = tickCodes(lines, this.text);
    const { heading } = this;
    this.heading = null;
    if (heading !== null)
      this.blocks.push({ type: 'heading', level: heading, lines, codes, ...this.place(first) });
    // By the letter a fence that is indented under its text goes on with the text.
    else if (first >= this.tableEnd && lines.some((line) => INNER_FENCE.test(line.text.trim())))
      this.withFences(lines, first, {});
    else if (first >= this.tableEnd) this.blocks.push({ type: 'para', lines, codes, ...this.place(first) });
  }

  /** Indented code; a line in ticks is code in a paragraph all the same. */
  private indented(lines: readonly Line[], first: number): void {
    const [only] = lines.map(trimLine);
    if (!only || lines.length > 1 || !/^`[^`]+`$/.test(only.text)) this.code(null, lines, first);
    else
      this.blocks.push({
        type: 'para',
        lines: [only],
        codes: tickCodes([only], this.text),
        ...this.place(first),
      });
  }

  private code(lang: string | null, lines: readonly Line[], first: number): void {
    this.blocks.push({ type: 'code', lang, lines, ...this.place(first) });
  }

  private fence(token: Token, first: number, end: number): void {
    this.mark(first, first + 1);
    this.mark(end - 1, end);
    const lines = contentLines(this.source, token.content, first + 1);
    const opening = this.source[first];
    const { lang, notice, codeInInfo } = fenceOf(token.info);
    if (isChecklist(lang, lines)) this.checklist(lines, first);
    else if (codeInInfo && opening) this.code(null, [suffix(opening, token.info), ...lines], first);
    else if (notice)
      this.withFences(
        lines.filter((line) => !/^:[\w-]+:/.test(line.text.trim())),
        first,
        { notice },
      );
    else this.code(lang, lines, first);
  }

  /** Prose in which fences hold code: a box, or a paragraph with a fence in it. */
  private withFences(lines: readonly Line[], first: number, box: { notice?: true }): void {
    let prose: Line[] = [];
    /** Marks that no later line closes: looked for once. */
    const unclosed = new Set<string>();
    const flush = (): void => {
      if (prose.length > 0)
        this.blocks.push({
          type: 'para',
          lines: prose,
          codes: tickCodes(prose, this.text),
          ...this.place(first),
          ...box,
        });
      prose = [];
    };
    for (let at = 0; at < lines.length; at++) {
      const whole = lines[at];
      if (!whole) break;
      const line = trimLine(whole);
      const [, mark, info = ''] = INNER_FENCE.exec(line.text) ?? [];
      const closes = ({ text }: Line, index: number): boolean => index > at && text.trim() === mark;
      const end = mark && !unclosed.has(mark) ? lines.findIndex(closes) : -1;
      if (mark && end < 0) unclosed.add(mark);
      if (end > at) {
        flush();
        this.markup.push(spanOf(lines.slice(at, at + 1)), spanOf(lines.slice(end, end + 1)));
        this.code(fenceOf(info).lang, lines.slice(at + 1, end), first);
        at = end;
      } else if (line.text === '') flush();
      else prose.push(line);
    }
    flush();
  }

  /** Each task is an item with its text; what stands under a task belongs to it. */
  private checklist(lines: readonly Line[], first: number): void {
    let item = this.open.at(-1) ?? null;
    let number = 0;
    for (const line of withoutComments(lines)) {
      const bare = trimLine(line);
      if (bare.text === '') continue;
      const mark = TASK.exec(line.text)?.[0].length ?? 0;
      const task = mark > 0 ? tail(line, mark) : bare;
      if (mark > 0) {
        number += 1;
        this.items.push({ parent: null, ordered: true, list: first, number });
        item = this.items.length - 1;
        this.markup.push({ start: line.start, end: task.start });
      }
      const codes = tickCodes([task], this.text);
      this.blocks.push({ type: 'para', lines: [task], codes, item, quoted: this.quotes > 0 });
    }
  }

  private html(first: number, end: number): void {
    const lines = this.source.slice(first, end);
    const { start, end: to } = spanOf(lines);
    if (!this.view) {
      this.view = new View();
      this.view.write(this.text, 0, this.text.length);
    }
    const { blocks, markup } = readInnerHtml(this.text.slice(start, to), start, this.view, this.items);
    this.blocks.push(
      ...blocks.map((block) => ({
        ...block,
        ...this.place(first),
        item: block.item ?? this.open.at(-1) ?? null,
      })),
    );
    this.markup.push(...markup);
  }
}

/** Reads Markdown with the block rules of markdown-it only; inline marks stay in the text. */
export function readMarkdown(text: string): Reading {
  const source = sourceLines(text);
  const front = frontMatter(source);
  const lines = framed(source.map((line, index) => (index < front.count ? { ...line, text: '' } : line)));
  const collector = new Collector(text, source, lines, frontSpan(source, front));
  for (const token of PARSER.parse(lines.body.join('\n'), {})) collector.read(token);
  for (const line of source)
    if (REFERENCE.test(line.text.slice(0, 1000))) collector.markup.push(spanOf([line]));
  const { blocks, items, markup, view } = collector;
  return {
    title: front.values.get('title') ?? null,
    blocks,
    items,
    markup,
    values: front.values,
    ...(view ? { view } : {}),
  };
}
