import { add, type Context } from './context.ts';
import { abbreviates, hasFlag, type Option, type Parsed, split } from './getopt.ts';
import type { Entry } from './knowledge.ts';
import type { Arg } from './model.ts';
import { mayBeCritical, writeRisk } from './redirect.ts';
import type { OperandRow, Risky } from './schema.ts';
import { isRemoving, isRunning } from './unknown.ts';

/** Judges the options that were given: listed risks, unknown and abbreviated ones, values only the run decides. */
export function judgeOptions(
  entry: Entry,
  { options, operands }: Pick<Parsed, 'options' | 'operands'>,
  dry: boolean,
  context: Context,
): void {
  const { rule, table, node } = entry;
  for (const option of options) {
    const raises = table.raises.get(option.flag) ?? (option.known ? [] : abbreviates(option.flag, table));
    if (raises.some((raise) => raise.writes)) judgeWritten(rule, option.value, context);
    for (const raise of raises)
      if (
        applies(raise, option.value) &&
        !(dry && raise.unlessDry) &&
        !given(raise.unless, options) &&
        !onAll(raise.unlessOperand, operands) &&
        (raise.onlyWith === undefined || given(raise.onlyWith, options))
      )
        add(
          context,
          `${rule} ${option.flag}`,
          raise.risk,
          `${rule} ${option.flag} ${raise.says}.`,
          option.span,
        );
    const isPatterned = option.known && !table.takes.has(option.flag);
    if (
      (!option.known || (isPatterned && node.risk !== 'safe' && !dry)) &&
      raises.length === 0 &&
      isRemoving(option.flag, option.value?.text ?? null)
    )
      add(
        context,
        `${rule}.removing-option`,
        'danger',
        `The option ${option.flag} of ${rule} is not known, and its name says that it removes something.`,
        option.span,
      );
    else if (
      (!option.known || isPatterned) &&
      raises.length === 0 &&
      isRunning(option.flag, (option.value ?? option.next)?.lead ?? null)
    )
      add(
        context,
        `${rule}.running-option`,
        'danger',
        `The option ${option.flag} of ${rule} is not known, and its name says that its value is run.`,
        option.span,
      );
    else if (!option.known && raises.length === 0)
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

/** Whether there are operands and all are known to match. */
function onAll(pattern: string | undefined, operands: readonly Arg[]): boolean {
  if (pattern === undefined || operands.length === 0) return false;
  const wanted = new RegExp(pattern);
  return operands.every(({ text, raw, unknown }) => wanted.test(text ?? (unknown === 'glob' ? raw : '')));
}

/** Whether one of the listed flags was given; `--flag=value` asks for that value. */
function given(flags: string | undefined, options: readonly Option[]): boolean {
  const names = split(flags);
  return options.some(
    ({ flag, value }) => names.includes(flag) || names.includes(`${flag}=${value?.text ?? ''}`),
  );
}

const isPlain = ({ unknown }: Arg): boolean => unknown === 'word' || unknown === 'number';

/**
 * A plain variable is an input filled in before the run; plain words, and a pattern or list with a known start, cannot
 * become an option.
 */
function isInput(arg: Arg): boolean {
  if (arg.unknown === 'braces' && arg.guess) return !arg.guess.some((word) => word.startsWith('-'));
  return (
    arg.unknown === 'variable' ||
    isPlain(arg) ||
    ((arg.unknown === 'glob' || arg.unknown === 'braces') && arg.lead !== '')
  );
}

/** A path of which only the start is known: no such file ends in a number, and braces are followed by themselves. */
const isOpenPath = ({ text, unknown, guess }: Arg): boolean =>
  text === null && unknown !== 'number' && !(unknown === 'braces' && guess);

function judgeWritten(rule: string, arg: Arg | null | undefined, context: Context): void {
  const path = arg?.text ?? arg?.lead;
  // What is put into a directory is a file of it.
  const file = path?.replace(/(^|\/)\.{1,2}\/?$/, '$&/new');
  const write = arg && file ? writeRisk(file, context.directories) : null;
  if (arg && write?.risk === 'danger')
    add(context, `${rule}.${write.rule}`, 'danger', write.sentence, arg.span);
  else if (arg && isOpenPath(arg) && mayBeCritical(arg.lead, context.directories))
    add(
      context,
      `${rule}.file.unknown`,
      'danger',
      `Which file beginning with ${arg.lead} is written is only known when it runs.`,
      arg.span,
    );
}

/** Whether a risky option is risky with this value; a value nobody knows counts as the worst. */
function applies({ when, except, takes }: Risky, value: Arg | null): boolean {
  const text = value?.text ?? null;
  // A switch alone has no value that could match (`prlimit --nofile` shows, `--nofile=9` sets).
  if (value === null && takes === 'nothing') return when === undefined;
  if (text === null) return when === undefined || !(value?.lead && isRuledOut(when, value.lead));
  if (except !== undefined && new RegExp(except).test(text)) return false;
  return when === undefined || new RegExp(when).test(text);
}

/** True when a value that starts so cannot match: the pattern only asks for a first character, or for what comes before a character that is there. */
function isRuledOut(when: string, lead: string): boolean {
  const until = /^\^\[\^(.)\]\*/.exec(when)?.[1];
  const isFirst = /^\^(\[[^\]^]+\]|[\w@.:/])$/.test(when);
  return (isFirst || (until !== undefined && lead.includes(until))) && !new RegExp(when).test(lead);
}

/** Each word, alone and with the one after it; `--state=Off` is read as `--state Off`. */
function pairsOf(args: readonly Arg[]): readonly { readonly text: string; readonly span: Arg['span'] }[] {
  const texts = args.map(({ text, lead }) => (text ?? lead).replace(/^(--?[\w-]+)=/, '$1 '));
  return args.flatMap(({ span }, at) => {
    const [word = '', next] = texts.slice(at, at + 2);
    return [{ text: word, span }, ...(next === undefined ? [] : [{ text: `${word} ${next}`, span }])];
  });
}

/** Whether the options beside it let an operand's rule count. */
function isInEffect({ unless, onlyWith }: OperandRow, { options }: Parsed): boolean {
  return !given(unless, options) && (onlyWith === undefined || given(onlyWith, options));
}

/** Judges the operands by the rules of the row, and words that may turn out to be options. */
export function judgeOperands(entry: Entry, parsed: Parsed, args: readonly Arg[], context: Context): void {
  const { node, rule } = entry;
  for (const row of (node.operands ?? []).filter(({ at }) => at === 'words'))
    for (const { text, span } of pairsOf(args))
      if (new RegExp(row.matches).test(text) && isInEffect(row, parsed))
        add(context, `${rule}.words`, row.risk, `${rule} ${row.says}.`, span);
  const operands = parsed.operands.length > 0 || node.runs ? parsed.operands : parsed.rest;
  operands.forEach((operand, index) => {
    const places: readonly unknown[] = ['any', index, index === operands.length - 1 ? 'last' : index];
    for (const row of node.operands ?? [])
      if (
        places.includes(row.at) &&
        new RegExp(row.matches).test(operand.text ?? operand.lead) &&
        isInEffect(row, parsed)
      )
        add(context, `${rule}.operand`, row.risk, `${rule} ${row.says}.`, operand.span);
  });
  if (node.writes && (node.writesWith === undefined || hasFlag(parsed, node.writesWith)))
    for (const operand of operands.slice(
      node.writes === 'last' ? -1 : node.writes === 'any' ? 0 : node.writes,
    ))
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
    if (!((arg.lead !== '' || isPlain(arg) || arg.unknown === 'braces') && isInput(arg)))
      add(
        context,
        'shell.open-word',
        'caution',
        'This word is only known when it runs and may turn out to be an option.',
        arg.span,
      );
}
