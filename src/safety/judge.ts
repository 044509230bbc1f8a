import { judgeOperands, judgeOptions } from './arguments.ts';
import { add, type Context } from './context.ts';
import { refuseDeclared } from './declarable.ts';
import { chosenBy } from './directory.ts';
import { judgeAssignment, judgeAssignments } from './environment.ts';
import { hasFlag, type Option, type Parsed, parseArgs, split } from './getopt.ts';
import type { Entry, ToolRow } from './knowledge.ts';
import { type Arg, basename, type Invocation, known } from './model.ts';
import { judgePrograms } from './payload.ts';
import { boundedForm, ENDLESS, reachOf } from './reach.ts';
import { isSecretPath, judgeRedirects } from './redirect.ts';
import { judgeArguments, judgeUnknown, judgeUnknownProgram } from './unknown.ts';
import type { Trait } from './verdict.ts';
import { runInner } from './wrappers.ts';

/** Judges one simple command: its environment, redirections, name, options, operands and whatever it runs in turn. */
export function judgeInvocation(invocation: Invocation, outer: Context): void {
  const { name, args } = invocation;
  const directories = [...outer.directories, ...chosenBy(args)];
  const context: Context = { ...outer, directories };
  context.findings.push(
    ...judgeRedirects(invocation, directories),
    ...judgeAssignments(invocation.assignments, name),
  );
  const tool = context.knowledge.get(basename(name?.text ?? ''))?.tool;
  judgeSecrets(args, tool, context);
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
  if (DECLARES.has(name.text)) judgeDeclared(name.text, args, context);
  if (SETS.has(name.text)) judgeSet(name.text, args, context);
  if (name.text === 'printf' && args[0]?.lead.startsWith('-v'))
    judgeSet(name.text, args.slice(0, 2), context);
  judgeNamed(name, name.text, invocation, context);
  const guessed = withGuesses(invocation);
  if (guessed) judgeInvocation(guessed, context);
}

/** What the words of a command read or send that is a secret. */
function judgeSecrets(args: readonly Arg[], tool: ToolRow | undefined, context: Context): void {
  const sends = tool?.sends ?? false;
  const printed = sends
    ? args.find(({ unknown }) => unknown === 'substitution' || unknown === 'word')
    : undefined;
  if (printed)
    add(
      context,
      'secret.computed',
      'caution',
      'What another command printed is sent to another machine.',
      printed.span,
    );
  const opened = tool?.namesOnly && !args.some(({ text }) => /^-(exec|ok)/.test(text ?? '')) ? [] : args;
  const keys = split(tool?.keys);
  const isFar = args.some(({ lead }) => /^[\w.@-]*:(?!\\)|:\/\//.test(lead));
  for (const [index, arg] of opened.entries()) {
    if (!namesSecret(arg, context.directories) || keys.includes(opened[index - 1]?.text ?? '')) continue;
    const isSent = sends && isFar && index < args.length - 1 && !arg.lead.includes(':');
    add(
      context,
      sends ? 'file.own-secret' : 'file.secret',
      isSent ? 'danger' : 'caution',
      `${arg.raw || arg.lead} is a file that holds a secret${isSent ? ', and it is sent to another machine' : ''}.`,
      arg.span,
    );
  }
}

/** Whether a word is the path of a secret; a bare word is one only in a directory that is known. */
function namesSecret({ text, lead }: Arg, directories: readonly string[]): boolean {
  const name = text ?? lead;
  if (lead.startsWith('--') || /\s/.test(lead)) return false;
  return (
    (/[./]/.test(lead) && isSecretPath(name, [])) ||
    isSecretPath(
      name,
      directories.filter((place) => place !== '/'),
    )
  );
}

const DECLARES = new Set(['export', 'declare', 'typeset', 'local', 'readonly']);

/** Builtins that set, or take away, the variables they are given by name. */
const SETS = new Set(['read', 'mapfile', 'readarray', 'unset', 'getopts', 'let', 'wait']);

/** A name that something prints may be any, `PATH` too, and an index in it is evaluated; an input is judged when known. */
function judgeComputedName({ text, lead, unknown, span }: Arg, context: Context): void {
  if (text === null && !/[=-]/.test(lead) && !/^(variable|number|word)$/.test(unknown))
    add(
      context,
      'shell.computed-variable',
      'caution',
      'Which variable is set or taken away is only known when it runs.',
      span,
    );
}

/** Every word that may be such a name counts: that one of them is an option's value is no reason to look away. */
function judgeSet(by: string, args: readonly Arg[], context: Context): void {
  for (const arg of args) {
    // `wait $(jobs -p)` names processes.
    if (by !== 'wait') judgeComputedName(arg, context);
    if (/\[.*(\$\(|`)/s.test(arg.lead))
      add(
        context,
        'shell.arithmetic',
        'danger',
        'The index of an array is evaluated, and it holds a substitution.',
        arg.span,
      );
    const name = /^(?:-[A-Za-z]*[avp])?([A-Za-z_]\w*)/.exec(arg.lead)?.[1];
    const finding = name === undefined ? null : judgeAssignment(name, null, arg.span, false);
    if (finding) context.findings.push(finding);
  }
}

function judgeDeclared(by: string, args: readonly Arg[], context: Context): void {
  for (const arg of args) {
    judgeComputedName(arg, context);
    if (by !== 'export' && /^-[A-Za-z]*n/.test(arg.lead))
      add(
        context,
        'shell.reference',
        'danger',
        'A variable that stands for another one hides which one is set.',
        arg.span,
      );
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

/** Where packages and vendors put programs: `/usr/bin/x`, `/opt/kafka/bin/x`, `/usr/lib/postgresql/16/bin/x`. */
const SYSTEM_PATH =
  /^\/((usr\/(local\/)?)?s?bin|(opt|usr\/(lib|local|share))(\/(?!\.\.?\/)[\w.-]+)+\/s?bin|usr\/pgsql-\d+\/bin|usr\/lib(64)?\/(nagios|monitoring-plugins)(\/plugins)?)\/[^/]+$/;

function judgeNamed(name: Arg, text: string, invocation: Invocation, context: Context): void {
  const bare = basename(text);
  const tool = context.knowledge.get(bare);
  if (!context.remote && !text.includes('/') && !tool?.tool.builtin) context.names.add(text);
  if (name.disguised && ![`\\${text}`, `'${text}'`, `"${text}"`].includes(name.raw))
    add(
      context,
      'shell.disguised-name',
      'caution',
      `The program name is spelt with quotes or escapes; it is ${bare}.`,
      name.span,
    );
  if (text === 'return' && context.functions.size > 0) {
    add(context, 'return', 'safe', 'return leaves a function of this text.', name.span);
    return;
  }
  if (context.functions.has(text)) {
    if (tool)
      add(
        context,
        'shell.function',
        'caution',
        `A function gives ${text} another meaning, so it may not do what it says.`,
        name.span,
      );
    else add(context, 'shell.function', 'safe', `${text} is a function of this text.`, name.span);
    return;
  }
  if (
    (!tool && /\.(sh|bash|py|rb|pl|js|ts|php|lua|ksh|zsh|exe|bat|ps1)$/.test(bare)) ||
    /^\.{0,2}\/$/.test(text) ||
    /^(\.\.?|~[^/]*|\/(var\/)?tmp|\/dev\/shm|\/home\/[^/]+)\//.test(text)
  ) {
    add(context, 'program.unseen-script', 'danger', `${bare} is a program nobody here has seen.`, name.span);
    return;
  }
  if (!tool && isDeclared(name, text, invocation, context)) {
    add(context, 'program.declared', 'safe', `${text} is declared read-only here.`, name.span);
    judgeUnknown(bare, invocation.args, invocation, context);
    judgeArguments(bare, invocation, context);
    return;
  }
  if (!tool) {
    add(context, 'program.unknown', 'caution', `What ${bare} does is not known.`, name.span);
    judgeUnknownProgram(name, invocation, context);
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
  evaluate(tool, invocation.args, invocation, context);
}

/** Plainly written, started by this shell itself with its own environment: anywhere else it is as unknown as before. */
function isDeclared(name: Arg, text: string, { assignments }: Invocation, context: Context): boolean {
  return (
    context.readOnly.has(text) &&
    context.depth === 0 &&
    !context.remote &&
    !name.disguised &&
    assignments.length === 0 &&
    refuseDeclared(text, context.knowledge) === null
  );
}

/** Judges the words after a name (or verb) by their row of the knowledge base. */
export function evaluate(
  entry: Entry,
  args: readonly Arg[],
  invocation: Invocation,
  context: Context,
  before: readonly Option[] = [],
): void {
  if (entry.node.sends) context.sends.add(entry.rule);
  const only = args.length === 1 ? args[0]?.text : null;
  if (only === '--help' || only === '--version') {
    add(context, entry.rule, 'safe', `${entry.rule} ${only} only prints text.`, invocation.span);
    return;
  }
  const hasVerbs = entry.verbs.size > 0 || entry.patterns.length > 0;
  const own = parseArgs(args, entry.table, hasVerbs ? (entry.node.verbAfter ?? 0) : stopAfter(entry));
  const parsed: Parsed = { ...own, options: [...before, ...own.options] };
  if (asksHelp(entry, own, only ?? null)) {
    add(context, entry.rule, 'safe', `${entry.rule} is only asked for help.`, invocation.span);
    return;
  }
  judgeOptions(entry, own, dryRunOf(entry, parsed) !== undefined, context);
  const [verb, ...rest] = parsed.rest;
  if (hasVerbs && verb !== undefined) {
    const open = own.options.find(
      ({ flag, known, value }) => known && value === null && !entry.table.takes.has(flag),
    );
    if (open)
      add(
        context,
        'shell.open-verb',
        'caution',
        `Whether ${entry.rule} ${open.flag} takes the next word or that is the verb is not known.`,
        open.span,
      );
    judgeVerb(entry, verb, rest, parsed.options, invocation, context);
    return;
  }
  judgeLeaf(entry, parsed, args, invocation, context);
}

/** `terraform apply -help`, `aws ec2 terminate-instances help`, `gcloud help compute`. */
function asksHelp({ help }: Entry, { options, rest }: Parsed, only: string | null): boolean {
  const at = options.findIndex((option) => help.includes(option.flag));
  return (
    (only !== null && help.includes(only)) ||
    // After an option nobody knows, the word may be its value.
    (at >= 0 && options.slice(0, at).every((option) => option.known)) ||
    (rest[0]?.text === 'help' && help.includes('help'))
  );
}

/** What makes it only say what it would do; nothing does where another word of the command takes that back. */
function dryRunOf({ node }: Entry, { options }: Parsed): { readonly flags: string } | undefined {
  return node.dryRun?.find(({ flags, value }) => {
    const names = split(flags);
    return (
      options.some((option) => isDry(option, names, value)) &&
      !options.some((option) => isUndone(option, names, value))
    );
  });
}

/** `--dry-run=false` or `--no-dry-run` beside `--dry-run`: which of them counts is the program's to say. */
function isUndone(option: Option, flags: readonly string[], value: string | undefined): boolean {
  if (flags.includes(option.flag)) return !isDry(option, flags, value);
  return flags.some((flag) => new RegExp(`^--no[-_]?${flag.replace(/^-+/, '')}$`).test(option.flag));
}

function stopAfter(entry: Entry): number | null {
  const { runs, programs } = entry.node;
  if (runs && runs.form !== 'find') return runs.after;
  return programs?.some((program) => program.onlyWith !== undefined) ? 0 : null;
}

function judgeVerb(
  entry: Entry,
  verb: Arg,
  rest: readonly Arg[],
  before: readonly Option[],
  invocation: Invocation,
  context: Context,
): void {
  const { text } = verb;
  const anything = entry.patterns.find((pattern) => pattern.match.source === '(?:)')?.entry;
  if (text === null && anything) {
    evaluate(anything, rest, invocation, context, before);
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
    evaluate(next, rest, invocation, context, before);
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
  judgeUnknown(`${entry.rule} ${text}`, [verb, ...rest], invocation, context);
}

function judgeLeaf(
  entry: Entry,
  parsed: Parsed,
  args: readonly Arg[],
  invocation: Invocation,
  context: Context,
): void {
  const { node, rule } = entry;
  const dry = dryRunOf(entry, parsed);
  const risk = dry
    ? 'safe'
    : (node.risk ?? (entry.verbs.size > 0 || entry.patterns.length > 0 ? 'safe' : 'caution'));
  const says = dry
    ? `is only asked what it would do (${dry.flags.split(' ')[0]})`
    : (node.says ?? 'only prints its help');
  if (!node.runs || node.runs.form === 'find' || dry)
    add(context, rule, risk, `${rule} ${says}.`, invocation.span, node.alternative);
  judgeOperands(entry, parsed, args, context);
  for (const hint of reachOf(entry, parsed, invocation)) context.hints.add(hint);
  const traits = traitsOf(entry, parsed);
  for (const trait of traits) context.traits.add(trait);
  const bounded = traits.includes('endless') ? boundedForm(entry, invocation) : null;
  if (bounded !== null) context.hints.add(`${ENDLESS} ${bounded}`);
  judgePrograms(entry, parsed, invocation, context);
  if (node.runs && !dry) runInner(entry, node.runs, parsed, args, invocation, context);
}

function traitsOf({ node }: Entry, parsed: Parsed): readonly Trait[] {
  const byFlag = Object.entries(node.traitFlags ?? {}).filter(([flags]) =>
    parsed.options.some((option) => split(flags).includes(option.flag) && option.value?.text !== 'false'),
  );
  const unless = node.traitUnless;
  const isThere =
    unless !== undefined &&
    !hasFlag(parsed, unless.flags) &&
    !(unless.operands !== undefined && parsed.operands.length + parsed.rest.length >= unless.operands);
  return [...(node.traits ?? []), ...byFlag.map(([, trait]) => trait), ...(isThere ? [unless.trait] : [])];
}

function isDry(option: Option, flags: readonly string[], value: string | undefined): boolean {
  if (!flags.includes(option.flag)) return false;
  if (value === undefined) return option.value === null;
  return typeof option.value?.text === 'string' && new RegExp(value).test(option.value.text);
}
