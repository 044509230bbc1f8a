import { add, type Context } from './context.ts';
import { type Arg, basename, type Invocation, known } from './model.ts';
import { LIMITS } from './precheck.ts';
import { judgeProgram } from './programs/index.ts';

const TAKES_AWAY =
  'delete|destroy|purge|wipe|erase|drop|truncate|remove|unprotect|obliterate|zap|uninstall|prune';
/** A word that says alone that something is taken away. */
const REMOVES = new RegExp(`^(${TAKES_AWAY}|rm|reset|format|deleteall\\w*)$`, 'i');
/** `purge-osd`, `bulk-delete`, `pg:reset`, `/api/jobs/delete`, `dropDatabase`. */
const REMOVES_BY_PART = new RegExp(
  `^(${TAKES_AWAY})[-_:]|[-_:/](${TAKES_AWAY})$|:reset$|^(delete|destroy|drop|remove)[A-Z]`,
);
const REMOVING_OPTION =
  /^--?((force|bulk|cascade)-)?(delete|destroy|purge|wipe|erase|obliterate|zap|clobber|unprotect|truncate|remove|prune|allow-shrink)(?!\w)|^--?[a-z-]+-(delete|destroy|purge|wipe|erase)$/i;
/** `--no-delete`, `--deletion-protection`: names that say the opposite. */
const KEEPING_OPTION = /^--?(no|skip|without|keep|never|prevent)-|(delet\w+|destroy)-?protect/i;
const OFF = /^(false|no|none|never|off|0)$/i;

/** Names of options whose value is a program, or text that is run. */
const RUNNING_OPTION =
  /^--?([\w-]+[-_])?(exec|executable|script|command|cmd|hooks?|hooks?[-_](path|dir)|binary|interpreter|mda|preview|rsh|(before|after|pre|post)[-_][\w-]*(action|run))$/i;
/** Names of options whose value may be one, where it is written as a path. */
const LOADING_OPTION =
  /^--?([\w-]+[-_])?(filter|run|plugins?|plugins?[-_](path|dir)|modules?[-_](path|dir)|policy[-_]pack|extensions?[-_](path|dir)|helper|prog|program|onchange)$|^--?(pre|post)[-_](?!data|file|body)[\w-]+$/i;
const PATH = /^(\/|\.{1,2}\/|~\/)[\w.~/-]+( |$)|\.(sh|py|pl|rb|js|so)$/;
const NO_CODE = /^(|true|yes|on|auto|default|all|\d[\w.]*)$/i;

/** Longer words are no names of options; it keeps the patterns quick. */
const LONGEST_OPTION = 60;

/** Whether the name of an option nobody knows says that its value is run. */
export function isRunning(flag: string, value: string | null): boolean {
  if (value === null || flag.length > LONGEST_OPTION || KEEPING_OPTION.test(flag)) return false;
  if (OFF.test(value) || NO_CODE.test(value)) return false;
  return (
    (RUNNING_OPTION.test(flag) && !value.startsWith('-')) || (LOADING_OPTION.test(flag) && PATH.test(value))
  );
}

/** The option by which something unknown is given a program to run, or undefined. */
function runnerIn(words: readonly Arg[]): Arg | undefined {
  return words.find(({ lead }, at) => {
    const [flag = '', ...value] = lead.split('=');
    return (
      flag.startsWith('-') &&
      isRunning(flag, value.length > 0 ? value.join('=') : (words[at + 1]?.lead ?? null))
    );
  });
}

/** After a verb that only looks, and after an option that takes a name or a text, a word is one of those. */
const LOOKS =
  /^(list|ls|show|get|describe|status|search|find|grep|logs?|help|explain|view|info|history|diff)$/;
const NAMING =
  /^--?(n|name|namespace|m|message|comment|reason|title|summary|subject|body|notes?|description|text|grep|filter|pattern|query|match|l|label|labels|selector|tags?|sort|sort-by|o|output|type|kind|u|user)$/;
const ONLY_ASKS = /^(--help|--dry-run(=(client|server|true))?|--dryrun)$/;

/** How many words in front may be verbs of several parts: what stands later is a name. */
const VERBS = 4;

/** Whether the name of an option nobody knows says that it takes something away. */
export function isRemoving(flag: string, value: string | null): boolean {
  return REMOVING_OPTION.test(flag) && !KEEPING_OPTION.test(flag) && !OFF.test(value ?? '');
}

/** The word by which something unknown says that it takes something away, or null. */
function removalIn(words: readonly Arg[]): Arg | null {
  const texts = words.map(({ text }) => text ?? '');
  const dashes = texts.indexOf('--');
  if (texts.slice(0, dashes < 0 ? texts.length : dashes).some((text) => ONLY_ASKS.test(text))) return null;
  const looks = texts.findIndex((text) => LOOKS.test(text));
  const at = texts.findIndex((text, index) => {
    const [flag = '', ...value] = text.split('=');
    if (text.startsWith('-')) return isRemoving(flag, value.join('=')) || REMOVES.test(value.join('='));
    if ((looks >= 0 && index > looks) || NAMING.test(texts[index - 1] ?? '')) return false;
    return REMOVES.test(text) || (index < VERBS && REMOVES_BY_PART.test(text));
  });
  return words[at] ?? null;
}

/** SQL by which data is lost, if that is what the text is: other text may begin with the same word. */
const LOSING_SQL =
  /(^|;)\s*(drop\s+(table|database|schema|index|view|materialized|role|user|column|keyspace|function|type|sequence|extension|tablespace|trigger|policy|collection)\s|truncate\s+(table\s+)?[\w."`]+\s*($|;|,|cascade|restart)|delete\s+from\s|update\s+\S+\s+set\s)/i;

function isLosingSql(text: string): boolean {
  return (
    LOSING_SQL.test(text) &&
    judgeProgram('sql-standard', text, null).some((finding) => finding.risk === 'danger')
  );
}

/**
 * Raises a program or verb that nobody knows (`what`) by what it is given: plain words or options that say that
 * something is taken away, options that name a program to run, SQL that loses data, and a command after `--`.
 */
export function judgeUnknown(
  what: string,
  words: readonly Arg[],
  invocation: Invocation,
  context: Context,
): void {
  const removal = removalIn(words);
  if (removal)
    add(
      context,
      'unknown.removes',
      'danger',
      `What ${what} does is not known, and ${removal.text ?? ''} says that it removes something.`,
      removal.span,
    );
  const runner = runnerIn(words);
  if (runner)
    add(
      context,
      'unknown.runs',
      'danger',
      `What ${what} does is not known, and ${runner.lead.split('=')[0]} says that its value is run.`,
      runner.span,
    );
  for (const { text, span } of words)
    if (text !== null && (isLosingSql(text) || isLosingSql(text.slice(text.indexOf('=') + 1))))
      add(
        context,
        'unknown.sql',
        'danger',
        `What ${what} does is not known, and it is given SQL that loses data.`,
        span,
      );
  words.forEach((word, at) => {
    const names = [words[at - 1]?.text ?? '', word.lead.split('=')[0] ?? ''];
    if (!names.some((name) => NAMING.test(name))) judgeQuoted(what, word, invocation, context);
  });
  const dashes = words.findIndex(({ text }) => text === '--');
  if (dashes >= 0) judgePassedOn(what, words.slice(dashes + 1), invocation, context);
}

/** An unknown program by its own name, and by what it is given. */
export function judgeUnknownProgram(name: Arg, invocation: Invocation, context: Context): void {
  const bare = basename(name.text ?? '');
  judgeUnknown(bare, [known(bare, name.span), ...invocation.args], invocation, context);
  judgeArguments(bare, invocation, context);
}

/** Text that starts a shell or a program in most languages. */
const STARTS_PROGRAM = /\/bin\/\w*sh\b|\b(system|exec\w*|popen|spawn\w*)\s*\(/;

/** A program that is not known may run what it is given (`valgrind rm x`): that counts where it would be danger. */
export function judgeArguments(program: string, invocation: Invocation, context: Context): void {
  const { args, span } = invocation;
  const at = args.findIndex(({ text }) => text !== null && context.knowledge.get(basename(text)));
  if (at >= 0) judgePassedOn(program, args.slice(at), invocation, context);
  if (args.some(({ text }) => STARTS_PROGRAM.test(text ?? '')))
    add(context, 'program.passed-on', 'danger', `${program} may run what it is given.`, span);
}

/** A text that begins with a known program and has an option or a path may be a command that is run. */
function judgeQuoted(what: string, word: Arg, invocation: Invocation, context: Context): void {
  const text = word.text?.replace(/^--?[\w-]+=/, '') ?? '';
  const name = /^\s*([\w./-]+)\s/.exec(text)?.[1];
  if (name === undefined || !context.knowledge.get(basename(name)) || !/\s[-/~.]\S/.test(text)) return;
  if (context.passedOn.has(word)) return;
  context.passedOn.add(word);
  const inner = apart(context);
  context.judgeShell(text, invocation.stdin, word.span, inner);
  if (inner.findings.some(({ risk, rule }) => risk === 'danger' && rule !== 'shell.syntax'))
    add(context, 'program.passed-on', 'danger', `${what} may run what it is given.`, word.span);
}

/** A context of its own, for what may or may not run. */
function apart(context: Context): Context {
  return { ...context, findings: [], traits: new Set(), hints: new Set(), names: new Set() };
}

/** Judges words as a command that may be run. */
function judgePassedOn(
  program: string,
  words: readonly Arg[],
  invocation: Invocation,
  context: Context,
): void {
  const [name, ...args] = words;
  if (name === undefined || context.passedOn.has(name)) return;
  context.passedOn.add(name);
  if (context.depth >= LIMITS.depth) {
    const deep = 'Commands inside commands go too deep to analyse.';
    add(context, 'limit.depth', 'danger', deep, invocation.span);
    return;
  }
  const inner: Context = { ...apart(context), depth: context.depth + 1 };
  context.judgeInvocation({ ...invocation, name, args, assignments: [], redirects: [] }, inner);
  if (inner.findings.some(({ risk }) => risk === 'danger'))
    add(context, 'program.passed-on', 'danger', `${program} may run what it is given.`, invocation.span);
}
