import { add, type Context } from './context.ts';
import { hasFlag, type Parsed } from './getopt.ts';
import { type Arg, basename, type Invocation, known, open, type Stdin } from './model.ts';
import { LIMITS } from './precheck.ts';

/** Options with which a command takes several inputs, or parts of one. */
const REGROUPS =
  '-m -X -N -n -L -s -C -d --max-replace-args --max-args --max-lines --max-chars --xargs --colsep --delimiter';
const REMOTE = '-S --sshlogin';

/** The inputs of one source; null where they are read from a file. */
type Source = readonly Arg[] | null;

/** A shell text with places for inputs: its texts stand before, between and after the slots. */
interface Template {
  readonly texts: readonly string[];
  readonly slots: readonly Slot[];
}

interface Slot {
  /** As it is written: `{}`, `{2}`, `{/.}`, `{#}`. */
  readonly spelt: string;
  /** True between double quotes, where the quotes that parallel puts around a value protect nothing. */
  readonly quoted: boolean;
}

/**
 * Judges what GNU parallel starts. The words up to `:::` are joined, each input is put into them quoted, and a shell
 * reads the result. Literal inputs are judged one by one, others as words nobody knows. False when no command is given:
 * then the inputs are commands. Whatever leaves this grammar is danger. `token`: what stands for inputs (`{}`).
 */
export function runParallel(parsed: Parsed, token: Arg, invocation: Invocation, context: Context): boolean {
  const { span } = invocation;
  const words = parsed.rest.slice(0, toSeparator(parsed.rest));
  const unclear = whyUnclear(parsed, words, token);
  if (unclear === null && words.length === 0) return false;
  if (unclear === null && hasFlag(parsed, '--dry-run --dryrun')) {
    add(context, 'parallel --dry-run', 'safe', 'parallel --dry-run only prints the commands.', span);
    return true;
  }
  const commands = unclear === null ? commandsOf(parsed, words, token.text ?? '') : null;
  // All that is made in a text is no longer than a text may be: parallel in parallel multiplies.
  if (commands === null || [...context.made, ...commands].join('').length > LIMITS.bytes) {
    const sentence = unclear ?? 'Which commands parallel makes of its inputs cannot be told for sure.';
    add(context, 'parallel.unclear', 'danger', sentence, span);
    return true;
  }
  context.made.push(...commands);
  const remote = context.remote || hasFlag(parsed, REMOTE);
  if (hasFlag(parsed, REMOTE)) context.sends.add('parallel');
  const inner: Context = { ...context, remote, directories: remote ? [] : context.directories };
  const stdin = stdinOf(parsed, words, invocation.stdin);
  for (const command of commands) inner.judgeShell(command, stdin, span, inner);
  return true;
}

/** Why nobody can tell what it runs, as a sentence, or null. */
function whyUnclear({ options, dashed, rest }: Parsed, words: readonly Arg[], token: Arg): string | null {
  const strange = options.find((option) => !option.known);
  if (strange) return `What parallel makes of ${strange.flag} is not known.`;
  if (dashed || rest.some(({ text }) => text === '--'))
    return 'Another program of that name runs what stands behind --.';
  const texts = words.map(({ text }) => text);
  if (texts.includes(null) || !/^([\w,.:%@+-]+|\{\})$/.test(token.text ?? ''))
    return 'Part of the command that parallel is to run is only known when it runs.';
  // A byte of some letters marks, inside parallel, what Perl is to run.
  if (texts.some((text) => /\{=|[^\n\t -~]/.test(text ?? '')))
    return 'What stands between {= and =}, or signs that are not ASCII, may be run by Perl.';
  const other = token.text === '{}' ? /\{(-|0|\d+[\s#%])/ : /\{/;
  return texts.some((text) => other.test(text ?? '')) ? 'What this makes of its inputs is not known.' : null;
}

/** The shell texts that parallel makes of its words and inputs; null when that is not sure, or too many. */
function commandsOf(parsed: Parsed, words: readonly Arg[], token: string): readonly string[] | null {
  const texts = words.map(({ text }) => text ?? '');
  const own = hasFlag(parsed, '-q --quote') ? texts.map((text) => quotedAround(text, slotsIn(token))) : texts;
  const template = templateOf(own.join(' '), token, isPiped(parsed));
  if (template === null) return null;
  const rows =
    template.slots.length === 0 ? [[]] : rowsOf(sourcesOf(parsed, words), hasFlag(parsed, REGROUPS));
  const commands = rows?.map((row) => filled(template, row)) ?? [null];
  const sure = commands.filter((command) => command !== null);
  return sure.length < commands.length ? null : sure;
}

const isPiped = (parsed: Parsed): boolean => hasFlag(parsed, '--pipe --spreadstdin --pipepart --pipe-part');

/** What the commands read: blocks of the input, or, when the inputs come from elsewhere, what parallel is fed. */
function stdinOf(parsed: Parsed, words: readonly Arg[], stdin: Stdin): Stdin {
  if (isPiped(parsed)) return { kind: 'pipe' };
  return sourcesOf(parsed, words).length > 0 ? stdin : { kind: 'file' };
}

function toSeparator(words: readonly Arg[]): number {
  const at = words.findIndex(({ text }) => /^:{3,4}\+?$/.test(text ?? ''));
  return at < 0 ? words.length : at;
}

/** `-a file … ::: a b` → null and `[a, b]`. */
function sourcesOf({ options, rest }: Parsed, words: readonly Arg[]): readonly Source[] {
  const sources: Source[] = options.flatMap(({ flag }) => (/^(-a|--arg-file)$/.test(flag) ? [null] : []));
  let left = rest.slice(words.length);
  while (left[0] !== undefined) {
    const end = 1 + toSeparator(left.slice(1));
    sources.push(left[0].text?.startsWith('::::') ? null : left.slice(1, end));
    left = left.slice(end);
  }
  return sources;
}

/**
 * Every way to take one input of each source; linked sources (`:::+`) are taken in some of these. Null when there are
 * too many, or when options put literal inputs together in other ways.
 */
function rowsOf(sources: readonly Source[], regroups: boolean): readonly (readonly Arg[])[] | null {
  if (regroups && sources.some((source) => source !== null)) return null;
  let rows: readonly (readonly Arg[])[] = [[]];
  for (const source of sources.length === 0 ? [null] : sources) {
    const inputs = source?.length ? source : [unknown(regroups)];
    if (rows.length * inputs.length > LIMITS.commands) return null;
    rows = rows.flatMap((row) => inputs.map((input) => [...row, input]));
  }
  return rows;
}

const unknown = (splits: boolean): Arg => open('', splits, { start: 0, end: 0 });

/** What stands for inputs: `{}`, its parts (`{/.}`), counts (`{#}`) and those with a place; or the text of `-I`. */
const slotsIn = (token: string): RegExp =>
  token === '{}' ? /\{(?:\d*(?:\.|\/\/|\/\.|\/)?|[#%])\}/g : new RegExp(token.replace(/\W/g, '\\$&'), 'g');

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A word as `-q` hands it over: quoted, but for what stands for inputs. */
function quotedAround(word: string, slots: RegExp): string {
  const found = word.match(slots) ?? [];
  return word
    .split(slots)
    .map((part, at) => `${quote(part)}${found[at] ?? ''}`)
    .join('');
}

/** The parts of a shell text: escaped characters, quoted ones, and what stands between these. */
const PIECES = /\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|[^\\'"]+|[\s\S]/g;

/**
 * True where a shell leaves the rules of plain and double-quoted words, so that a quoted value may be more than a word:
 * backticks, here-documents, comments, arithmetic, `$'…'`, and a quote that nothing closes.
 */
const leavesRules = (piece: string): boolean =>
  /^['"\\]$/.test(piece) || (/^[^\\']/.test(piece) && /`|<<|\(\(|\$\[|\w\[|\$$|(^|[\s;|&()"}])#/.test(piece));

/**
 * The template; inputs come last where nothing stands for them. Null when it is not sure how a shell reads them: a value
 * in the first word is not even quoted.
 */
function templateOf(given: string, token: string, isPipe: boolean): Template | null {
  const pattern = slotsIn(token);
  const text = isPipe || given.search(pattern) >= 0 ? given : `${given} ${token}`;
  const pieces = [...text.matchAll(PIECES)];
  const slots: Slot[] = [];
  for (const { 0: spelt, index } of text.matchAll(pattern)) {
    const around = pieces.findLast((piece) => piece.index <= index);
    const isWhole = around !== undefined && index + spelt.length <= around.index + around[0].length;
    if (!isWhole || /^[\\']/.test(around[0]) || text[index - 1] === '$') return null;
    slots.push({ spelt, quoted: around[0].startsWith('"') });
  }
  const isFirst = slots.length > 0 && /^[^ \t\n=]*$/.test(text.slice(0, text.search(pattern)));
  const isUnsure = slots.length > 0 && pieces.some(([piece]) => leavesRules(piece));
  return isFirst || isUnsure ? null : { texts: text.split(pattern), slots };
}

/** The command that is made of one row of inputs; null when a value stands unprotected between double quotes. */
function filled({ texts, slots }: Template, row: readonly Arg[]): string | null {
  const values = slots.map(({ spelt, quoted }) => {
    const inputs = inputsAt(spelt, row);
    if (!quoted) return inputs.map(asWord).join(' ');
    const isPlain = inputs.every(({ text }) => text !== null && /^[\w.+/-]*$/.test(text));
    return isPlain ? inputs.map(({ text }) => text).join(' ') : null;
  });
  return values.includes(null) ? null : texts.map((text, at) => `${text}${values[at] ?? ''}`).join('');
}

/** The inputs of a slot; none where a place is beyond the last. */
function inputsAt(spelt: string, row: readonly Arg[]): readonly Arg[] {
  const [, place = '', part = ''] = /^\{(\d*)(\D*)\}$/.exec(spelt) ?? [];
  if (/[#%]/.test(part)) return [unknown(false)];
  const chosen = place === '' ? row : row.slice(Number(place) - 1, Number(place));
  const isOpen = row.some(({ text, splits }) => text === null && splits);
  return (chosen.length === 0 && isOpen ? [unknown(true)] : chosen).map((input) => partOf(input, part));
}

/** `{.}` is an input without its ending, `{/}` its last part, `{/.}` that without its ending, `{//}` what is before. */
function partOf(input: Arg, part: string): Arg {
  const { text, span } = input;
  if (part === '') return input;
  if (text === null) return unknown(input.splits);
  if (part === '//') {
    const path = text.replace(/(?<=[^/])\/+$/, '');
    return known(path.includes('/') ? path.replace(/\/[^/]*$/, '') || '/' : '.', span);
  }
  const named = part.startsWith('/') ? basename(text) : text;
  return known(part.endsWith('.') ? named.replace(/\.[^/.]*$/, '') : named, span);
}

/** An expansion of which nobody knows what it gives, in a form that both readers of the shell know. */
const ANYTHING = `\${INPUT%?}`;

function asWord({ text, lead, splits, unknown: kind }: Arg): string {
  if (text !== null) return quote(text);
  // A pattern gives several inputs, but each is one word with that start.
  if (splits && kind !== 'glob') return ANYTHING;
  return `${lead === '' ? '' : quote(lead)}"${ANYTHING}"`;
}
