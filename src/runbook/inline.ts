import type { Line, CodeSpan as Marked } from './normalise/blocks.ts';
import { endOf, head, spanOf, tail, trimLine } from './normalise/blocks.ts';
import { commandLines } from './open-command.ts';
import { promptLength } from './prompts.ts';
import { isImperative } from './prose.ts';
import type { Command, Untaken } from './runbook.ts';
import { consoleNamed } from './sessions.ts';
import type { Shape } from './shape.ts';
import { isBareCommand, isConfiguration, isQuery, isSql, shapeOf } from './shape.ts';
import type { Tools } from './tools.ts';

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
  /** The prose between it and the code before it. */
  readonly between: string;
  readonly linked: boolean;
}

/** Told to run it: the last words before the span. */
const STRICT =
  /\b(?:run(?:ning)?|re-?run|execut(?:e|ing)|type|enter|issue|invoke|do|perform|launch(?:ing)?|try)(?:\s+(?:the|this|an?|following|command|commands|script|again|also|first|simply|just|either|query))*\s*[:(]?\s*$/i;
const LOOSE =
  /(?:\b(?:use|command|following|check|checking|verify|like this|then|e\.g\.|for example|instead|first|perform|apply|inspect|see|follow|watch|start|stop|restart|connect|query|look at)\s*[:(]?|[:→-])\s*$/i;
/** The means of an act: told to run only where the sentence asks for the act. */
const MEANS = /\b(?:using(?:\s+the)?|via|with|by|through)\s*[:(]?\s*$/i;
const ASKING = /\b(?:can|could|may|should|must|need to|have to|let'?s|please|try|want to|to [a-z]+)\b/i;
/** One more beside the one before it. */
const CHAINED = /^\s*(?:,|\/|,?\s*(?:and|or|then|and then|or else|followed by))\s*$/i;
/** Examples in brackets. */
const EXAMPLE = /\((?:for example|e\.g\.|i\.e\.|such as|like)\b[^)]*$/i;
const FORBIDDEN =
  /(?:\b(?:never|not|don'?t|avoid|without|equivalent to|same as|rather than|unlike|instead of|similar to|output of|output from|result of|results of|called|named|mention\w*|such as|when|after|before|(?<!\b(?:check|confirm|see|verify|test|know) )if|once|because|since)\b[^.;:,]{0,60}|(?<!\b(?:can|may|could|should|must|might)\s)\b(?:is|are|was|were|been|be|gets?|got)\s+(?:not\s+)?(?:\w+ly\s+)?\w+(?:ed|n)\s+(?:with|by|using|via|from|through)(?:\s+the)?\s*|\b(?:\w+ed|shown|given|seen)\s+by\s*)$/i;
/** An act that is told of, not asked for: `after running`, `when you run`. */
const TOLD_OF =
  /\b(?:when|while|whenever|if|after|once|before|as|since|until)\s+(?:(?:you|we|i|they|someone|it)\s+)?(?:are\s+|have\s+|has\s+|is\s+|were\s+)?(?:been\s+)?(?:run|runs|ran|running|execut\w+)\s+(?:the\s+)?(?:command\s+)?$/i;
/** Something else runs it: a pipeline, a job. */
const RUN_BY_OTHERS =
  /(?<!\byou\s)\b(?:will|would|does|did|it|that|which|pipeline|job|workflow|script|action|hook)\s+(?:then\s+|also\s+|only\s+)?(?:run|execute)s?\s*$/i;
/** After the span: it is the subject of the sentence, or compared. */
const SUBJECT =
  /^\s*(?:is|are|was|will|would|should|can|could|may|might|returns?|shows?|outputs?|prints?|fails?|failed|means?|has|does|did|allows?|lets|gives?|helps?|reveals?|lists?|displays?|command (?:is|was|will|can|fails?|returns?))\b/i;
/** An act as the subject of a sentence: `Running X shows …`. */
const GERUND = /(?:^|[.;:–—-]\s)\W{0,6}(?:running|executing|issuing)\s+(?:the\s+)?$/i;
/** Words that tie the code to the sentence: it is spoken of, or the means of something. */
const LINKED =
  /\b(?:the|an?|your|its|our|this|that|these|of|in|for|from|to|on|with|at|by|and|or|is|are|as|than|like|named|called|any|all|into|about|where|whether|including|via|under|both|either|set|add|pass|append|specify)\s*$|[^\w)\s]\s*$/i;
/** A program by its path and nothing else: `/usr/sbin/reset-cache`. */
const PROGRAM_PATH = /^\/[\w./-]*\bs?bin\/[\w.+-]+$/;
/** After the span at the head of a list item: what it is for. */
const PURPOSE = /^\s*(?:[-–—:#(]|to\s|in order to\s)/;

/** The inline code of some lines with the prose around each piece. */
function codeSpans(lines: readonly Line[], codes: readonly Marked[], text: string): CodeSpan[] {
  const { start: first, end } = spanOf(lines);
  let from = first;
  return codes
    .filter((code) => code.start >= first && code.end <= end)
    .map((code) => {
      const before = text.slice(Math.max(first, code.outer.start - 200), code.outer.start);
      const between = text.slice(from, code.outer.start);
      from = code.outer.end;
      const after = text.slice(code.outer.end, Math.min(end, code.outer.end + 80));
      const linked = code.linked === true || (before.endsWith('[') && after.startsWith(']('));
      return { text: text.slice(code.start, code.end), start: code.start, before, after, between, linked };
    });
}

/** The last sentence of the text before a span, without list boxes and emphasis. */
function lead(before: string): string {
  const bare = before.replace(/[*_~]/g, '').replace(/\s+/g, ' ');
  return (bare.split(/[.!?]\s(?=\S)/).at(-1) ?? '').replace(/^\s*\[[ xX]\]\s*/, '');
}

/** A command that stands for itself: more than a name, and not one that a sentence merely speaks of. */
function toldToRun(span: CodeSpan, text: string, shape: Shape, tools: Tools): boolean {
  const before = lead(span.before).replace(/\[$/, '');
  const words = text.trim().split(/\s+/);
  const marked = words.slice(1).some((word) => /[^A-Za-z,.]/.test(word));
  const argued = words.length > 2 || marked;
  const ownLine = /\n[ \t]*$/.test(span.before) && !FORBIDDEN.test(before);
  const opens = !span.linked && (before.trim() === '' || ownLine);
  if (opens && /^\s*[.;:]?\s*$/.test(span.after))
    return words.length > 1 && (shape === 'strong' || (marked && !/^(?:[a-z]+ ){3,}[A-Z]/.test(text)));
  if (/\b(?:do not|don'?t|never|not)\b[^.;:]*$/i.test(before) || TOLD_OF.test(before)) return false;
  if (/^\s*commands\b/i.test(span.after) || /:$/.test(text)) return false;
  if (GERUND.test(before) || RUN_BY_OTHERS.test(before)) return false;
  if (words.length === 1 && /^\s*(?:command|tool|utility|script|binary|cli)\b/i.test(span.after))
    return false;
  // `To run etcdctl in the container:` announces the block that shows how.
  if (words.length === 1 && /^\s+\w[^.`]*:\s*$/.test(span.after)) return false;
  if (/^[A-Z][a-z]/.test(text) && !marked) return false;
  if (STRICT.test(before)) return words.length > 1 || tools.isPlain(text) || text.includes('/');
  if (span.linked || (shape !== 'strong' && !marked)) return false;
  if (opens && argued && PURPOSE.test(span.after)) return shape === 'strong';
  if (FORBIDDEN.test(before) || SUBJECT.test(span.after)) return false;
  if (/\s--help$|^man\s/.test(text)) return false;
  if (EXAMPLE.test(before)) return false;
  const clauses = before.split(/[,;:]\s+/);
  if (MEANS.test(before))
    return (
      (argued || (words.length > 1 && tools.isPlain(words[0] ?? ''))) &&
      (ASKING.test(before) || clauses.some((part) => isImperative(part.trim())))
    );
  const aside =
    /\(\s*$/.test(before) &&
    /^\s*(?:\)|(?:in|from|on|as)\s[^()]{1,60}\))/.test(span.after) &&
    clauses.some((part) => isImperative(part.trim()));
  const direct =
    !LINKED.test(before) &&
    isImperative((clauses.at(-1) ?? '').trim()) &&
    !/\.{3}|…/.test(text) &&
    (PROGRAM_PATH.test(text) ||
      (argued &&
        isBareCommand(text, tools) &&
        (words.some((word) => /^--?[a-z]/.test(word)) ||
          (words.length > 3 && /^\s*[.;:]?\s*$/.test(span.after)))));
  return direct || (argued && (aside || LOOSE.test(before)));
}

function spanCommand(span: CodeSpan): Command | null {
  const trimmed = trimLine({ text: span.text, start: span.start });
  const bare = tail(trimmed, promptLength(trimmed.text, 'weak'));
  if (bare.text === '') return null;
  return { text: bare.text, source: { start: bare.start, end: bare.start + bare.text.length } };
}

/** Values by name and nothing else, an expression in double brackets, or keys to press. */
const isSettings = (text: string): boolean =>
  /^\(\(|^(?:ctrl|control|cmd|alt|shift)[ +-]\w+$/i.test(text) ||
  text.split(/\s+/).every((word) => /^[A-Za-z_]\w*=/.test(word));

/** `In the Rails console run …`: a statement that is called or set. */
function typedIntoConsole(span: CodeSpan, text: string): boolean {
  const before = lead(span.before);
  return (
    consoleNamed(before) !== null &&
    (STRICT.test(before) || /:\s*$/.test(before)) &&
    /[\w?!][(.=]|\w = /.test(text)
  );
}

/** Inline code of a paragraph: commands the reader is told to run, and mentions that only look like commands. */
export function readInline(
  lines: readonly Line[],
  codes: readonly Marked[],
  text: string,
  tools: Tools,
): InlineReading {
  const commands: Command[] = [];
  const untaken: Untaken[] = [];
  let last = false;
  for (const span of codeSpans(lines, codes, text)) {
    const command = spanCommand(span);
    const chained: boolean = last && CHAINED.test(span.between);
    last = false;
    if (!command) continue;
    if (typedIntoConsole(span, command.text)) {
      commands.push(command);
      continue;
    }
    const shape = isSql(command.text) ? 'strong' : shapeOf(command.text, tools);
    if (
      shape === 'none' ||
      isSettings(command.text) ||
      isQuery(command.text) ||
      isConfiguration(command.text)
    )
      continue;
    last =
      toldToRun(span, command.text, shape, tools) ||
      (chained && shape === 'strong' && /\s/.test(command.text));
    if (last) commands.push(command);
    else if (isBareCommand(command.text, tools)) untaken.push({ source: command.source, reason: 'mention' });
  }
  return { commands, untaken };
}

/** A command that ends a sentence without any mark: `Drain the node: kubectl drain <node> --force`. */
function afterColon(line: Line, tools: Tools): Line | null {
  const at = line.text.lastIndexOf(': ');
  if (at < 0) return null;
  const rest = trimLine(tail(line, at + 2));
  const [first = '', ...others] = rest.text.split(/\s+/, 4);
  return tools.isPlain(first) && others.length > 1 && isBareCommand(rest.text, tools) ? rest : null;
}

/** An order in a sentence: `Run df -h to see how full it is.` */
const ORDER =
  /(?:^|[.;:,]\s|\b(?:then|and|now|please|to)\s)\W{0,3}(?:re-?run|run|execute|issue|type)\s+(?:(?:the\s+)?command\s+)?(?=[a-z][\w.-]*\s+\S)/gi;
const ORDER_END =
  /\s(?:to|and|then|as|for|until|if|which|with the|from the|on (?:the|all|each|every|any)|in (?:the|a|an|your)|or|again|manually|first|so|while|when|where)\s|[,;.]?\s\(|[,;.]\s|[.,;]?$/i;

/** The command of an order without any mark: of a known tool, with arguments that are no words. */
function ordered(line: Line, tools: Tools): Line | null {
  for (const found of line.text.slice(0, 1000).matchAll(ORDER)) {
    const rest = tail(line, found.index + found[0].length);
    const command = head(rest, rest.text.search(ORDER_END));
    const [first = '', ...others] = command.text.split(/\s+/);
    if (
      tools.isPlain(first) &&
      !/[\][]\(|^[^[]*\]/.test(command.text) &&
      others.some((word) => /\w\.\w|[^A-Za-z,.]/.test(word)) &&
      isBareCommand(command.text, tools) &&
      !TOLD_OF.test(line.text.slice(0, found.index + found[0].length)) &&
      !/\b(?:do not|don'?t|never)\b/i.test(line.text.slice(0, found.index))
    )
      return command;
  }
  return null;
}

/** The longest command without marks, in lines. */
const MAX_BARE_LINES = 40;

/**
 * The lines of a command that begins in line `at` with `first`: more than one where it goes on; null when it has no end.
 */
function bareLines(first: Line, lines: readonly Line[], at: number): readonly Line[] | null {
  const whole = endOf([first]) === endOf([trimLine(lines[at] ?? first)]);
  const rest = whole ? lines.slice(at + 1, at + MAX_BARE_LINES) : [];
  const count = commandLines([first, ...rest].map(({ text }) => text));
  if (count === null) return null;
  return [first, ...rest.slice(0, count - 1)];
}

/** Lines of a paragraph that are commands without any markup, from the line after the one that announces them. */
function readBareLines(
  lines: readonly Line[],
  codes: readonly Marked[],
  tools: Tools,
  wary: boolean,
): { commands: Command[]; spokenTo: number | null } {
  const commands: Command[] = [];
  let spokenTo: number | null = null;
  const marked = markedLines(lines, codes);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (!line || line.text.includes('`') || marked.has(line)) continue;
    const bare = trimLine(line);
    const start = tail(bare, promptLength(bare.text, 'strong'));
    const before = lines[at - 1]?.text.trim() ?? '';
    const told = (at === 0 && !wary) || commands.length > 0 || /[:.)]$/.test(before);
    const announced = told || (at <= 1 && hasMark(start.text));
    const alone = announced && isBareCommand(start.text, tools);
    const first = alone ? start : (afterColon(bare, tools) ?? ordered(bare, tools));
    if (!first) continue;
    const whole = bareLines(first, lines, at);
    // Without its end, what follows is a part of it.
    if (!whole) break;
    spokenTo ??= alone ? bare.start : first.start;
    commands.push({
      text: whole.map(({ text }) => text).join('\n'),
      source: { start: first.start, end: spanOf(whole).end },
    });
    at += whole.length - 1;
  }
  return { commands, spokenTo };
}

/** True when a word after the first is no word of a language: an option, a path, a number. */
const hasMark = (text: string): boolean =>
  text
    .split(/\s+/)
    .slice(1)
    .some((word) => /[^A-Za-z,.]/.test(word));

/** The lines that hold inline code. Linear; both are in order. */
function markedLines(lines: readonly Line[], codes: readonly Marked[]): ReadonlySet<Line> {
  let next = 0;
  return new Set(
    lines.filter((line) => {
      while ((codes[next]?.end ?? Number.POSITIVE_INFINITY) <= line.start) next += 1;
      return (codes[next]?.start ?? Number.POSITIVE_INFINITY) < endOf([line]);
    }),
  );
}

export interface ParagraphReading extends InlineReading {
  /** The prose before the first bare command, or null when there is none. */
  readonly spoken: string | null;
}

/**
 * All commands of a paragraph, in inline code and (unless text is hidden in it) bare, in order of their place. Where a
 * paragraph says what is needed (`wary`), words alone are names: `git`, `openssl development`.
 */
export function readParagraph(
  lines: readonly Line[],
  codes: readonly Marked[],
  text: string,
  tools: Tools,
  concealed = false,
  wary = false,
): ParagraphReading {
  const bare = concealed ? { commands: [], spokenTo: null } : readBareLines(lines, codes, tools, wary);
  const inline = readInline(lines, codes, text, tools);
  const commands = [...inline.commands, ...bare.commands].sort((a, b) => a.source.start - b.source.start);
  const spoken =
    bare.spokenTo === null ? null : text.slice(lines[0]?.start ?? bare.spokenTo, bare.spokenTo).trim();
  return { commands, untaken: inline.untaken, spoken };
}
