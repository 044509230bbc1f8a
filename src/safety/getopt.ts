import type { Arg } from './model.ts';
import type { Risky } from './schema.ts';

/** What the options of one command are, compiled from the knowledge base: spelling → what follows it. */
export interface OptionTable {
  readonly style: 'gnu' | 'single-dash' | 'bundle-first' | 'find' | 'none';
  readonly takes: ReadonlyMap<string, 'nothing' | 'value' | 'optional' | 'rest'>;
  readonly raises: ReadonlyMap<string, readonly Risky[]>;
  readonly other: RegExp | null;
  /** Options end at the first operand. */
  readonly optionsFirst: boolean;
}

export interface Option {
  readonly flag: string;
  readonly value: Arg | null;
  /** The word after an option of which nobody knows whether it takes one. */
  readonly next: Arg | null;
  readonly known: boolean;
  readonly span: Arg['span'];
}

export interface Parsed {
  readonly options: readonly Option[];
  readonly operands: readonly Arg[];
  /** Words from the one that ended the options on: the inner command of a wrapper, or the rest of a verb. */
  readonly rest: readonly Arg[];
  /** Words of which only the run decides whether they are options. */
  readonly doubtful: readonly Arg[];
  /** True when `--` ended the options. */
  readonly dashed: boolean;
}

interface State {
  readonly table: OptionTable;
  readonly options: Option[];
  readonly operands: Arg[];
  readonly doubtful: Arg[];
}

/**
 * Reads words the way getopt does: `--flag value`, `--flag=value`, bundles (`-xvf file`), `-n5`, single-dash long
 * options, `--`. With `stopAfter`, reading ends at the operand after that many: what follows belongs to someone else.
 */
export function parseArgs(args: readonly Arg[], table: OptionTable, stopAfter: number | null): Parsed {
  const state: State = { table, options: [], operands: [], doubtful: [] };
  const done = (rest: readonly Arg[], dashed = false): Parsed => ({ ...state, rest, dashed });
  let at = 0;
  for (let arg = args[at]; arg !== undefined; arg = args[at]) {
    if (table.optionsFirst && stopAfter && state.operands.length >= stopAfter) return done(args.slice(at));
    const isOption = looksLikeOption(arg, table, at);
    if (isOption && arg.text === '--' && table.style !== 'none')
      return afterDashes(args.slice(at + 1), state, stopAfter);
    if (!isOption) {
      if (stopAfter !== null && state.operands.length >= stopAfter) return done(args.slice(at));
      if (arg.text === null && couldBeOption(arg)) state.doubtful.push(arg);
      if (table.optionsFirst && stopAfter === null) {
        state.operands.push(...args.slice(at));
        return done([]);
      }
      state.operands.push(arg);
      at += 1;
    } else at += 1 + readOption(arg, args.slice(at + 1), state);
  }
  return done([]);
}

function afterDashes(left: readonly Arg[], state: State, stopAfter: number | null): Parsed {
  if (stopAfter === null) {
    state.operands.push(...left);
    return { ...state, rest: [], dashed: true };
  }
  const own = Math.max(0, stopAfter - state.operands.length);
  const takesOwn = state.operands.length === 0 ? own : 0;
  state.operands.push(...left.slice(0, takesOwn));
  return { ...state, rest: left.slice(takesOwn), dashed: true };
}

function looksLikeOption(arg: Arg, table: OptionTable, at: number): boolean {
  const text = arg.text ?? arg.lead;
  if (table.style === 'none') return false;
  if (table.style === 'bundle-first' && at === 0 && arg.text !== null && /^[a-zA-Z]+$/.test(text))
    return true;
  if (table.style === 'find')
    return /^-./.test(text) || text === '!' || text === '(' || text === ')' || text === ',';
  if (/^-./.test(text)) return true;
  return table.style === 'single-dash' && text.startsWith('+') && table.takes.has(text);
}

/** A word whose start is not known may turn out to be an option. */
function couldBeOption(arg: Arg): boolean {
  return arg.splits || (arg.lead === '' && arg.undashed !== true);
}

/** Reads one option word; returns how many of the following words it consumed. */
function readOption(arg: Arg, following: readonly Arg[], state: State): number {
  const text = arg.text ?? arg.lead;
  const { style } = state.table;
  if (style === 'find') return readWhole(text, arg, following, state);
  if (text.startsWith('--') || style === 'single-dash' || (text.length > 2 && state.table.takes.has(text)))
    return readLong(text, arg, following, state);
  if (style === 'bundle-first' && !text.startsWith('-')) return readBundle(`-${text}`, arg, following, state);
  return readBundle(text, arg, following, state);
}

function push(
  state: State,
  flag: string,
  value: Arg | null,
  span: Arg['span'],
  next: Arg | null = null,
): void {
  state.options.push({
    flag,
    value,
    next,
    known: state.table.takes.has(flag) || (state.table.other?.test(flag) ?? false),
    span,
  });
}

function readWhole(text: string, arg: Arg, following: readonly Arg[], state: State): number {
  const takes = state.table.takes.get(text);
  if (takes === 'rest') {
    const stop = following.findIndex(
      (word, index) => word.text === ';' || (word.text === '+' && following[index - 1]?.text === '{}'),
    );
    push(state, text, null, arg.span);
    return stop < 0 ? following.length : stop + 1;
  }
  const value = takes === 'value' ? (following[0] ?? null) : null;
  push(state, text, value, arg.span);
  return value === null ? 0 : 1;
}

function readLong(text: string, arg: Arg, following: readonly Arg[], state: State): number {
  const equals = text.indexOf('=');
  const spelt = equals < 0 ? text : text.slice(0, equals);
  const flag = resolveLong(spelt, state.table);
  if (equals >= 0) {
    push(state, flag, part(arg, equals + 1), arg.span);
    return 0;
  }
  if (arg.text === null) {
    push(state, flag, arg, arg.span);
    return 0;
  }
  const takes = state.table.takes.get(flag);
  const value = takes === 'value' ? (following[0] ?? null) : null;
  push(state, flag, value, arg.span, takes === undefined ? following[0] : null);
  return value === null ? 0 : 1;
}

/** In single-dash tools `-x` and `--x` are the same option; the listed spelling wins. */
function resolveLong(flag: string, table: OptionTable): string {
  if (table.takes.has(flag)) return flag;
  if (table.style === 'single-dash') {
    const twin = flag.startsWith('--') ? flag.slice(1) : `-${flag}`;
    if (table.takes.has(twin)) return twin;
  }
  return flag;
}

function readBundle(text: string, arg: Arg, following: readonly Arg[], state: State): number {
  if (/^-\d+$/.test(text) && state.table.takes.has('-#')) {
    push(state, '-#', null, arg.span);
    return 0;
  }
  for (let index = 1; index < text.length; index += 1) {
    const flag = `-${text[index]}`;
    const takes = state.table.takes.get(flag);
    const left = text.slice(index + 1);
    if (takes === 'value' || takes === 'rest') {
      const attached = left !== '' || arg.text === null;
      push(state, flag, attached ? part(arg, index + 1) : (following[0] ?? null), arg.span);
      return attached || following.length === 0 ? 0 : 1;
    }
    if (takes === 'optional') {
      push(state, flag, left === '' && arg.text !== null ? null : part(arg, index + 1), arg.span);
      return 0;
    }
    push(state, flag, null, arg.span);
  }
  if (arg.text === null) state.doubtful.push(arg);
  return 0;
}

function part(arg: Arg, from: number): Arg {
  return {
    ...arg,
    text: arg.text === null ? null : arg.text.slice(from),
    lead: arg.lead.slice(from),
    guess: null,
  };
}

/** The risky options that an abbreviated long option may stand for. */
export function abbreviates(flag: string, table: OptionTable): readonly Risky[] {
  if (!/^--[a-z]/.test(flag)) return [];
  return [...table.raises].flatMap(([name, raises]) => (name.startsWith(flag) ? raises : []));
}

/** `'-a -b'` → `['-a', '-b']`. */
export function split(list: string | undefined): readonly string[] {
  return (list ?? '').split(' ').filter((item) => item !== '');
}

/** True when one of the listed flags was given. */
export function hasFlag(parsed: Parsed, flags: string): boolean {
  const names = split(flags);
  return parsed.options.some((option) => names.includes(option.flag));
}
