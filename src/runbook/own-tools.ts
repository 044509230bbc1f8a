import { SHELL } from './code.ts';
import type { Block, Document, Line } from './normalise/blocks.ts';
import { promptLength } from './prompts.ts';
import { isConfiguration, isOutput, isProse, shapeOf } from './shape.ts';
import { TOOLS, Tools } from './tools.ts';

const MAX_OWN = 200;
const NAME = /^(?:sudo\s+)?([a-z][\w.-]{1,40})\s+\S/;

/** The first word of a line that is surely typed into a shell: behind a prompt, or first in a block that is named a shell. */
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

function toolsIn(block: Block): string[] {
  if (block.type !== 'code') return [];
  const shell = SHELL.has(block.lang ?? '');
  const first = block.lines.find((line) => line.text.trim() !== '' && !line.text.trimStart().startsWith('#'));
  return block.lines.flatMap((line) => toolIn(line, shell && line === first) ?? []);
}

/** The tools that everybody knows and those that this text runs in its shell blocks: its own scripts and clients. */
export function toolsOf(document: Document): Tools {
  return new Tools(document.blocks.flatMap(toolsIn).slice(0, MAX_OWN));
}
