import type { Line } from './normalise/blocks.ts';
import { endOf, tail } from './normalise/blocks.ts';
import { promptLength } from './prompts.ts';
import type { Command } from './runbook.ts';
import { isOutput, isProse, isSql, shapeOf } from './shape.ts';
import { ShellScan } from './shell-scan.ts';

/** So many commands of a block may be open at its end; after them every line is read by itself. */
const MAX_STRAY = 8;

/** The longest command in lines; one that is still open then is taken to be a stray quote on its first line. */
const MAX_COMMAND_LINES = 400;

/** A piece of a code block: a whole command however many lines it takes, a comment, or an empty line. */
export type Unit =
  | { readonly type: 'blank' }
  | { readonly type: 'comment'; readonly text: string }
  | {
      readonly type: 'command';
      readonly command: Command;
      readonly prompted: boolean;
      readonly repl: boolean;
    };

/** A line that is nothing but a comment of a shell or of SQL, or a `// ` note. */
export const COMMENT = /^\s*(?:#(?!!)|--\s|\/\/\s)/;

function commandOf(lines: readonly Line[], comment: number | null, wrapped: boolean): Command | null {
  const first = lines[0];
  const last = lines.at(-1);
  if (!first || !last) return null;
  const cut =
    lines.length === 1 && comment !== null
      ? [{ text: first.text.slice(0, comment), start: first.start }]
      : lines;
  if (wrapped)
    return {
      text: lines.map((line) => line.text.trim()).join(' '),
      source: { start: first.start, end: last.start + last.text.trimEnd().length },
    };
  const texts = cut.map((line) => line.text);
  const text = texts.join('\n').trimEnd();
  const shorter = texts.join('\n').length - text.length;
  if (text.trim() === '') return null;
  return { text, source: { start: first.start, end: endOf(cut) - shorter } };
}

const ASIDE = /(\s+)\(([^()\n]{2,300})\)\s*$/;
/** Before these a parenthesis is a subshell. */
const SUBSHELL = /(?:[;&|({!]|\b(?:do|then|else|in|time))\s*$/;

/** Where a remark begins that no shell would take for a comment, as people write it after commands, or null. */
function remarkAt(line: string): number | null {
  const text = line.slice(0, 4000);
  const at = text.search(/\s\/\/\s|\s(?:<-{1,2}|←|⟵)\s/);
  if (at > 0 && !/['"]/.test(text.slice(0, at))) return at;
  const aside = ASIDE.exec(text);
  if (!aside || aside.index === 0 || SUBSHELL.test(text.slice(0, aside.index))) return null;
  const words = aside[2] ?? '';
  const said =
    (aside[1]?.length ?? 0) > 1 ||
    isProse(words) ||
    /^(?:optional|e\.g\.|or|if|where|see|only)\b/i.test(words);
  return said && !isInQuotes(text, aside.index) ? aside.index : null;
}

/** True when a quote is open at `at`. */
function isInQuotes(text: string, at: number): boolean {
  const scan = new ShellScan();
  scan.feed(text.slice(0, at));
  return scan.open;
}

/** A command of a SQL client: one line, which needs no semicolon. */
export const CLIENT =
  /^(?:set\s+\w+\s+[^=\s;]+(?:\s+\w+\s+\S+)*|col(?:umn)?\s+\S+\s+(?:for|format|heading|a\d)\b.*|spool\s+\S+|prompt\s.*|@\S+|\\\w+.*|use\s+\w+|desc(?:ribe)?\s+\S+|conn(?:ect)?\s+\S.*|exit|quit|go)\s*;?\s*$/i;

/** A reference of reStructuredText, `|release|`, is no pipe. As long as before. */
const withoutReferences = (text: string): string =>
  text.replace(/(?<=\s)\|[\w-]{2,60}\|(?=\s|$)/g, (found) => 'x'.repeat(found.length));

/** The line without the `> ` that a shell prints before the rest of a command. */
function withoutSecondPrompt(line: Line): Line {
  const mark = /^\s*>(?:[ \t]|$)/.exec(line.text)?.[0].length ?? 0;
  return tail(line, mark);
}

/** A line that begins with an option, or is a word and an option with its value. */
const OPTIONS = /^\s+(?:--?[A-Za-z][\w-]*(?:[= ]|$)|[\w./-]+ --[a-z][\w-]*=\S+\s*$)/;

/** Cuts the lines of one block into units: a unit that is open goes on until it closes. */
export class BlockCutter {
  readonly units: Unit[] = [];
  private readonly lines: readonly Line[];
  private readonly sql: boolean;
  private readonly typed: ReadonlySet<Line>;
  private strays = 0;

  /** `typed` are lines that had a prompt, which has been taken off. */
  constructor(lines: readonly Line[], sql: boolean, typed: ReadonlySet<Line> = new Set()) {
    this.lines = lines;
    this.sql = sql;
    this.typed = typed;
  }

  cut(): Unit[] {
    let index = 0;
    while (index < this.lines.length) index = this.next(index);
    return this.units;
  }

  private next(index: number): number {
    const line = this.lines[index];
    if (!line) return index + 1;
    if (line.text.trim() === '') {
      this.units.push({ type: 'blank' });
      return index + 1;
    }
    const lead = line.text.length - line.text.trimStart().length;
    const outer = promptLength(line.text.slice(lead), 'strong');
    const prompt = outer + promptLength(line.text.slice(lead + outer), 'strong');
    const start = tail(line, lead + prompt);
    if (prompt > 0 && start.text.trim() === '') return index + 1;
    const prompted = prompt > 0 || this.typed.has(line);
    if ((!prompted && COMMENT.test(line.text)) || /^--\s/.test(start.text)) {
      this.units.push({ type: 'comment', text: start.text });
      return index + 1;
    }
    const repl = prompt > 0 && line.text.slice(lead).startsWith('>>>');
    const [whole, comment] = this.extent(start, index, repl, prompted);
    const options = prompted && whole.length === 1 ? this.wrapped(start, index + 1) : [];
    const taken = [...whole, ...options];
    const command = commandOf(taken, comment, options.length > 0);
    if (command) this.units.push({ type: 'command', command, prompted, repl });
    return index + taken.length;
  }

  /** The lines of the command that begins with `start`, and where a trailing comment begins in a single line. */
  private extent(
    start: Line,
    index: number,
    repl: boolean,
    prompted: boolean,
  ): [readonly Line[], number | null] {
    if (repl) return [this.replLines(start, index), null];
    if (this.sql && CLIENT.test(start.text)) return [[start], null];
    if (isSql(start.text) || (this.sql && shapeOf(start.text) !== 'strong'))
      return [this.statement(start, index), null];
    const scan = new ShellScan();
    const taken = [start];
    scan.feed(withoutReferences(start.text));
    const comment = scan.comment ?? remarkAt(start.text);
    while (this.goesOn(scan, index + taken.length) && this.strays < MAX_STRAY) {
      const next = this.lines[index + taken.length];
      if (!next || taken.length >= MAX_COMMAND_LINES) {
        this.strays += 1;
        return [[start], comment];
      }
      const typed = prompted ? withoutSecondPrompt(next) : next;
      taken.push(typed);
      scan.feed(withoutReferences(typed.text));
    }
    return [taken, comment];
  }

  /**
   * Lines of options under what is typed behind a prompt: the page broke the line and left the backslash out. Without
   * its options a command may do more than it should.
   */
  private wrapped(start: Line, from: number): readonly Line[] {
    const taken: Line[] = [];
    if (/\s(?:-h|--help|help)\b/.test(start.text)) return taken;
    for (;;) {
      const next = this.lines[from + taken.length];
      if (!next || !OPTIONS.test(next.text) || /\S {2,}\S/.test(next.text.trim()) || isProse(next.text))
        return taken;
      taken.push(next);
    }
  }

  private goesOn(scan: ShellScan, index: number): boolean {
    if (scan.open) return true;
    const next = this.lines[index]?.text.trim() ?? '';
    return /^(?:\|\|?|&&)\s*\S/.test(next) && !/\|$/.test(next);
  }

  private statement(start: Line, index: number): readonly Line[] {
    const taken = [start];
    while (!/(?:;|\\G)\s*$/.test(taken.at(-1)?.text ?? '')) {
      const next = this.lines[index + taken.length];
      if (!next || next.text.trim() === '' || taken.length >= MAX_COMMAND_LINES) break;
      if (promptLength(next.text.trimStart(), 'strong') > 0 || isOutput(next.text)) break;
      taken.push(next);
    }
    return taken;
  }

  /** A Python prompt and its `... ` lines, kept as they stand; an empty one ends the statement. */
  private replLines(start: Line, index: number): readonly Line[] {
    const taken = [start];
    for (;;) {
      const next = this.lines[index + taken.length];
      if (!next || !/^\s*\.\.\.[ \t]+\S/.test(next.text) || taken.length >= MAX_COMMAND_LINES) return taken;
      taken.push(next);
    }
  }
}
