import type { Line } from './blocks.ts';
import { tail, trimLine } from './blocks.ts';
import { promptLength } from './prompts.ts';
import type { Command, Untaken } from './runbook.ts';
import { isBareCommand, isSql, shapeOf } from './shape.ts';
import { isPlainTool } from './tools.ts';

export interface InlineReading {
  readonly commands: readonly Command[];
  readonly untaken: readonly Untaken[];
}

interface CodeSpan {
  readonly text: string;
  readonly start: number;
  /** The prose before the span, in the same block. */
  readonly before: string;
  readonly after: string;
}

const MAX_SPAN = 4096;

/** Told to run it: the last words before the span. `strict` verbs also cover a bare name such as `uptime`. */
const STRICT =
  /\b(?:run(?:ning)?|re-?run|execut(?:e|ing)|type|enter|issue|invoke|do|launch(?:ing)?|try)(?:\s+(?:the|this|a|following|command|commands|script|again|also|first|simply|just|either|query|on|in|each|it|with))*\s*[:(]?\s*$/i;
const LOOSE =
  /(?:\b(?:us(?:e|ing)|via|with|by|through|command|following|check|checking|verify|like this|then|or|and|e\.g\.|for example|instead|first|perform|apply|inspect|see|follow|watch|start|stop|restart|connect|query|look at)\s*[:(]?|[:→-])\s*$/i;
const FORBIDDEN =
  /(?:\b(?:never|not|don'?t|avoid|without|equivalent to|same as|rather than|unlike|instead of|similar to|output of|output from|result of|results of|called|named|mention\w*|such as|when|after|before|if|once|because|since)\b[^.;:,]{0,60}|\b(?:is|are|was|were|been|be|gets?|got)\s+(?:not\s+)?(?:\w+ly\s+)?\w+(?:ed|n)\s+(?:with|by|using|via|from|through)\s*)$/i;
/** After the span: it is the subject of the sentence, or compared. */
const SUBJECT =
  /^\s*(?:is|are|was|will|would|should|can|could|returns?|shows?|outputs?|prints?|fails?|failed|means?|has|does|did|command (?:is|was|will|fails?|returns?))\b/i;

/** Code spans of a block by runs of backticks; a run without a partner of its length is text. Linear. */
function codeSpans(lines: readonly Line[], source: string): CodeSpan[] {
  const first = lines[0];
  const last = lines.at(-1);
  if (!first || !last) return [];
  const end = last.start + last.text.length;
  const runs = [...source.slice(first.start, end).matchAll(/`+/g)].map((run) => ({
    at: first.start + run.index,
    length: run[0].length,
  }));
  const next = new Map<number, number>();
  const partner: number[] = [];
  for (let i = runs.length - 1; i >= 0; i--) {
    const length = runs[i]?.length ?? 0;
    partner[i] = next.get(length) ?? -1;
    next.set(length, i);
  }
  const spans: CodeSpan[] = [];
  let from = first.start;
  for (let i = 0; i < runs.length; i++) {
    const open = runs[i];
    const close = runs[partner[i] ?? -1];
    if (!open || !close) continue;
    const start = open.at + open.length;
    if (close.at - start <= MAX_SPAN) {
      spans.push({
        text: source.slice(start, close.at),
        start,
        before: source.slice(Math.max(from, open.at - 200), open.at),
        after: source.slice(close.at + close.length, Math.min(end, close.at + close.length + 80)),
      });
    }
    from = close.at + close.length;
    i = partner[i] ?? i;
  }
  return spans;
}

/** The last sentence of the text before a span, without list boxes and emphasis. */
function lead(before: string): string {
  const bare = before.replace(/[*_~]/g, '').replace(/\s+/g, ' ');
  return (bare.split(/[.!?]\s(?=\S)/).at(-1) ?? '').replace(/^\s*\[[ xX]\]\s*/, '');
}

function toldToRun(span: CodeSpan, text: string): boolean {
  const before = lead(span.before);
  const ownLine = /\n[ \t]*$/.test(span.before) && !FORBIDDEN.test(before);
  const alone = (before.trim() === '' || ownLine) && /^\s*[.;:]?\s*$/.test(span.after);
  const words = text.trim().split(/\s+/);
  const argued = words.length > 2 || words.slice(1).some((word) => /^-|[/.=<$]/.test(word));
  if (alone) return words.length > 1;
  if (/\b(?:do not|don'?t|never|not)\b[^.;:]*$/i.test(before)) return false;
  if (/^\s*commands\b/i.test(span.after)) return false;
  if (STRICT.test(before)) return words.length > 1 || isPlainTool(text) || text.includes('/');
  if (FORBIDDEN.test(before) || SUBJECT.test(span.after)) return false;
  return argued && LOOSE.test(before);
}

function spanCommand(span: CodeSpan): Command | null {
  const trimmed = trimLine({ text: span.text, start: span.start });
  const bare = tail(trimmed, promptLength(trimmed.text, 'weak'));
  if (bare.text === '') return null;
  return { text: bare.text, source: { start: bare.start, end: bare.start + bare.text.length } };
}

/** Inline code of a paragraph: commands the reader is told to run, and mentions that only look like commands. */
export function readInline(lines: readonly Line[], source: string): InlineReading {
  const commands: Command[] = [];
  const untaken: Untaken[] = [];
  for (const span of codeSpans(lines, source)) {
    const command = spanCommand(span);
    if (!command) continue;
    const shape = isSql(command.text) ? 'strong' : shapeOf(command.text);
    if (shape !== 'strong' || /^[A-Za-z_]\w*=\S*$/.test(command.text)) continue;
    if (toldToRun(span, command.text)) commands.push(command);
    else if (isBareCommand(command.text)) untaken.push({ source: command.source, reason: 'mention' });
  }
  return { commands, untaken };
}

/** A command that ends a sentence without any mark: `Drain the node: kubectl drain <node> --force`. */
function afterColon(line: Line): Line | null {
  const at = line.text.lastIndexOf(': ');
  if (at < 0) return null;
  const rest = trimLine(tail(line, at + 2));
  const [first = '', ...others] = rest.text.split(/\s+/, 4);
  return isPlainTool(first) && others.length > 1 && isBareCommand(rest.text) ? rest : null;
}

/** Lines of a paragraph that are commands without any markup, from the line after the one that announces them. */
function readBareLines(lines: readonly Line[]): { commands: Command[]; spokenTo: number | null } {
  const commands: Command[] = [];
  let spokenTo: number | null = null;
  let open = false;
  lines.forEach((line, index) => {
    const bare = trimLine(line);
    const start = tail(bare, promptLength(bare.text, 'strong'));
    const before = lines[index - 1]?.text.trim() ?? '';
    const announced = index <= 1 || commands.length > 0 || /[:.)]$/.test(before);
    const command = announced && isBareCommand(start.text) ? start : afterColon(bare);
    const skipped = open || line.text.includes('`') || !command;
    open = !skipped && /(?:\\|&&|\|)$/.test(command.text);
    if (skipped || open) return;
    spokenTo ??= command === start ? bare.start : command.start;
    commands.push({
      text: command.text,
      source: { start: command.start, end: command.start + command.text.length },
    });
  });
  return { commands, spokenTo };
}

export interface ParagraphReading extends InlineReading {
  /** The prose before the first bare command, or null when there is none. */
  readonly spoken: string | null;
}

/** All commands of a paragraph, in inline code and bare, in order of their place. */
export function readParagraph(lines: readonly Line[], source: string): ParagraphReading {
  const bare = readBareLines(lines);
  const inline = readInline(lines, source);
  const commands = [...inline.commands, ...bare.commands].sort((a, b) => a.source.start - b.source.start);
  const spoken =
    bare.spokenTo === null ? null : source.slice(lines[0]?.start ?? bare.spokenTo, bare.spokenTo).trim();
  return { commands, untaken: inline.untaken, spoken };
}
