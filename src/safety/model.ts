import type { Risk, Span } from './verdict.ts';

/** One word of a command after static resolution. */
export interface Arg {
  /** What bash would pass, or null when that cannot be known before the command runs. */
  readonly text: string | null;
  /** The literal characters it surely starts with (all of it when the text is known). */
  readonly lead: string;
  /** What keeps it from being known; `none` when it is known. */
  readonly unknown: Unknown;
  /** True when bash may make several words, or none, of it. */
  readonly splits: boolean;
  /** True when it surely begins with no dash although nobody knows with what. */
  readonly undashed?: boolean;
  /** True when the name is spelt with quotes or escapes that a reader may not see through. */
  readonly disguised: boolean;
  /** Words it becomes by its braces, or when an earlier assignment still holds: used only to raise a risk. */
  readonly guess: readonly string[] | null;
  readonly raw: string;
  readonly span: Span;
}

/** `number`, `word`: printed by a program that prints only such; `braces`: known, but several words. */
export type Unknown = 'none' | 'variable' | 'number' | 'word' | 'substitution' | 'glob' | 'braces' | 'other';

export interface Assignment {
  readonly name: string;
  readonly value: Arg | null;
  readonly span: Span;
}

/** Where bytes come from or go to: `fd` redirections between descriptors never touch a file. */
export interface Redirect {
  readonly direction: 'read' | 'write' | 'append' | 'fd';
  readonly operator: string;
  readonly target: Arg;
  /** The number before it (`3>FILE`), or null. */
  readonly descriptor: number | null;
  readonly placeholder: boolean;
}

/** What a command reads when it reads its standard input. */
export type Stdin =
  | { readonly kind: 'inherited' | 'pipe' | 'file' }
  | {
      readonly kind: 'text';
      readonly text: string | null;
      readonly span: Span;
      /** True when another command prints it, so that no shell is trusted to run it. */
      readonly piped?: boolean;
    };

/** One simple command that bash may start. */
export interface Invocation {
  /** True for the redirections of a group or loop, which has no name of its own. */
  readonly group: boolean;
  readonly name: Arg | null;
  readonly args: readonly Arg[];
  readonly assignments: readonly Assignment[];
  readonly redirects: readonly Redirect[];
  readonly stdin: Stdin;
  readonly span: Span;
}

/** One thing noticed. The same shape as a Reason; the span is always there until the verdict is merged. */
export interface Finding {
  readonly rule: string;
  readonly risk: Risk;
  readonly sentence: string;
  readonly span: Span;
  readonly alternative?: string;
}

/** An argument whose text is known. */
export function known(text: string, span: Span): Arg {
  return { text, lead: text, unknown: 'none', splits: false, disguised: false, guess: null, raw: text, span };
}

/** An argument that only the running command decides: one word, or several when `splits`. */
export function open(lead: string, splits: boolean, span: Span): Arg {
  return { text: null, lead, unknown: 'other', splits, disguised: false, guess: null, raw: '', span };
}

/** The last part of a path: `/bin/ls` → `ls`. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
