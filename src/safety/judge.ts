import { add, type Context } from './context.ts';
import { judgeAssignment, judgeAssignments } from './environment.ts';
import { abbreviates, hasFlag, type Option, type Parsed, parseArgs, split } from './getopt.ts';
import type { Entry } from './knowledge.ts';
import { type Arg, basename, type Invocation, known } from './model.ts';
import { judgePrograms } from './payload.ts';
import { isSecretPath, judgeRedirects, writeRisk } from './redirect.ts';
import type { Risky } from './schema.ts';
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
  const next = entry.verbs.get(text) ?? (match && { ...match, rule: `${entry.rule} ${text.slice(0, 40)}` });
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

function judgeOptions(entry: Entry, options: readonly Option[], context: Context): void {
  const { rule, table, node } = entry;
  for (const option of options) {
    const raises = table.raises.get(option.flag) ?? (option.known ? [] : abbreviates(option.flag, table));
    if (raises.some((raise) => raise.writes)) judgeWritten(rule, option.value, context);
    for (const raise of raises)
      if (
        applies(raise, option.value?.text ?? null) &&
        !options.some((other) => split(raise.unless).includes(other.flag))
      )
        add(
          context,
          `${rule} ${option.flag}`,
          raise.risk,
          `${rule} ${option.flag} ${raise.says}.`,
          option.span,
        );
    if (!option.known && raises.length === 0)
      add(
        context,
        `${rule}.unknown-option`,
        'caution',
        `What the option ${option.flag} of ${rule} does is not known.`,
        option.span,
      );
    else if (!option.known)
      add(
        context,
        `${rule}.unknown-option`,
        'caution',
        `The option ${option.flag} of ${rule} is abbreviated.`,
        option.span,
      );
    const { value } = option;
    if (value?.splits && !isInput(value) && !node.readOnlyOptions)
      add(
        context,
        'shell.open-word',
        'caution',
        `The value of ${option.flag} is only known when it runs and may add options.`,
        option.span,
      );
  }
}

/** A plain variable is an input filled in before the run; a pattern with a known start cannot become an option. */
function isInput(arg: Arg): boolean {
  return arg.unknown === 'variable' || (arg.unknown === 'glob' && arg.lead !== '');
}

function judgeWritten(rule: string, arg: Arg | null | undefined, context: Context): void {
  const path = arg?.text ?? arg?.lead;
  const write = arg && path ? writeRisk(path) : null;
  if (arg && write?.risk === 'danger')
    add(context, `${rule}.${write.rule}`, 'danger', write.sentence, arg.span);
}

/** Whether a risky option is risky with this value; a value nobody knows counts as the worst. */
function applies(raise: Risky, value: string | null): boolean {
  if (value === null) return true;
  if (raise.except !== undefined && new RegExp(raise.except).test(value)) return false;
  return raise.when === undefined || new RegExp(raise.when).test(value);
}

function judgeOperands(entry: Entry, parsed: Parsed, context: Context): void {
  const { node, rule } = entry;
  const operands = parsed.operands.length > 0 || node.runs ? parsed.operands : parsed.rest;
  operands.forEach((operand, index) => {
    for (const row of node.operands ?? [])
      if (
        (row.at === 'any' || row.at === index) &&
        new RegExp(row.matches).test(operand.text ?? operand.lead)
      )
        add(context, `${rule}.operand`, row.risk, `${rule} ${row.says}.`, operand.span);
  });
  if (node.writes && (node.writesWith === undefined || hasFlag(parsed, node.writesWith)))
    for (const operand of node.writes === 'last' ? operands.slice(-1) : operands)
      judgeWritten(rule, operand, context);
  if (node.most && operands.length > node.most.operands)
    add(
      context,
      `${rule}.operand`,
      node.most.risk,
      `${rule} ${node.most.says}.`,
      operands.at(-1)?.span ?? { start: 0, end: 0 },
    );
  if (node.readOnlyOptions) return;
  for (const arg of parsed.doubtful)
    if (!(arg.lead !== '' && isInput(arg)))
      add(
        context,
        'shell.open-word',
        'caution',
        'This word is only known when it runs and may turn out to be an option.',
        arg.span,
      );
}
