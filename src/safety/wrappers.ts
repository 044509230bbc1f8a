import { add, type Context } from './context.ts';
import { judgeAssignment } from './environment.ts';
import { type Parsed, split } from './getopt.ts';
import type { Entry } from './knowledge.ts';
import { type Arg, type Finding, type Invocation, known, open } from './model.ts';
import { runParallel } from './parallel.ts';
import { LIMITS } from './precheck.ts';
import { ENDLESS } from './reach.ts';
import type { RunsSpec } from './schema.ts';
import type { Trait } from './verdict.ts';

/** Peels a wrapper: finds the command it runs, by the wrapper's own grammar, and judges that. */
export function runInner(
  entry: Entry,
  runs: RunsSpec,
  parsed: Parsed,
  args: readonly Arg[],
  invocation: Invocation,
  context: Context,
): void {
  if (context.depth >= LIMITS.depth) {
    add(
      context,
      'limit.depth',
      'danger',
      'Commands inside commands go too deep to analyse.',
      invocation.span,
    );
    return;
  }
  const findings: Finding[] = [];
  const traits = new Set<Trait>();
  const hints = new Set<string>();
  const inner: Context = {
    ...context,
    findings,
    traits,
    hints,
    depth: context.depth + 1,
    // What a program starts is a program.
    functions: new Set(),
    remote: context.remote || runs.remote,
    directories: runs.remote ? [] : context.directories,
  };
  const started = start(runs, parsed, args, invocation, inner);
  if (!started) {
    if (runs.form === 'find') return;
    if (runs.form === 'shell' && runs.remote) judgeFed(entry, invocation, context);
    for (const trait of runs.alone.traits) context.traits.add(trait);
    add(context, entry.rule, runs.alone.risk, `${entry.rule} ${runs.alone.says}.`, invocation.span);
    return;
  }
  const { node, rule } = entry;
  if (node.risk && node.says && runs.form !== 'find')
    add(context, rule, node.risk, `${rule} ${node.says}.`, invocation.span, node.alternative);
  if (runs.raises && findings.some((finding) => finding.risk !== 'safe'))
    add(
      context,
      rule,
      runs.raises,
      `${rule} ${node.says ?? 'runs it with other rights'}, and what it runs does more than look.`,
      invocation.span,
    );
  context.findings.push(...findings);
  for (const hint of hints) if (!(runs.bounded && hint.startsWith(ENDLESS))) context.hints.add(hint);
  for (const trait of traits) if (!(runs.bounded && trait === 'endless')) context.traits.add(trait);
}

/** Judges what the wrapper runs; false when that is nothing. */
function start(
  runs: RunsSpec,
  parsed: Parsed,
  args: readonly Arg[],
  invocation: Invocation,
  context: Context,
): boolean {
  switch (runs.form) {
    case 'find':
      return runFind(args, invocation, context);
    case 'parallel':
      return runParallel(parsed, tokenOf(runs, parsed) ?? known('{}', invocation.span), invocation, context);
    case 'words':
    case 'shell':
      return runRest(runs, parsed, invocation, context);
    default:
      return runs.form satisfies never;
  }
}

/** The text that stands for words nobody knows, where an option asks for one. */
function tokenOf(runs: RunsSpec, { options }: Parsed): Arg | null {
  const flags = split(runs.replaces);
  const replace = options.findLast((option) => flags.includes(option.flag));
  return replace ? (replace.value ?? known('{}', replace.span)) : null;
}

/** A remote shell without a command runs what it is fed. */
function judgeFed(entry: Entry, { stdin, span }: Invocation, context: Context): void {
  if (stdin.kind === 'inherited') return;
  if (stdin.kind === 'text' && stdin.text !== null && !stdin.piped) {
    context.judgeShell(stdin.text, { kind: 'file' }, stdin.span, { ...context, remote: true });
    return;
  }
  add(
    context,
    'program.unseen-input',
    'danger',
    `${entry.rule} runs whatever it is fed, and nobody here has seen that.`,
    span,
  );
}

function runRest(runs: RunsSpec, parsed: Parsed, invocation: Invocation, context: Context): boolean {
  let words = parsed.rest;
  while (runs.assignments && words[0] !== undefined) {
    const match = /^([^=/\s]+)=/.exec(words[0].lead);
    if (!match?.[1]) break;
    const value = words[0].text?.slice(match[0].length) ?? null;
    const finding = judgeAssignment(match[1], value, words[0].span, true);
    if (finding) context.findings.push(finding);
    words = words.slice(1);
  }
  const [first = null, ...others] = words;
  if (first === null) return false;
  if (runs.form === 'shell') runShell([first, ...others], invocation, context);
  else runWords(runs, words, parsed, invocation, context);
  return true;
}

function runShell(words: readonly [Arg, ...Arg[]], invocation: Invocation, context: Context): void {
  const span = { start: words[0].span.start, end: (words.at(-1) ?? words[0]).span.end };
  const texts = words.flatMap(({ text }) => text ?? []);
  if (texts.length < words.length) {
    add(
      context,
      'shell.computed-script',
      'danger',
      'Part of the text a shell is to run is only known when it runs.',
      span,
    );
    return;
  }
  context.judgeShell(texts.join(' '), invocation.stdin, span, context);
}

function runWords(
  runs: RunsSpec,
  words: readonly Arg[],
  parsed: Parsed,
  invocation: Invocation,
  context: Context,
): void {
  const replace = tokenOf(runs, parsed);
  const token = replace && (replace.text ?? '{}');
  const filled = token === null ? words : words.map((word) => fill(word, token));
  const extra = runs.appends && token === null ? [open('', false, invocation.span)] : [];
  const stdin: Invocation['stdin'] = runs.appends ? { kind: 'file' } : invocation.stdin;
  judgeInner([...filled, ...extra], { ...invocation, stdin }, context);
}

function judgeInner(words: readonly Arg[], invocation: Invocation, context: Context): void {
  const [name, ...args] = words;
  if (name === undefined) return;
  context.judgeInvocation({ ...invocation, name, args, assignments: [], redirects: [] }, context);
}

/** A word that holds the text standing for input nobody has seen. */
function fill(word: Arg, token: string): Arg {
  const text = word.text ?? word.lead;
  const at = token === '' ? -1 : text.indexOf(token);
  return at < 0 ? word : open(text.slice(0, at), false, word.span);
}

const FIND_RUNS = new Set(['-exec', '-execdir', '-ok', '-okdir']);

/** The commands of find's -exec and its kin: found files stand for `{}` and never look like options. */
function runFind(args: readonly Arg[], invocation: Invocation, context: Context): boolean {
  let started = false;
  for (let at = 0; at < args.length; at += 1) {
    if (!FIND_RUNS.has(args[at]?.text ?? '')) continue;
    const rest = args.slice(at + 1);
    const stop = rest.findIndex(
      (word, index) => word.text === ';' || (word.text === '+' && rest[index - 1]?.text === '{}'),
    );
    const words = (stop < 0 ? rest : rest.slice(0, stop)).map((word) =>
      word.text === '{}' ? open('./', false, word.span) : fill(word, '{}'),
    );
    started = true;
    judgeInner(words, { ...invocation, stdin: { kind: 'file' } }, context);
  }
  return started;
}
