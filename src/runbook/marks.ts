import { COMMENT } from './cutter.ts';
import type { Line } from './normalise/blocks.ts';
import { tail } from './normalise/blocks.ts';
import { promptLength } from './prompts.ts';
import { isBareCommand, isOutput, isProse, shapeOf } from './shape.ts';
import { TRANSCRIPT } from './tags.ts';
import type { Tools } from './tools.ts';

/** Prompts that are also marks of something else: `# ` of comments, `> ` of quotes. The block tells which it is. */

const ROOT = /^\s*[#%>][ \t]+/;
/** A value with its label, as programs print it: `pre-save command: /usr/bin/x`. */
const LABELLED = /^\s*[A-Za-z][\w -]{0,40}:\s/;
/** A program by its path. */
const PROGRAM = /^\/(?:[\w.-]+\/)+[\w.-]+$/;

/** The lines of a block without their root prompts, and those that had one. */
export interface Rooted {
  readonly lines: readonly Line[];
  readonly typed: ReadonlySet<Line>;
}

/** The line behind its mark; the line itself when it has none. */
function withoutRoot(line: Line): Line {
  const mark = ROOT.exec(line.text)?.[0].length ?? 0;
  return mark > 0 ? tail(line, mark) : line;
}

/**
 * The lines without their root prompts, or null. A `# ` before a command is a prompt only when nothing else in the block
 * can be the command, and when no comment could be one; in a transcript other lines with a `# ` stay comments.
 */
export function rootPrompts(lines: readonly Line[], tag: string, tools: Tools): Rooted | null {
  const full = lines.filter((line) => line.text.trim() !== '');
  if (!ROOT.test(full[0]?.text ?? '')) return null;
  const transcript = TRANSCRIPT.has(tag);
  const bare = full.map(withoutRoot);
  const typed = bare.map(
    (line, index) =>
      line !== full[index] &&
      (isBareCommand(line.text, tools) ||
        PROGRAM.test(line.text.trim()) ||
        (transcript && shapeOf(line.text, tools) === 'strong')),
  );
  const doubtful = full.some(({ text }, index) => {
    if (typed[index]) return false;
    if (promptLength(text.trimStart(), 'weak', tools) > 0) return !transcript;
    const shape = COMMENT.test(text) || LABELLED.test(text) || isOutput(text) ? 'none' : shapeOf(text);
    return transcript ? shape === 'strong' : shape !== 'none';
  });
  if (doubtful || !(transcript ? typed.includes(true) : typed[0])) return null;
  return {
    lines: full.map((line, index) => (typed[index] ? (bare[index] ?? line) : line)),
    typed: new Set(bare.filter((_, index) => typed[index])),
  };
}

/** `> ` before every command: a prompt when the first line of the block has it and a name follows. */
export function anglePrompts(lines: readonly Line[], shell: boolean): readonly Line[] | null {
  const first = lines.find((line) => line.text.trim() !== '')?.text ?? '';
  const rest = /^\s*>\s+(?=[A-Za-z])(.*)$/.exec(first)?.[1];
  if (rest === undefined || (isProse(rest) && !shell)) return null;
  return lines;
}

/** The line behind `> `. */
export const withoutAngle = (line: Line): Line => tail(line, /^\s*>\s+/.exec(line.text)?.[0].length ?? 0);
