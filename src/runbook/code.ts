import type { Line } from './blocks.ts';
import { endOf, tail } from './blocks.ts';
import { promptLength } from './prompts.ts';
import type { Command, Untaken } from './runbook.ts';
import { isConfiguration, isOutput, isProse, isQuery, isSql, shapeOf } from './shape.ts';
import { ShellScan } from './shell-scan.ts';

/** A run of commands in a block with the comment that stands over them, or null. */
export interface CommandGroup {
  readonly comment: string | null;
  readonly commands: readonly Command[];
}

export interface CodeReading {
  readonly groups: readonly CommandGroup[];
  readonly untaken: readonly Untaken[];
}

/** Longest command and block that are taken, in UTF-16 units (design: 16 KB), and longest command in lines. */
const MAX_UNITS = 16 * 1024;
const MAX_COMMAND_LINES = 400;

const SHELL = new Set(['bash', 'sh', 'shell', 'zsh', 'console', 'shell-session', 'shellsession', 'sh-session', 'terminal', 'bash-session', 'ksh', 'cmd', 'commandline', 'shellscript', 'command']);
const QUERY = new Set(['promql', 'logql', 'kql', 'kusto', 'esql', 'graphql', 'lucene', 'spl', 'traceql']);
const SQL = new Set(['sql', 'psql', 'mysql', 'postgresql', 'plsql', 'postgres', 'pgsql', 'tsql']);
const NEUTRAL = new Set(['', 'text', 'plaintext', 'txt', 'plain', 'none', 'code', 'output', 'log', 'logs', 'redis', 'cli']);

type Unit =
  | { readonly type: 'blank' }
  | { readonly type: 'comment'; readonly text: string }
  | { readonly type: 'command'; readonly command: Command; readonly prompted: boolean; readonly repl: boolean }
  | { readonly type: 'other'; readonly line: Line };

const COMMENT = /^\s*(?:#(?!!)|--\s|\/\/\s)/;

function commandOf(lines: readonly Line[], comment: number | null): Command | null {
  const first = lines[0];
  const last = lines.at(-1);
  if (!first || !last) return null;
  const cut = lines.length === 1 && comment !== null ? [{ text: first.text.slice(0, comment), start: first.start }] : lines;
  const texts = cut.map((line) => line.text);
  const text = texts.join('\n').trimEnd();
  const shorter = texts.join('\n').length - text.length;
  if (text.trim() === '') return null;
  return { text, source: { start: first.start, end: endOf(cut) - shorter } };
}

/** Where a trailing `// note` begins, as people write it after commands, or null. */
function slashNote(text: string): number | null {
  const at = text.search(/\s\/\/\s/);
  return at > 0 && !/['"]/.test(text.slice(0, at)) ? at : null;
}

/** Cuts the lines of one block into units: a unit that is open goes on until it closes. */
class BlockCutter {
  readonly units: Unit[] = [];
  private readonly lines: readonly Line[];
  private readonly sql: boolean;
  private giveUp = false;

  constructor(lines: readonly Line[], sql: boolean) {
    this.lines = lines;
    this.sql = sql;
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
    const prompt = promptLength(line.text.slice(lead), 'strong');
    const start = tail(line, lead + prompt);
    if (prompt > 0 && start.text.trim() === '') return index + 1;
    if (prompt === 0 && COMMENT.test(line.text)) {
      this.units.push({ type: 'comment', text: line.text });
      return index + 1;
    }
    const repl = prompt > 0 && line.text.slice(lead).startsWith('>>>');
    const [taken, comment] = this.extent(start, index, repl);
    const command = commandOf(taken, comment);
    if (command) this.units.push({ type: 'command', command, prompted: prompt > 0, repl });
    return index + taken.length;
  }

  /** The lines of the command that begins with `start`, and where a trailing comment begins in a single line. */
  private extent(start: Line, index: number, repl: boolean): [readonly Line[], number | null] {
    if (repl) return [this.replLines(start, index), null];
    if ((this.sql || isSql(start.text)) && shapeOf(start.text) !== 'strong') return [this.statement(start, index), null];
    const scan = new ShellScan();
    const taken = [start];
    scan.feed(start.text);
    const comment = scan.comment ?? slashNote(start.text);
    while (this.goesOn(scan, index + taken.length) && !this.giveUp) {
      const next = this.lines[index + taken.length];
      if (!next || taken.length >= MAX_COMMAND_LINES) {
        this.giveUp = true;
        return [[start], comment];
      }
      taken.push(next);
      scan.feed(next.text);
    }
    return [taken, comment];
  }

  private goesOn(scan: ShellScan, index: number): boolean {
    if (scan.open) return true;
    const next = this.lines[index]?.text.trim() ?? '';
    return /^(?:\|\|?|&&)\s*\S/.test(next) && !/\|$/.test(next);
  }

  private statement(start: Line, index: number): readonly Line[] {
    const taken = [start];
    while (!/;\s*$/.test(taken.at(-1)?.text ?? '')) {
      const next = this.lines[index + taken.length];
      if (!next || next.text.trim() === '' || taken.length >= MAX_COMMAND_LINES) break;
      if (promptLength(next.text.trimStart(), 'strong') > 0 || isOutput(next.text)) break;
      taken.push(next);
    }
    return taken;
  }

  /** A Python prompt and its `... ` lines; an empty one ends the statement. */
  private replLines(start: Line, index: number): readonly Line[] {
    const taken = [start];
    for (;;) {
      const next = this.lines[index + taken.length];
      const dots = next ? /^\s*\.\.\.[ \t]*/.exec(next.text) : null;
      if (!next || !dots || taken.length >= MAX_COMMAND_LINES) return taken;
      taken.push(tail(next, dots[0].length));
    }
  }
}

const span = (lines: readonly Line[]): { start: number; end: number } => ({ start: lines[0]?.start ?? 0, end: endOf(lines) });

const noted = (lines: readonly Line[], reason: Untaken['reason']): CodeReading => ({
  groups: [],
  untaken: lines.length > 0 ? [{ source: span(lines), reason }] : [],
});

/** What a whole block is when it holds no commands, or null when its lines have to be judged. */
function wholeBlock(lines: readonly Line[], lang: string): Untaken['reason'] | null {
  const full = lines.filter((line) => line.text.trim() !== '');
  const first = full.find((line) => !COMMENT.test(line.text)) ?? full[0];
  if (!first) return 'mention';
  if (endOf(lines) - (lines[0]?.start ?? 0) > MAX_UNITS) return 'too-long';
  if (QUERY.has(lang) || isQuery(first.text)) return 'query';
  if (/^#!/.test(full[0]?.text ?? '')) return 'configuration';
  const known = promptLength(first.text.trimStart(), 'weak') > 0 || shapeOf(first.text) === 'strong' || isSql(first.text);
  if (known) return null;
  const configuration = full.filter((line) => isConfiguration(line.text)).length;
  return configuration * 2 > full.length ? 'configuration' : null;
}

/** A `# ` before a known command is a root prompt only when nothing else in the block can be the command. */
function rootPrompts(lines: readonly Line[]): readonly Line[] | null {
  const full = lines.filter((line) => line.text.trim() !== '');
  const first = full[0];
  if (!first || !/^\s*[#%>] /.test(first.text)) return null;
  const marked = full.map((line) => promptLength(line.text.trimStart(), 'weak') > 0);
  const unmarkedCommand = full.some((line, index) => !marked[index] && !COMMENT.test(line.text) && shapeOf(line.text) !== 'none' && !isOutput(line.text));
  if (!marked[0] || unmarkedCommand) return null;
  const lead = first.text.length - first.text.trimStart().length;
  if (isProse(first.text.slice(lead + promptLength(first.text.slice(lead), 'weak')))) return null;
  return full;
}

interface Judge {
  readonly shell: boolean;
  readonly told: boolean;
  readonly transcript: boolean;
  readonly foreign: boolean;
  readonly sql: boolean;
}

/** Whether a unit of an unprompted block is a command, given what the block has shown so far. */
function accepts(unit: Extract<Unit, { type: 'command' }>, judge: Judge, sawCommand: boolean, sawOutput: boolean): boolean {
  const text = unit.command.text;
  if (unit.prompted) return true;
  if (judge.transcript) return false;
  if (isSql(text)) return !sawOutput;
  if (judge.sql) return shapeOf(text) === 'strong' || /;\s*$/.test(text);
  const firstLine = text.slice(0, text.indexOf('\n') < 0 ? undefined : text.indexOf('\n'));
  const shape = shapeOf(firstLine);
  if (shape === 'none' || isOutput(firstLine) || isQuery(firstLine)) return false;
  if (shape === 'strong') return !isConfiguration(firstLine);
  if (sawOutput || judge.foreign || isConfiguration(firstLine)) return false;
  if (judge.shell) return true;
  return (sawCommand || judge.told) && /\s--?\w/.test(firstLine);
}

function readUnits(units: readonly Unit[], judge: Judge): CodeReading {
  const groups: { comment: string | null; commands: Command[] }[] = [];
  const untaken: Untaken[] = [];
  let comment: string | null = null;
  let fresh = true;
  let sawCommand = false;
  let sawOutput = false;
  for (const unit of units) {
    if (unit.type === 'blank') fresh = true;
    else if (unit.type === 'comment') comment = fresh || comment === null ? cleanComment(unit.text) : `${comment} ${cleanComment(unit.text)}`;
    else if (unit.type === 'command' && accepts(unit, judge, sawCommand, sawOutput) && unit.command.text.length <= MAX_UNITS) {
      const last = groups.at(-1);
      if (last && (comment === null || !fresh)) last.commands.push(unit.command);
      else groups.push({ comment, commands: [unit.command] });
      comment = null;
      sawCommand = true;
    } else if (unit.type === 'command') {
      sawOutput = true;
      const text = unit.command.text;
      const reason = text.length > MAX_UNITS ? 'too-long' : isConfiguration(text) && !isOutput(text) ? 'configuration' : sawCommand || isOutput(text) ? 'output' : 'mention';
      const last = untaken.at(-1);
      if (last && last.reason === reason) untaken[untaken.length - 1] = { reason, source: { start: last.source.start, end: unit.command.source.end } };
      else untaken.push({ source: unit.command.source, reason });
    }
    if (unit.type === 'command') fresh = false;
  }
  return { groups, untaken };
}

function cleanComment(text: string): string {
  return text.replace(/^\s*(?:#+|--|\/\/)\s*/, '').trim();
}

export interface CodeContext {
  /** The text before says that output or a sample follows. */
  readonly outputExpected: boolean;
  /** The text before tells the reader to run something. */
  readonly told: boolean;
}

/** Reads one code block: commands with exact spans in order, and what was left out with the reason. */
export function readCode(lines: readonly Line[], lang: string | null, context: CodeContext): CodeReading {
  const tag = lang ?? '';
  const whole = wholeBlock(lines, tag);
  if (whole) return noted(lines, whole);
  const roots = rootPrompts(lines);
  const units = new BlockCutter(roots ? roots.map(withoutRoot) : lines, SQL.has(tag)).cut();
  const prompted = units.some((unit) => unit.type === 'command' && unit.prompted);
  if (context.outputExpected && !prompted) return noted(lines, 'output');
  const commands = units.filter((unit) => unit.type === 'command');
  const foreign = !SHELL.has(tag) && !NEUTRAL.has(tag) && !SQL.has(tag);
  if (foreign && !prompted && commands.some((unit) => shapeOf(unit.command.text) !== 'strong')) {
    return noted(lines, 'configuration');
  }
  return readUnits(units, {
    shell: SHELL.has(tag) || (roots !== null && tag === ''),
    told: context.told,
    transcript: prompted,
    foreign,
    sql: SQL.has(tag),
  });
}

function withoutRoot(line: Line): Line {
  const lead = line.text.length - line.text.trimStart().length;
  const mark = promptLength(line.text.slice(lead), 'weak');
  return mark > 0 ? tail(line, lead + mark) : line;
}
