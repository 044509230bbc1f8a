import type { SourceKind, SourceSpan } from '../runbook.ts';
import { readAsciidoc } from './asciidoc.ts';
import type { Block, Document, Line, Reading } from './blocks.ts';
import { sourceLines, spanOf } from './blocks.ts';
import { readHtml } from './html.ts';
import { kindOf } from './kind.ts';
import { readMarkdown } from './markdown.ts';
import { readOrg } from './org.ts';
import { readPlain, readSlack } from './plain.ts';
import { readRst } from './rst.ts';
import { readWiki } from './wiki.ts';

export type { Document } from './blocks.ts';

/** Design: 2,000 blocks a text; what lies beyond is kept as one block that is not read. */
const MAX_BLOCKS = 2000;

const READERS: Readonly<Record<SourceKind, (text: string) => Reading>> = {
  markdown: readMarkdown,
  html: readHtml,
  slack: readSlack,
  rst: readRst,
  asciidoc: readAsciidoc,
  org: readOrg,
  wiki: readWiki,
  plain: readPlain,
};

/** The part of the source that a part of the document's text shows. */
export function toSource({ view }: Reading, span: SourceSpan): SourceSpan {
  return view ? view.toSource(span) : span;
}

/** Lines that neither a block nor a mark stands for become `unparsed`, so that nothing vanishes in silence. */
function unparsed(text: string, reading: Reading): Block[] {
  const lines = sourceLines(text);
  const covered = new Uint8Array(lines.length);
  const starts = lines.map((line) => line.start);
  const cover = ({ start, end }: SourceSpan): void => {
    if (end > start) covered.fill(1, indexAt(starts, start), indexAt(starts, end - 1) + 1);
  };
  for (const block of reading.blocks)
    for (const line of block.lines) cover(toSource(reading, spanOf([line])));
  for (const span of reading.markup) cover(span);
  const lost: Line[][] = [];
  lines.forEach((line, index) => {
    if (covered[index] === 1 || !/[^\s>]/.test(line.text)) return;
    const run = lost.at(-1);
    if (run && run.at(-1) === lines[index - 1]) run.push(line);
    else lost.push([line]);
  });
  return lost.map((run) => ({ type: 'unparsed', lines: shown(run, reading), item: null, quoted: false }));
}

/** Source lines as lines of the document's text. */
function shown(lines: readonly Line[], { view }: Reading): readonly Line[] {
  if (!view) return lines;
  return lines.map((line) => {
    const start = view.length;
    view.write(line.text, line.start, line.start + line.text.length);
    return { text: line.text, start };
  });
}

/** The index of the last start at or before `at`. */
function indexAt(starts: readonly number[], at: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

function bounded(blocks: readonly Block[]): readonly Block[] {
  if (blocks.length <= MAX_BLOCKS) return blocks;
  const rest = blocks.slice(MAX_BLOCKS).flatMap((block) => block.lines);
  return [...blocks.slice(0, MAX_BLOCKS), { type: 'beyond', lines: rest, item: null, quoted: false }];
}

/** Puts blocks of their own where they stand in the source among the others. */
function placed(blocks: readonly Block[], extra: readonly Block[], reading: Reading): readonly Block[] {
  if (extra.length === 0) return blocks;
  const at = (block: Block): number => toSource(reading, spanOf(block.lines)).start;
  const all = [...blocks, ...extra].map((block) => ({ block, start: at(block) }));
  return all.sort((a, b) => a.start - b.start).map(({ block }) => block);
}

/**
 * Cuts a pasted text of any kind into blocks with exact source offsets. Every line of the source that is not empty is
 * in a block or in `markup`. Pure; linear; never throws.
 */
export function normalise(text: string, kind: SourceKind = kindOf(text)): Document {
  const reading = READERS[kind](text);
  const lost = unparsed(text, reading);
  const blocks = bounded(placed(reading.blocks, lost, reading));
  return { ...reading, kind, blocks, text: reading.view?.text ?? text };
}
