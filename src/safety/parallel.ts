import { add, type Context } from './context.ts';
import { hasFlag, type Parsed } from './getopt.ts';
import { type Arg, type Invocation, open } from './model.ts';

/** More commands than this are not made of one template, and none deeper than this. */
const MOST = { commands: 32, depth: 2 } as const;

/** Options with which one command takes several inputs, or parts of one. */
const REGROUPS =
  '-m -X -N -n -L -s -C --max-replace-args --max-args --max-lines --max-chars --xargs --colsep --delimiter -d';

/** A text with the places where inputs are put into it. */
interface Template {
  /** One more than there are slots: what stands before, between and after them. */
  readonly texts: readonly string[];
  readonly slots: readonly Slot[];
}

/** `input`: `{}` is `all`, `{2}` is 2, and null what is made of an input (`{.}`) or counts (`{#}`). */
interface Slot {
  readonly input: number | 'all' | null;
  /** True between double quotes, where a value cannot end its word. */
  readonly quoted: boolean;
}

/**
 * Judges what GNU parallel starts: a template up to `:::` is joined, its inputs are quoted, and a shell reads each
 * command. Literal inputs are judged one by one, others as words nobody knows. False when there is no template: then
 * the inputs are commands. Whatever leaves this grammar is danger.
 */
export function runParallel(
  parsed: Parsed,
  replace: Arg | null,
  invocation: Invocation,
  outer: Context,
): boolean {
  const { options, rest } = parsed;
  const refuse = (sentence: string): true => {
    add(outer, 'parallel.unclear', 'danger', sentence, invocation.span);
    return true;
  };
  const strange = options.find((option) => !option.known);
  if (strange) return refuse(`What parallel makes of ${strange.flag} is not known.`);
  if (parsed.dashed || rest.some(({ text }) => text === '--'))
    return refuse('Another program of that name runs what stands behind --.');
  const words = rest.slice(0, beforeSources(rest));
  const texts = words.flatMap(({ text }) => text ?? []);
  if (replace?.text === null || replace?.text === '' || texts.length < words.length)
    return refuse('Part of the command that parallel is to run is only known when it runs.');
  if (texts.some((text) => text.includes('{='))) return refuse('What stands between {= and =} is run by Perl.');
  if (words.length === 0) return false;
  if (hasFlag(parsed, '--dry-run --dryrun')) {
    add(outer, 'parallel --dry-run', 'safe', 'parallel --dry-run only prints the commands.', invocation.span);
    return true;
  }
  const pipes = hasFlag(parsed, '--pipe --spreadstdin --pipepart --pipe-part');
  const sources = sourcesOf(rest.slice(words.length)).filter((source) => !pipes || source !== null);
  const template = templateOf(texts, replace?.text ?? '{}', hasFlag(parsed, '-q --quote'), {
    appends: !pipes || sources.length > 0,
  });
  if (template === null) return refuse('Inputs stand where the shell may take them for more than a word.');
  const rows = rowsOf(sources, hasFlag(parsed, REGROUPS));
  if (rows === null || (rows.length > 1 && outer.depth > MOST.depth))
    return refuse('There are more inputs, or ways to put them together, than can be judged.');
  const remote = hasFlag(parsed, '-S --sshlogin');
  if (remote) outer.sends.add('parallel');
  const context: Context = remote ? { ...outer, remote, directories: [] } : outer;
  const isFed = sources.length > 0 || hasFlag(parsed, '-a --arg-file');
  const stdin: Invocation['stdin'] = pipes ? { kind: 'pipe' } : isFed ? invocation.stdin : { kind: 'file' };
  for (const row of rows) context.judgeShell(filled(template, row), stdin, invocation.span, context);
  return true;
}

const isSeparator = ({ text }: Arg): boolean => /^:::\:?\+?$/.test(text ?? '');

function beforeSources(words: readonly Arg[]): number {
  const at = words.findIndex(isSeparator);
  return at < 0 ? words.length : at;
}

/** The inputs of each source: words after `:::`, or null where they are read from files (`::::`). */
function sourcesOf(words: readonly Arg[]): readonly (readonly Arg[] | null)[] {
  const [separator, ...others] = words;
  if (separator === undefined) return [];
  const inputs = others.slice(0, beforeSources(others));
  return [
    separator.text?.startsWith('::::') ? null : inputs,
    ...sourcesOf(others.slice(inputs.length)),
  ];
}

/**
 * Every way to take one input of each source; linked sources (`:::+`) give some of these. Null when there are too many,
 * or when literal inputs are put together in other ways. Without sources, one input that nobody knows.
 */
function rowsOf(
  sources: readonly (readonly Arg[] | null)[],
  regroups: boolean,
): readonly (readonly Arg[])[] | null {
  const unknown = open('', regroups, { start: 0, end: 0 });
  if (regroups && sources.some((source) => source !== null)) return null;
  let rows: readonly (readonly Arg[])[] = [[]];
  for (const source of sources.length === 0 ? [null] : sources) {
    const inputs = source ?? [unknown];
    if (rows.length * inputs.length > MOST.commands) return null;
    rows = rows.flatMap((row) => inputs.map((input) => [...row, input]));
  }
  return rows;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Where the shell reads on in its own way, so that a quoted value may be more than a word. */
const OTHER_READING = /`|<<|\$'|(^|[\s;|&()])#/;

/** The template of the words, with `{}` behind it where nothing in it stands for inputs; null when in doubt. */
function templateOf(
  words: readonly string[],
  token: string,
  quotes: boolean,
  { appends }: { readonly appends: boolean },
): Template | null {
  const tokens = new RegExp(
    `${token.replace(/[^\w\s]/g, '\\$&')}|\\{(?:-?\\d+)?(?:\\.|//?\\.?)\\}|\\{(?:-?\\d+|[#%])\\}`,
    'g',
  );
  const own = quotes ? words.map((word) => quotedAround(word, tokens)).join(' ') : words.join(' ');
  const hasToken = own.search(tokens) >= 0;
  const text = hasToken || !appends ? own : `${own} ${token}`;
  const found = [...text.matchAll(tokens)];
  if (found.length > 0 && !quotes && OTHER_READING.test(text)) return null;
  const slots = found.map((match): Slot | null => {
    const quoted = isQuoted(text, match.index, match.index + match[0].length);
    return quoted === null ? null : { input: inputOf(match[0], token), quoted };
  });
  const sure = slots.filter((slot) => slot !== null);
  return sure.length < slots.length ? null : { texts: text.split(tokens), slots: sure };
}

function inputOf(found: string, token: string): Slot['input'] {
  if (found === token) return 'all';
  const place = /^\{(\d+)\}$/.exec(found)?.[1];
  return place === undefined ? null : Number(place);
}

/** A word as `-q` hands it over: quoted, but for what stands for inputs. */
function quotedAround(word: string, tokens: RegExp): string {
  const found = word.match(tokens) ?? [];
  return word
    .split(tokens)
    .map((part, at) => `${quote(part)}${found[at] ?? ''}`)
    .join('');
}

/** Whether a place of a shell text stands between double quotes; null when it is escaped or between single ones. */
function isQuoted(text: string, start: number, end: number): boolean | null {
  for (const piece of text.matchAll(/\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|[^\\'"]+|[\s\S]/g)) {
    const until = piece.index + piece[0].length;
    if (until <= start) continue;
    if (until < end || /^(\\|'|"$)/.test(piece[0])) return null;
    return piece[0].startsWith('"');
  }
  return null;
}

/** The command that is made of one row of inputs. */
function filled({ texts, slots }: Template, row: readonly Arg[]): string {
  return texts
    .map((text, at) => {
      const slot = slots[at];
      return slot === undefined ? text : text + written(slot, row);
    })
    .join('');
}

/** An expansion of which nobody knows what it gives, in a form that both readers of the shell know. */
const UNKNOWN = '${INPUT%?}';

function written({ input, quoted }: Slot, row: readonly Arg[]): string {
  const one = input === 'all' ? row : typeof input === 'number' ? row.slice(input - 1, input) : [];
  const inputs = one.length === 0 ? [open('', input === 'all', { start: 0, end: 0 })] : one;
  return inputs.map(quoted ? betweenQuotes : asWord).join(' ');
}

/** What surely starts every word that this becomes: a pattern with a known start gives only such. */
const leadOf = ({ lead, splits, unknown }: Arg): string => (splits && unknown !== 'glob' ? '' : lead);

function asWord(arg: Arg): string {
  if (arg.text !== null) return quote(arg.text);
  const lead = leadOf(arg);
  if (lead === '' && arg.splits) return UNKNOWN;
  return `${lead === '' ? '' : quote(lead)}"${UNKNOWN}"`;
}

/** There, the signs with which parallel quotes a value become part of it. */
function betweenQuotes(arg: Arg): string {
  const text = arg.text ?? leadOf(arg);
  return /^[\w./:@%+,-]*$/.test(text) ? `${text}${arg.text === null ? UNKNOWN : ''}` : UNKNOWN;
}
