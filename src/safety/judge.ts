import { judgeOperands, judgeOptions } from './arguments.ts';
import { add, type Context } from './context.ts';
import { judgeAssignment, judgeAssignments } from './environment.ts';
import { hasFlag, type Option, type Parsed, parseArgs, split } from './getopt.ts';
import type { Entry } from './knowledge.ts';
import { type Arg, basename, type Invocation, known } from './model.ts';
import { judgePrograms } from './payload.ts';
import { isSecretPath, judgeRedirects } from './redirect.ts';
import { runInner } from './wrappers.ts';

/** Judges one simple command: its environment, redirections, name, options, operands and whatever it runs in turn. */
export function judgeInvocation(invocation: Invocation, context: Context): void {
  const { name, args } = invocation;
  context.findings.push(
    ...judgeRedirects(invocation),
    ...judgeAssignments(invocation.assignments, name !== null),
  );
  const sends = context.knowledge.get(basename(name?.text ?? ''))?.tool.sends ?? false;
  const printed = sends ? args.find((arg) => arg.unknown === 'substitution') : undefined;
  if (printed)
    add(
      context,
      'secret.computed',
      'caution',
      'What another command printed is sent to another machine.',
      printed.span,
    );
  for (const arg of args)
    if (
      !arg.lead.startsWith('--') &&
      isSecretPath(arg.text ?? arg.lead) &&
      /[./]/.test(arg.lead) &&
      !/\s/.test(arg.lead)
    )
      add(
        context,
        sends ? 'file.own-secret' : 'file.secret',
        'caution',
        `${arg.raw || arg.lead} is a file that holds a secret.`,
        arg.span,
      );
  if (invocation.group) return;
  if (name === null) {
    add(context, 'shell.assignment', 'safe', 'It only sets variables of this shell.', invocation.span);
    return;
  }
  if (name.text === null) {
    add(
      context,
      'shell.computed-name',
      'danger',
      'Which program runs is only known when it runs.',
      name.span,
    );
    return;
  }
  if (DECLARES.has(name.text)) judgeDeclared(args, context);
  judgeNamed(name, name.text, invocation, context);
  const guessed = withGuesses(invocation);
  if (guessed) judgeInvocation(guessed, context);
}

const DECLARES = new Set(['export', 'declare', 'typeset', 'local', 'readonly']);

function judgeDeclared(args: readonly Arg[], context: Context): void {
  for (const arg of args) {
    const name = /^([A-Za-z_]\w*)=/.exec(arg.lead)?.[1];
    const value = name === undefined ? null : (arg.text?.slice(name.length + 1) ?? null);
    const finding = name === undefined ? null : judgeAssignment(name, value, arg.span, false);
    if (finding) context.findings.push(finding);
  }
}

function withGuesses(invocation: Invocation): Invocation | null {
  if (!invocation.args.some((arg) => arg.guess !== null)) return null;
  return {
    ...invocation,
    assignments: [],
    redirects: [],
    args: invocation.args.flatMap((arg) => arg.guess?.map((text) => known(text, arg.span)) ?? [arg]),
  };
}

const SYSTEM_PATH = /^\/(usr\/(local\/)?)?s?bin\/[^/]+$/;

function judgeNamed(name: Arg, text: string, invocation: Invocation, context: Context): void {
  const bare = basename(text);
  const tool = context.knowledge.get(bare);
  if (!context.remote && !text.includes('/') && !tool?.tool.builtin) context.names.add(text);
  if (name.disguised && text !== name.raw.replace(/^\\/, ''))
    add(
      context,
      'shell.disguised-name',
      'caution',
      `The program name is spelt with quotes or escapes; it is ${bare}.`,
      name.span,
    );
  if (
    (!tool && /\.(sh|bash|py|rb|pl|js|ts|php|lua|ksh|zsh|exe|bat|ps1)$/.test(bare)) ||
    /^\.{0,2}\/$/.test(text) ||
    /^(\.\.?|~[^/]*|\/(var\/)?tmp|\/dev\/shm|\/home\/[^/]+)\//.test(text)
  ) {
    add(context, 'program.unseen-script', 'danger', `${bare} is a program nobody here has seen.`, name.span);
    return;
  }
  if (!tool) {
    add(context, 'program.unknown', 'caution', `What ${bare} does is not known.`, name.span);
    return;
  }
  if (text.includes('/') && !SYSTEM_PATH.test(text))
    add(
      context,
      'program.unusual-path',
      'caution',
      `${text} may be another program than the usual ${bare}.`,
      name.span,
    );
  if (tool.tool.sends) context.sends.add(text);
  evaluate(tool, invocation.args, invocation, context);
}

/** Judges the words after a name (or verb) by their row of the knowledge base. */
export function evaluate(
  entry: Entry,
  args: readonly Arg[],
  invocation: Invocation,
  context: Context,
  before: readonly Option[] = [],
): void {
  const only = args.length === 1 ? args[0]?.text : null;
  if (only === '--help' || only === '--version') {
    add(context, entry.rule, 'safe', `${entry.rule} ${only} only prints text.`, invocation.span);
    return;
  }
  const hasVerbs = entry.verbs.size > 0 || entry.patterns.length > 0;
  const own = parseArgs(args, entry.table, hasVerbs ? 0 : stopAfter(entry));
  const parsed: Parsed = { ...own, options: [...before, ...own.options] };
  judgeOptions(entry, own.options, context);
  if (hasVerbs && parsed.rest[0] !== undefined) {
    judgeVerb(entry, parsed, invocation, context);
    return;
  }
  judgeLeaf(entry, parsed, args, invocation, context);
}

function stopAfter(entry: Entry): number | null {
  const { runs, programs } = entry.node;
  if (runs && runs.form !== 'find') return runs.after;
  return programs?.some((program) => program.onlyWith !== undefined) ? 0 : null;
}

function judgeVerb(entry: Entry, parsed: Parsed, invocation: Invocation, context: Context): void {
  const [verb, ...rest] = parsed.rest;
  if (verb === undefined) return;
  const { text } = verb;
  const anything = entry.patterns.find((pattern) => pattern.match.source === '(?:)')?.entry;
  if (text === null && anything) {
    evaluate(anything, rest, invocation, context, parsed.options);
    return;
  }
  if (text === null) {
    add(
      context,
      'shell.computed-verb',
      'danger',
      `What ${entry.rule} is told to do is only known when it runs.`,
      verb.span,
    );
    return;
  }
  const match = entry.patterns.find((pattern) => pattern.match.test(text))?.entry;
  const rule = /^[\w.-]{1,40}$/.test(text) ? `${entry.rule} ${text}` : entry.rule;
  const next = entry.verbs.get(text) ?? (match && { ...match, rule });
  if (next) {
    evaluate(next, rest, invocation, context, parsed.options);
    return;
  }
  if (text === 'help') {
    add(context, `${entry.rule} help`, 'safe', `${entry.rule} help only prints text.`, verb.span);
    return;
  }
  add(
    context,
    `${entry.rule}.unknown-verb`,
    'caution',
    `What ${entry.rule} ${text} does is not known.`,
    verb.span,
  );
}

function judgeLeaf(
  entry: Entry,
  parsed: Parsed,
  args: readonly Arg[],
  invocation: Invocation,
  context: Context,
): void {
  const { node, rule } = entry;
  const dry = (node.dryRun ?? []).find((item) =>
    parsed.options.some((option) => isDry(option, split(item.flags), item.value)),
  );
  const risk = dry
    ? 'safe'
    : (node.risk ?? (entry.verbs.size > 0 || entry.patterns.length > 0 ? 'safe' : 'caution'));
  const says = dry
    ? `is only asked what it would do (${dry.flags.split(' ')[0]})`
    : (node.says ?? 'only prints its help');
  if (!node.runs || node.runs.form === 'find' || dry)
    add(context, rule, risk, `${rule} ${says}.`, invocation.span, node.alternative);
  judgeOperands(entry, parsed, context);
  for (const trait of node.traits ?? []) context.traits.add(trait);
  for (const [flags, trait] of Object.entries(node.traitFlags ?? {}))
    if (parsed.options.some((option) => split(flags).includes(option.flag) && option.value?.text !== 'false'))
      context.traits.add(trait);
  const unless = node.traitUnless;
  if (
    unless &&
    !hasFlag(parsed, unless.flags) &&
    !(unless.operands !== undefined && parsed.operands.length + parsed.rest.length >= unless.operands)
  )
    context.traits.add(unless.trait);
  judgePrograms(entry, parsed, invocation, context);
  if (node.runs && !dry) runInner(entry, node.runs, parsed, args, invocation, context);
}

function isDry(option: Option, flags: readonly string[], value: string | undefined): boolean {
  if (!flags.includes(option.flag)) return false;
  if (value === undefined) return option.value === null;
  return typeof option.value?.text === 'string' && new RegExp(value).test(option.value.text);
}
