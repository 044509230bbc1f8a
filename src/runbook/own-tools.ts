import type { Block, Document, Line } from './normalise/blocks.ts';
import { tail } from './normalise/blocks.ts';
import { promptLength } from './prompts.ts';
import { isConfiguration, isOutput, isProse, shapeOf } from './shape.ts';
import { SHELL } from './tags.ts';
import { TOOLS, Tools } from './tools.ts';

const MAX_OWN = 200;
const NAME = /^(?:sudo\s+)?([a-z][\w.-]{1,40})\s+\S/;

/** The first word of a line that is typed into a shell: behind a prompt, or where `opens` says so. */
function toolIn(line: Line, opens: boolean): string | null {
  const text = line.text.trim();
  const prompt = promptLength(text, 'strong');
  if (prompt === 0 && !opens) return null;
  const bare = text.slice(prompt);
  const name = NAME.exec(bare.slice(0, 200))?.[1];
  if (!name || shapeOf(bare) !== 'weak' || isOutput(bare) || isConfiguration(bare) || isProse(bare))
    return null;
  return TOOLS.isWord(name) ? null : name;
}

const isCommandLike = (text: string): boolean =>
  shapeOf(text) !== 'none' && !isOutput(text) && !isConfiguration(text);

const isMostlyKnown = (lines: readonly Line[]): boolean =>
  lines.filter(({ text }) => shapeOf(text) === 'strong').length * 2 >= lines.length;

const hasOption = (text: string): boolean => /\s--?(?:\w|\s)/.test(text);

/** True for lines of which each is a known command or has the shape of one with an option. */
const areCommands = (lines: readonly Line[]): boolean =>
  lines.every(({ text }) => isCommandLike(text) && (hasOption(text) || shapeOf(text) === 'strong'));

interface Named {
  /** Surely run: behind a prompt, or among commands only. */
  readonly sure: readonly string[];
  /** Where a block of a shell begins: run if it is seen again, since the tag of one block may lie. */
  readonly first: string | null;
}

function toolsIn(block: Block): Named {
  if (block.type !== 'code') return { sure: [], first: null };
  const shell = SHELL.has(block.lang ?? '');
  const full = block.lines.filter(({ text }) => text.trim() !== '');
  const lines = full.filter(({ text }) => !text.trimStart().startsWith('#'));
  // Behind root prompts only: nothing is left when comments are gone.
  const typed = lines.length > 0 ? lines : full.map((line) => tail(line, line.text.indexOf('#') + 1));
  const commands =
    (shell && lines.every(({ text }) => isCommandLike(text)) && isMostlyKnown(lines)) ||
    ((shell || block.lang === null) && areCommands(typed));
  const [opening] = lines;
  return {
    sure: typed.flatMap((line) => toolIn(line, commands) ?? []),
    first: shell && opening ? toolIn(opening, true) : null,
  };
}

/** How many lines of code begin with a word. */
function beginnings(document: Document): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const block of document.blocks) {
    if (block.type !== 'code') continue;
    for (const { text } of block.lines) {
      const [word = ''] = text.trimStart().slice(0, 60).split(/\s/, 1);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

/** The tools that everybody knows and those that this text runs in its shell blocks: its own scripts and clients. */
export function toolsOf(document: Document): Tools {
  const named = document.blocks.map(toolsIn);
  const counts = beginnings(document);
  const first = named.flatMap((each) => each.first ?? []).filter((name) => (counts.get(name) ?? 0) > 1);
  return new Tools([...named.flatMap(({ sure }) => sure), ...first].slice(0, MAX_OWN));
}
