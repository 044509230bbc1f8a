import type { Unit } from './cutter.ts';
import { BlockCutter, CLIENT, COMMENT } from './cutter.ts';
import { anglePrompts, rootPrompts, withoutAngle } from './marks.ts';
import type { Line } from './normalise/blocks.ts';
import { endOf } from './normalise/blocks.ts';
import { promptLength } from './prompts.ts';
import type { Command, Untaken } from './runbook.ts';
import {
  isBareCommand,
  isConfiguration,
  isLog,
  isOutput,
  isQuery,
  isShell,
  isSql,
  shapeOf,
} from './shape.ts';
import { NEUTRAL, PRINTED, QUERY, SCRIPT, SHELL, SQL } from './tags.ts';
import type { Tools } from './tools.ts';

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

const span = (lines: readonly Line[]): { start: number; end: number } => ({
  start: lines[0]?.start ?? 0,
  end: endOf(lines),
});

const noted = (lines: readonly Line[], reason: Untaken['reason']): CodeReading => ({
  groups: [],
  untaken: lines.length > 0 ? [{ source: span(lines), reason: logged(lines, reason) }] : [],
});

/** Output that is mostly lines of a log is a log. */
function logged(lines: readonly Line[], reason: Untaken['reason']): Untaken['reason'] {
  if (reason !== 'output' && reason !== 'mention' && reason !== 'configuration') return reason;
  const full = lines.filter((line) => line.text.trim() !== '');
  return full.filter((line) => isLog(line.text)).length * 2 > full.length ? 'log' : reason;
}

/** What a whole block is when it holds no commands, or null when its lines have to be judged. */
function wholeBlock(lines: readonly Line[], lang: string, tools: Tools): Untaken['reason'] | null {
  const full = lines.filter((line) => line.text.trim() !== '');
  const first = full.find((line) => !COMMENT.test(line.text)) ?? full[0];
  if (!first) return 'mention';
  if (endOf(lines) - (lines[0]?.start ?? 0) > MAX_UNITS) return 'too-long';
  if (QUERY.has(lang) || isQuery(first.text)) return 'query';
  if (/^#!/.test(full[0]?.text ?? '')) return 'script';
  const known =
    promptLength(first.text.trimStart(), 'weak') > 0 ||
    (shapeOf(first.text, tools) === 'strong' && !isConfiguration(first.text)) ||
    ((SHELL.has(lang) || lang === '') && isSetup(first.text, full)) ||
    isSql(first.text);
  if (known) return null;
  const configuration = full.filter((line) => isConfiguration(line.text)).length;
  return configuration * 2 > full.length || isNested(full) ? 'configuration' : null;
}

const ASSIGNMENT = /^\s*[A-Za-z_]\w*=(?:\S*|<[^<>\n]{1,80}>)\s*$/;

/** A block that sets a variable first and goes on with commands. */
const isSetup = (first: string, lines: readonly Line[]): boolean =>
  ASSIGNMENT.test(first) &&
  lines.some((line) => isBareCommand(line.text) || /^(?:for|while|if) \S/.test(line.text));

/** Lines under a head that is no command, indented more than it: sections of a file. */
function isNested([head, ...rest]: readonly Line[]): boolean {
  if (!head || /[\\|&{(]\s*$/.test(head.text) || rest.length < 2) return false;
  const indent = (line: Line): number => line.text.length - line.text.trimStart().length;
  return rest.filter((line) => indent(line) > indent(head)).length * 2 > rest.length;
}

interface Judge {
  readonly tools: Tools;
  readonly shell: boolean;
  /** No tag, but every line has the shape of a command: unknown tools are taken too. */
  readonly shaped: 'no' | 'unknown-tools' | 'mixed';
  /** Some line can be nothing but a command. */
  readonly someStrong: boolean;
  /** Every line has the shape of a command, and one of them is of a known tool. */
  readonly allShaped: boolean;
  readonly transcript: boolean;
  readonly foreign: boolean;
  readonly sql: boolean;
}

/** The line under the heads of a table that a program printed. */
const TABLE_RULE = /^[-=+| ]*-{3,}[-=+| ]*$/;

/** A script by its path and nothing else: `deploy/rotate.sh`. */
const SCRIPT_PATH = /^[\w.-]+(?:\/[\w.-]+)+\.(?:sh|bash|py|rb|pl)$/;

/** Words that stand apart as they do in a table or a list of subcommands. */
const isColumns = (line: string): boolean => /\S {3,}[A-Za-z([]/.test(line) && !/["'#|\\]/.test(line);

type CommandUnit = Extract<Unit, { type: 'command' }>;

/** What a block has shown so far. */
interface Seen {
  sawCommand: boolean;
  sawPrompt: boolean;
  sawOutput: boolean;
  /** The command before this line prints nothing, so that the line is not its output. */
  silent: boolean;
  /** An empty line, or nothing, stands before this one. */
  fresh: boolean;
}

/** Commands that print nothing when they work. */
const SILENT =
  /^(?:cd\s+\S+|(?:export\s+)?[A-Za-z_]\w*=(?:[^\s"'$]|\$(?!\()|"[^"]*"|'[^']*')*(?:\$\(.*\))?|unset\s.*)$/;

/** A line that goes on behind a backslash, as only a shell's does. */
const CONTINUED = /[^\\]\s\\\n\s*\S/;

/** Whether a unit of an unprompted block is a command, given what the block has shown so far. */
function accepts(unit: CommandUnit, judge: Judge, seen: Seen): boolean {
  const { sawCommand, sawPrompt, sawOutput, silent, fresh } = seen;
  const text = unit.command.text;
  if (unit.prompted) return true;
  // What stands before the first prompt opened the session that the prompts are of.
  if (judge.transcript)
    return (
      (silent && /\s/.test(text) && shapeOf(text, judge.tools) !== 'none') ||
      (!sawPrompt && !sawOutput && isBareCommand(text, judge.tools))
    );
  if (isSql(text)) return !sawOutput || (sawCommand && fresh && /;\s*$/.test(text));
  if (judge.sql) return shapeOf(text) === 'strong' || /;\s*$/.test(text) || CLIENT.test(text);
  const firstLine = text.slice(0, text.indexOf('\n') < 0 ? undefined : text.indexOf('\n'));
  const shape = shapeOf(firstLine, judge.tools);
  if (shape === 'none' || isOutput(firstLine) || isQuery(firstLine)) return false;
  if (sawOutput && isColumns(firstLine)) return false;
  if (!sawOutput && ASSIGNMENT.test(firstLine) && (sawCommand || judge.someStrong)) return true;
  // What begins with something else is a file or a listing: only what can be nothing but a command is taken there.
  if (sawOutput && !sawCommand && !judge.shell) return isBareCommand(firstLine, judge.tools);
  if (shape === 'strong') return !isConfiguration(firstLine);
  if (sawOutput || judge.foreign || isConfiguration(firstLine)) return false;
  if (judge.shell) return isShell(firstLine);
  if (judge.allShaped && SCRIPT_PATH.test(firstLine)) return true;
  if (/\s--?\w/.test(text))
    return sawCommand || judge.shaped !== 'no' || judge.someStrong || CONTINUED.test(text);
  const phrase = firstLine.trim().includes(' ');
  return phrase && (judge.shaped === 'unknown-tools' || (judge.shaped === 'mixed' && !sawCommand));
}

function readUnits(units: readonly Unit[], judge: Judge): CodeReading {
  const groups: { comment: string | null; commands: Command[] }[] = [];
  const untaken: Untaken[] = [];
  let comment: string | null = null;
  const seen: Seen = { sawCommand: false, sawPrompt: false, sawOutput: false, silent: false, fresh: true };
  let inTable = false;
  for (const unit of units) {
    if (unit.type === 'blank') inTable = false;
    if (unit.type === 'command' && TABLE_RULE.test(unit.command.text)) inTable = true;
    if (unit.type === 'blank') seen.fresh = true;
    else if (unit.type === 'comment')
      comment =
        seen.fresh || comment === null ? cleanComment(unit.text) : `${comment} ${cleanComment(unit.text)}`;
    else if (
      unit.type === 'command' &&
      !(inTable && !unit.prompted) &&
      accepts(unit, judge, seen) &&
      unit.command.text.length <= MAX_UNITS
    ) {
      const last = groups.at(-1);
      if (last && (comment === null || !seen.fresh)) last.commands.push(unit.command);
      else groups.push({ comment, commands: [unit.command] });
      comment = null;
      seen.sawCommand = true;
      seen.sawPrompt ||= unit.prompted;
      seen.silent = SILENT.test(unit.command.text);
    } else if (unit.type === 'command') {
      seen.sawOutput = true;
      seen.silent = false;
      const text = unit.command.text;
      const reason = leftOut(text, judge, seen.sawCommand);
      const last = untaken.at(-1);
      if (last && last.reason === reason)
        untaken[untaken.length - 1] = {
          reason,
          source: { start: last.source.start, end: unit.command.source.end },
        };
      else untaken.push({ source: unit.command.source, reason });
    }
    if (unit.type === 'command') seen.fresh = false;
  }
  return { groups, untaken };
}

/** Why a unit is no command: what follows a prompted command is what it printed. */
function leftOut(text: string, judge: Judge, sawCommand: boolean): Untaken['reason'] {
  if (text.length > MAX_UNITS) return 'too-long';
  if (isLog(text)) return 'log';
  if (judge.transcript || isOutput(text)) return 'output';
  if (isConfiguration(text)) return 'configuration';
  return sawCommand ? 'output' : 'mention';
}

function cleanComment(text: string): string {
  return text.replace(/^\s*(?:#+|--|\/\/)\s*/, '').trim();
}

export interface CodeContext {
  readonly tools: Tools;
  /** The text before says that output or a sample follows. */
  readonly outputExpected: boolean;
  /** The text before promises an example of something: a command only when every line is surely one. */
  readonly sampleExpected: boolean;
  /** The text before tells the reader to run something. */
  readonly told: boolean;
  /** The text before tells the reader to put it into a file. */
  readonly toSave: boolean;
}

/** The lines between the marks of a fence that has come into the code: pasted into a page, or indented. */
function withoutFence(lines: readonly Line[], tag: string): { lines: readonly Line[]; tag: string } {
  const first = lines.findIndex(({ text }) => text.trim() !== '');
  const last = lines.findLastIndex(({ text }) => text.trim() !== '');
  const inner = /^\s*`{3,}\s*([\w+#.-]*)\s*$/.exec(lines[first]?.text ?? '')?.[1];
  if (inner === undefined || last <= first || !/^\s*`{3,}\s*$/.test(lines[last]?.text ?? ''))
    return { lines, tag };
  return { lines: lines.slice(first + 1, last), tag: inner.toLowerCase() || tag };
}

/** Reads one code block: commands with exact spans in order, and what was left out with the reason. */
export function readCode(block: readonly Line[], lang: string | null, context: CodeContext): CodeReading {
  const { lines, tag } = withoutFence(block, lang ?? '');
  const roots = rootPrompts(lines, tag, context.tools);
  const angles = roots ? null : anglePrompts(lines, SHELL.has(tag));
  const printed = context.outputExpected || PRINTED.has(tag);
  if (angles) return printed ? noted(lines, 'output') : readAngled(angles, tag);
  const whole = wholeBlock(roots?.lines ?? lines, tag, context.tools);
  if (whole) return noted(lines, whole);
  const units = new BlockCutter(roots?.lines ?? lines, SQL.has(tag), roots?.typed).cut();
  const prompted = units.some((unit) => unit.type === 'command' && unit.prompted);
  const commands = units.filter((unit) => unit.type === 'command');
  // A prompt before what is nothing but output was put there by mistake.
  const nothingTyped = ({ command: { text } }: CommandUnit): boolean =>
    !isSql(text) && (shapeOf(text, context.tools) === 'none' || isOutput(text));
  if (printed && !prompted) return noted(lines, 'output');
  if ((printed || context.sampleExpected) && commands.every(nothingTyped)) return noted(lines, 'output');
  if (context.toSave && !prompted && commands.every(({ command: { text } }) => ASSIGNMENT.test(text)))
    return noted(lines, 'configuration');
  const foreign = ![SHELL, NEUTRAL, SQL, PRINTED].some((tags) => tags.has(tag));
  const doing =
    commands.find(({ command: { text } }) => !ASSIGNMENT.test(text) && !/^<[^<>]*>$/.test(text.trim())) ??
    commands[0];
  const first = doing?.command.text.split('\n', 1)[0] ?? '';
  const sure =
    isBareCommand(first, context.tools) ||
    (SHELL.has(tag) && shapeOf(first, context.tools) === 'strong') ||
    (SQL.has(tag) && isSql(first));
  if (context.sampleExpected && !prompted && (!sure || isListing(commands))) return noted(lines, 'output');
  if (
    foreign &&
    !prompted &&
    commands.some(
      ({ command: { text } }) =>
        shapeOf(text, context.tools) !== 'strong' || (SCRIPT.has(tag) && /^\w+ ['"]/.test(text)),
    )
  ) {
    return noted(lines, SCRIPT.has(tag) ? 'script' : 'configuration');
  }
  const shaped = shapedAs(commands, context);
  const reading = readUnits(units, {
    shell: SHELL.has(tag),
    tools: context.tools,
    shaped: tag === '' || (NEUTRAL.has(tag) && context.told) ? shaped : 'no',
    allShaped: shaped === 'mixed',
    someStrong: commands.some((unit) =>
      isBareCommand(unit.command.text.split('\n', 1)[0] ?? '', context.tools),
    ),
    transcript: prompted,
    foreign,
    sql: SQL.has(tag),
  });
  return reading.groups.length + reading.untaken.length === 0 ? noted(lines, 'mention') : reading;
}

/** Paths and nothing else. */
const isListing = (units: readonly CommandUnit[]): boolean =>
  units.length > 3 && units.every((unit) => /^[\w./-]*\/[\w./+-]+$/.test(unit.command.text));

/** A transcript whose prompts are `> `: each with what is typed behind it, all else is output. */
function readAngled(lines: readonly Line[], tag: string): CodeReading {
  const commands: Command[] = [];
  const untaken: Untaken[] = [];
  for (const line of lines) {
    if (line.text.trim() === '') continue;
    const prompted = /^\s*>\s+\S/.test(line.text);
    const [unit] = prompted ? new BlockCutter([withoutAngle(line)], SQL.has(tag)).cut() : [];
    if (unit?.type === 'command') commands.push(unit.command);
    else if (!prompted) untaken.push({ source: span([line]), reason: 'output' });
  }
  return { groups: commands.length > 0 ? [{ comment: null, commands }] : [], untaken: joined(untaken) };
}

/** Neighbours with one reason as one. */
function joined(untaken: readonly Untaken[]): Untaken[] {
  const out: Untaken[] = [];
  for (const each of untaken) {
    const last = out.at(-1);
    if (last && last.reason === each.reason && each.source.start - last.source.end <= 4)
      out[out.length - 1] = { ...last, source: { start: last.source.start, end: each.source.end } };
    else out.push(each);
  }
  return out;
}

/** Whether a block without a tag is nothing but lines shaped like commands: of known tools also, or only of unknown ones. */
function shapedAs(units: readonly CommandUnit[], { told, tools }: CodeContext): Judge['shaped'] {
  const lines = units.map((unit) => unit.command.text.split('\n', 1)[0] ?? '');
  const shapes = lines.map((line) =>
    isOutput(line) || isConfiguration(line) ? 'none' : shapeOf(line, tools),
  );
  if (shapes.includes('none')) return 'no';
  if (shapes.includes('strong')) return 'mixed';
  const names = new Set(lines.map((line) => line.trim().split(/\s+/, 1)[0]));
  const oneTool = lines.length > 1 && names.size === 1 && lines.some((line) => /\s--?\w/.test(line));
  return told || oneTool || lines.every((line) => /\s--?\w/.test(line)) ? 'unknown-tools' : 'no';
}
