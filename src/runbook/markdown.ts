import MarkdownIt from 'markdown-it';
import type { Block, Document, Item, Line } from './blocks.ts';
import { sourceLines, tail, trimLine } from './blocks.ts';

function blockParser() {
  const md = new MarkdownIt({ html: true });
  md.core.ruler.enableOnly(['normalize', 'block']);
  return md;
}

/** Holds no state between texts. */
const PARSER = blockParser();

type Token = ReturnType<typeof PARSER.parse>[number];

/** Design: 2,000 blocks a text; what lies beyond, or deeper than markdown-it's 100 levels, is kept as `unparsed`. */
const MAX_BLOCKS = 2000;

/** A link definition, which yields no token, or its address on a line of its own. */
const REFERENCE = /^[\s>]*(?:\[[^\]]{1,200}\]:|<?https?:\/\/\S+$)/;

/** Front matter between `---` lines at the very top: its title, and how many lines it takes. */
function frontMatter(lines: readonly Line[]): { title: string | null; count: number } {
  if (lines[0]?.text.trimEnd() !== '---') return { title: null, count: 0 };
  const close = lines.findIndex((line, index) => index > 0 && /^(?:---|\.\.\.)\s*$/.test(line.text));
  if (close < 0 || close > 200) return { title: null, count: 0 };
  for (const line of lines.slice(1, close)) {
    const title = /^title:\s*(.+)$/.exec(line.text.slice(0, 500))?.[1]?.trim();
    if (title) return { title: title.replace(/^(["'])(.*)\1$/, '$2'), count: close + 1 };
  }
  return { title: null, count: close + 1 };
}

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

/** Collects blocks while the tokens are read in order. */
class Collector {
  readonly blocks: Block[] = [];
  readonly items: Item[] = [];
  private readonly source: readonly Line[];
  private readonly covered: Uint8Array;
  private readonly lists: boolean[] = [];
  private readonly open: number[] = [];
  private quotes = 0;
  private tableEnd = 0;
  private heading: number | null = null;

  constructor(source: readonly Line[], skipped: number) {
    this.source = source;
    this.covered = new Uint8Array(source.length);
    this.covered.fill(1, 0, skipped);
  }

  private cover(map: readonly [number, number] | null): void {
    if (map) this.covered.fill(1, map[0], map[1]);
  }

  private place(): { item: number | null; quoted: boolean } {
    return { item: this.open.at(-1) ?? null, quoted: this.quotes > 0 };
  }

  read(token: Token): void {
    switch (token.type) {
      case 'ordered_list_open':
      case 'bullet_list_open':
        this.lists.push(token.type === 'ordered_list_open');
        return;
      case 'ordered_list_close':
      case 'bullet_list_close':
        this.lists.pop();
        return;
      case 'list_item_open':
        if (token.map) this.cover([token.map[0], token.map[0] + 1]);
        this.items.push({ parent: this.open.at(-1) ?? null, ordered: this.lists.at(-1) ?? false });
        this.open.push(this.items.length - 1);
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
        this.cover(token.map);
        this.heading = Number(token.tag.slice(1));
        return;
      case 'table_open':
        this.cover(token.map);
        this.tableEnd = token.map?.[1] ?? 0;
        if (token.map)
          this.blocks.push({ type: 'table', lines: this.source.slice(...token.map), ...this.place() });
        return;
      default:
        this.leaf(token);
    }
  }

  private leaf(token: Token): void {
    const { map } = token;
    if (!map) return;
    const first = map[0];
    switch (token.type) {
      case 'inline': {
        const lines = contentLines(this.source, token.content, first);
        if (this.heading !== null)
          this.blocks.push({ type: 'heading', level: this.heading, lines, ...this.place() });
        else if (first >= this.tableEnd) this.blocks.push({ type: 'para', lines, ...this.place() });
        this.heading = null;
        break;
      }
      case 'fence':
        this.blocks.push({
          type: 'code',
          lang:
            token.info
              .trim()
              .split(/[\s,{]/)[0]
              ?.toLowerCase() || null,
          lines: contentLines(this.source, token.content, first + 1),
          ...this.place(),
        });
        break;
      case 'code_block':
        this.blocks.push({
          type: 'code',
          lang: null,
          lines: contentLines(this.source, token.content, first),
          ...this.place(),
        });
        break;
      case 'html_block':
        this.blocks.push({ type: 'html', lines: this.source.slice(...map), ...this.place() });
        break;
      case 'hr':
        break;
      default:
        return;
    }
    this.cover(map);
  }

  /** Lines that no token stands for become `unparsed`, so that nothing vanishes in silence. */
  unparsed(): Block[] {
    const blocks: Block[] = [];
    let run: Line[] = [];
    const flush = (): void => {
      if (run.length > 0) blocks.push({ type: 'unparsed', lines: run, item: null, quoted: false });
      run = [];
    };
    this.source.forEach((line, index) => {
      const lost = this.covered[index] === 0 && /[^\s>]/.test(line.text) && !REFERENCE.test(line.text);
      if (lost) run.push(line);
      else flush();
    });
    flush();
    return blocks;
  }
}

/** Reads Markdown with the block rules of markdown-it only; inline marks stay in the text. */
export function markdownBlocks(text: string): Document {
  const source = sourceLines(text);
  const front = frontMatter(source);
  const body = source.map((line, index) => (index < front.count ? '' : line.text)).join('\n');
  const collector = new Collector(source, front.count);
  for (const token of PARSER.parse(body, {})) collector.read(token);
  const first = (block: Block): number => block.lines[0]?.start ?? 0;
  const blocks = [...collector.blocks, ...collector.unparsed()].sort((a, b) => first(a) - first(b));
  return { kind: 'markdown', title: front.title, blocks: bounded(blocks), items: collector.items };
}

function bounded(blocks: Block[]): Block[] {
  if (blocks.length <= MAX_BLOCKS) return blocks;
  const rest = blocks.slice(MAX_BLOCKS).flatMap((block) => block.lines);
  return [...blocks.slice(0, MAX_BLOCKS), { type: 'unparsed', lines: rest, item: null, quoted: false }];
}
