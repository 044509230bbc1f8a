import { SHELL } from './code.ts';
import type { Block, Document, Line } from './normalise/blocks.ts';
import { promptLength } from './prompts.ts';
import { isConfiguration, isOutput, isProse, shapeOf } from './shape.ts';
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

function toolsIn(block: Block): string[] {
  if (block.type !== 'code') return [];
  const shell = SHELL.has(block.lang ?? '');
  const lines = block.lines.filter(({ text }) => text.trim() !== '' && !text.trimStart().startsWith('#'));
  const commands = shell && lines.every(({ text }) => isCommandLike(text)) && isMostlyKnown(lines);
  return lines.flatMap((line, index) => toolIn(line, commands || (shell && index === 0)) ?? []);
}

/** The tools that everybody knows and those that this text runs in its shell blocks: its own scripts and clients. */
export function toolsOf(document: Document): Tools {
  return new Tools(document.blocks.flatMap(toolsIn).slice(0, MAX_OWN));
}
