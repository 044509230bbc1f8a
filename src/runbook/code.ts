import type { Line } from './blocks.ts';
import { endOf, tail } from './blocks.ts';
import type { Unit } from './cutter.ts';
import { BlockCutter, COMMENT } from './cutter.ts';
import { promptLength } from './prompts.ts';
import type { Command, Untaken } from './runbook.ts';
import { isBareCommand, isConfiguration, isOutput, isQuery, isSql, shapeOf } from './shape.ts';

/** A run of commands in a block with the comment that stands over them, or null. */
export interface CommandGroup {
  readonly comment: string | null;
  readonly commands: readonly Command[];
}

export interface CodeReading {
  readonly groups: readonly CommandGroup[];
  readonly untaken: readonly Untaken[];
}

/** Longest command and block that are taken, in UTF-16 units (design: 16 KB). */
const MAX_UNITS = 16 * 1024;

const SHELL = new Set([
  'bash',
  'sh',
  'shell',
  'zsh',
  'console',
  'shell-session',
  'shellsession',
  'sh-session',
  'terminal',
  'bash-session',
  'ksh',
  'cmd',
  'commandline',
  'shellscript',
  'command',
]);
const QUERY = new Set(['promql', 'logql', 'kql', 'kusto', 'esql', 'graphql', 'lucene', 'spl', 'traceql']);
const SQL = new Set(['sql', 'psql', 'mysql', 'postgresql', 'plsql', 'postgres', 'pgsql', 'tsql']);
const NEUTRAL = new Set([
  '',
  'text',
  'plaintext',
  'txt',
  'plain',
  'none',
  'code',
  'output',
  'log',
  'logs',
  'redis',
  'cli',
]);

const span = (lines: readonly Line[]): { start: number; end: number } => ({
  start: lines[0]?.start ?? 0,
  end: endOf(lines),
});

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
  const known =
    promptLength(first.text.trimStart(), 'weak') > 0 || shapeOf(first.text) === 'strong' || isSql(first.text);
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
  const unmarkedCommand = full.some(
    (line, index) =>
      !marked[index] && !COMMENT.test(line.text) && shapeOf(line.text) !== 'none' && !isOutput(line.text),
  );
  if (!marked[0] || unmarkedCommand) return null;
  return full.every((line, index) => !marked[index] || isBareCommand(withoutRoot(line).text)) ? full : null;
}

interface Judge {
  readonly shell: boolean;
  /** No tag, but every line has the shape of a command: unknown tools are taken too. */
  readonly shaped: 'no' | 'unknown-tools' | 'mixed';
  readonly transcript: boolean;
  readonly foreign: boolean;
  readonly sql: boolean;
}

type CommandUnit = Extract<Unit, { type: 'command' }>;

/** Whether a unit of an unprompted block is a command, given what the block has shown so far. */
function accepts(unit: CommandUnit, judge: Judge, sawCommand: boolean, sawOutput: boolean): boolean {
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
  if (/\s--?\w/.test(firstLine)) return sawCommand || judge.shaped !== 'no';
  const phrase = firstLine.trim().includes(' ');
  return phrase && (judge.shaped === 'unknown-tools' || (judge.shaped === 'mixed' && !sawCommand));
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
    else if (unit.type === 'comment')
      comment = fresh || comment === null ? cleanComment(unit.text) : `${comment} ${cleanComment(unit.text)}`;
    else if (
      unit.type === 'command' &&
      accepts(unit, judge, sawCommand, sawOutput) &&
      unit.command.text.length <= MAX_UNITS
    ) {
      const last = groups.at(-1);
      if (last && (comment === null || !fresh)) last.commands.push(unit.command);
      else groups.push({ comment, commands: [unit.command] });
      comment = null;
      sawCommand = true;
    } else if (unit.type === 'command') {
      sawOutput = true;
      const text = unit.command.text;
      const reason = leftOut(text, judge, sawCommand);
      const last = untaken.at(-1);
      if (last && last.reason === reason)
        untaken[untaken.length - 1] = {
          reason,
          source: { start: last.source.start, end: unit.command.source.end },
        };
      else untaken.push({ source: unit.command.source, reason });
    }
    if (unit.type === 'command') fresh = false;
  }
  return { groups, untaken };
}

/** Why a unit is no command: what follows a prompted command is what it printed. */
function leftOut(text: string, judge: Judge, sawCommand: boolean): Untaken['reason'] {
  if (text.length > MAX_UNITS) return 'too-long';
  if (judge.transcript || isOutput(text)) return 'output';
  if (isConfiguration(text)) return 'configuration';
  return sawCommand ? 'output' : 'mention';
}

function cleanComment(text: string): string {
  return text.replace(/^\s*(?:#+|--|\/\/)\s*/, '').trim();
}

export interface CodeContext {
  /** The text before says that output or a sample follows. */
  readonly outputExpected: boolean;
  /** The text before promises an example of something: a command only when every line is surely one. */
  readonly sampleExpected: boolean;
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
  const first = commands[0]?.command.text.split('\n', 1)[0] ?? '';
  if (context.sampleExpected && !prompted && !isBareCommand(first)) return noted(lines, 'output');
  if (foreign && !prompted && commands.some((unit) => shapeOf(unit.command.text) !== 'strong')) {
    return noted(lines, 'configuration');
  }
  const reading = readUnits(units, {
    shell: SHELL.has(tag) || (roots !== null && tag === ''),
    shaped: tag === '' ? shapedAs(commands, context.told) : 'no',
    transcript: prompted,
    foreign,
    sql: SQL.has(tag),
  });
  return reading.groups.length + reading.untaken.length === 0 ? noted(lines, 'mention') : reading;
}

/** Whether a block without a tag is nothing but lines shaped like commands: of known tools also, or only of unknown ones. */
function shapedAs(units: readonly CommandUnit[], told: boolean): Judge['shaped'] {
  const lines = units.map((unit) => unit.command.text.split('\n', 1)[0] ?? '');
  const shapes = lines.map((line) => (isOutput(line) || isConfiguration(line) ? 'none' : shapeOf(line)));
  if (shapes.includes('none')) return 'no';
  if (shapes.includes('strong')) return 'mixed';
  return told || lines.every((line) => /\s--?\w/.test(line)) ? 'unknown-tools' : 'no';
}

function withoutRoot(line: Line): Line {
  const lead = line.text.length - line.text.trimStart().length;
  const mark = promptLength(line.text.slice(lead), 'weak');
  return mark > 0 ? tail(line, lead + mark) : line;
}
