import { writeRisk } from '../redirect.ts';
import type { Risk } from '../verdict.ts';
import { worst } from '../verdict.ts';
import { finding, lineEnd, type ProgramFinding } from './finding.ts';

const ADDRESS = /(?:\d+(?:~\d+)?|\$|[+~]\d+)/y;

/** What is said of the script when a part of it is that risky. */
const SAYS: Record<Risk, string> = {
  safe: 'The sed script only edits what is printed.',
  caution: 'This sed script writes a file.',
  danger: 'This sed script runs a program, writes a file that matters, or cannot be read.',
};

/**
 * Reads a sed script command by command. Only commands that print, edit the stream or branch pass; `w` writes a file,
 * `e` and the `e` flag of `s` run a program, and what cannot be read is danger.
 */
export function judgeSed(script: string, directories: readonly string[]): ProgramFinding {
  let risk: Risk = 'safe';
  let at = 0;
  const skip = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const text = pattern.exec(script)?.[0] ?? '';
    at += text.length;
    return text;
  };
  // The rest of the line is the name of the file.
  const write = (): void => {
    const end = lineEnd(script, at);
    risk = worst(risk, writeRisk(script.slice(at, end).trim(), directories)?.risk ?? 'safe');
    at = end;
  };
  for (;;) {
    skip(/[\s;{}]*/y);
    if (at >= script.length) return finding('sed.script', risk, SAYS[risk]);
    const past = skipAddresses(script, at);
    if (past === null) break;
    at = past;
    const command = script[at] ?? '';
    at += 1;
    if ('pPdDnNhHgGxlqQ=zF}{'.includes(command)) skip(/[ \t]*\d*/y);
    else if ('btT:'.includes(command)) skip(/[ \t]*[\w.-]*/y);
    else if ('aicrR#'.includes(command)) at = lineEnd(script, at);
    else if (command === 'w' || command === 'W') write();
    else if (command === 's' || command === 'y') {
      const end = skipParts(script, at, 2);
      if (end === null) break;
      at = end;
      skip(command === 's' ? /[gpiImM\d]*/y : /(?!)/y);
      if (script[at] === 'w' && command === 's') {
        at += 1;
        write();
      } else if (!/^[\s;}]?$/.test(script[at] ?? '')) break;
    } else break;
  }
  return finding('sed.script', 'danger', SAYS.danger);
}

function skipAddresses(script: string, from: number): number | null {
  let at = from;
  for (let count = 0; count < 2; count += 1) {
    const char = script[at];
    if (char === '/' || char === '\\') {
      const end = skipParts(script, char === '/' ? at : at + 1, 1);
      if (end === null) return null;
      at = end + (/^[IM]*/.exec(script.slice(end, end + 2))?.[0].length ?? 0);
    } else {
      ADDRESS.lastIndex = at;
      at += ADDRESS.exec(script)?.[0].length ?? 0;
    }
    if (script[at] !== ',') break;
    at += 1;
  }
  while (/[\s!]/.test(script[at] ?? '')) at += 1;
  return at;
}

/**
 * Skips `/a/` (one part) or `/a/b/` (two) from its first delimiter on; null when it never ends. Some seds read a
 * delimiter inside square brackets as text and some do not, so where the two differ it is not read at all.
 */
function skipParts(text: string, from: number, parts: 1 | 2): number | null {
  const delimiter = text[from];
  if (delimiter === undefined || /[\w\s\\[\]]/.test(delimiter)) return null;
  let at = from + 1;
  for (let left: number = parts; left > 0; at += 1) {
    const char = text[at];
    if (char === undefined) return null;
    if (char === '\\') at += 1;
    else if (char === delimiter) {
      if (left === parts && isInBrackets(text.slice(from + 1, at))) return null;
      left -= 1;
    }
  }
  return at;
}

/** True when a bracket expression may still be open at the end of this pattern. */
function isInBrackets(pattern: string): boolean {
  const closed = pattern.replace(/\\./gs, '').replace(/\[\^?\]?(?:\[[:.=][^\]]*[:.=]\]|[^\][])*\]/g, '');
  return closed.includes('[');
}
