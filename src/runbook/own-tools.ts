import type { Block, Document, Line } from './normalise/blocks.ts';
import { tail } from './normalise/blocks.ts';
import { promptLength } from './prompts.ts';
import { isConfiguration, isOutput, isProse, shapeOf } from './shape.ts';
import { SHELL } from './tags.ts';
import { TOOLS, Tools } from './tools.ts';

const MAX_OWN = 200;
const NAME = /^(?:sudo\s+)?([a-z][\w.-]{1,40})\s+\S/;

/** The first word of a line that is surely typed into a shell: behind a prompt, or where a block named a shell begins or holds commands only. */
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

const hasOption = (text: string): boolean => /\s--?\w/.test(text);

/** True for lines of which each is a known command or has the shape of one with an option. */
const areCommands = (lines: readonly Line[]): boolean =>
  lines.every(({ text }) => isCommandLike(text) && (hasOption(text) || shapeOf(text) === 'strong'));

function toolsIn(block: Block): string[] {
  if (block.type !== 'code') return [];
  const shell = SHELL.has(block.lang ?? '');
  const full = block.lines.filter(({ text }) => text.trim() !== '');
  const lines = full.filter(({ text }) => !text.trimStart().startsWith('#'));
  // Behind root prompts only: nothing is left when comments are gone.
  const typed = lines.length > 0 ? lines : full.map((line) => tail(line, line.text.indexOf('#') + 1));
  const commands =
    (shell && lines.every(({ text }) => isCommandLike(text)) && isMostlyKnown(lines)) ||
    ((shell || block.lang === null) && areCommands(typed));
  return typed.flatMap(
    (line, index) => toolIn(line, commands || (shell && lines.length > 0 && index === 0)) ?? [],
  );
}

/** The tools that everybody knows and those that this text runs in its shell blocks: its own scripts and clients. */
export function toolsOf(document: Document): Tools {
  return new Tools(document.blocks.flatMap(toolsIn).slice(0, MAX_OWN));
}
