import type { Quoting } from './shell-scan.ts';

/** One place in a command that waits for a value. `spelling` is the exact text there. */
export interface Placeholder {
  readonly name: string;
  readonly spelling: string;
  readonly start: number;
  /** False when the text cannot simply be replaced, as in `${NAME%/}`: such a command cannot be filled. */
  readonly bindable: boolean;
}

export const placeholder = (name: string, spelling: string, start: number): Placeholder => ({
  name,
  spelling,
  start,
  bindable: true,
});

/** Where in a command the search is. One object for a whole command: `at` and `quoting` move on. */
export interface Place {
  readonly text: string;
  at: number;
  quoting: Quoting;
  readonly assigned: ReadonlyMap<string, number>;
  /** Names of closing tags in the text: `<b>` beside `</b>` is markup. */
  readonly closed: ReadonlySet<string>;
  /** The command carries a statement of SQL, or is one. */
  readonly sql: boolean;
  readonly statement: boolean;
  /** The command is a statement of a programming language, typed into a console. */
  readonly program: boolean;
  /** Names in capitals that are known to stand for a value. */
  readonly names: ReadonlySet<string>;
}

/** A sticky pattern at the place, or null. */
export function matchAt(pattern: RegExp, { text, at }: Place): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** The unit before the place, or nothing at the beginning. */
export const previous = ({ text, at }: Place): string => text[at - 1] ?? '';
/** At most `length` units before the place. */
export const before = ({ text, at }: Place, length: number): string =>
  text.slice(Math.max(0, at - length), at);
