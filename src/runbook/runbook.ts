import type { UserId } from '../protocol/ids.ts';

/** Where a piece of the runbook came from: UTF-16 units of the pasted text, half-open. */
export interface SourceSpan {
  readonly start: number;
  readonly end: number;
}

/** A variable that a command sets in its shell: from what a program prints, or to a value that stands in the text. */
export interface Setting {
  readonly name: string;
  readonly from: 'output' | 'value';
}

/** The program that reads a command when that is not the shell the runbook is run in. */
export interface Session {
  /** The command that opened it: `kubectl exec -it db-0 -- psql`. */
  readonly opener: string;
  readonly language: 'shell' | 'sql' | 'ruby' | 'python' | 'javascript' | 'other';
}

/** One command as it stands in the text (prompt stripped, continuations kept), before any value is filled in. */
export interface Command {
  readonly text: string;
  readonly source: SourceSpan;
  readonly sets?: readonly Setting[];
  /** The directory that earlier `cd` commands of the runbook led to, as the author wrote it. */
  readonly cwd?: string;
  readonly session?: Session;
  /** The same without a terminal or with an end, for a command that needs the one or has not the other. */
  readonly bounded?: string;
  /** Proposed by a model and not in the text: never run until somebody adopts it. `source` is then that of its step. */
  readonly suggested?: true;
  /** Who took a suggested command over. */
  readonly adopted?: UserId;
  /** Who last wrote it anew; `source` is then where the text has what stood there before. */
  readonly edited?: UserId;
}

export const STEP_KINDS = ['command', 'verify', 'manual', 'wait', 'decision'] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** Where a branch leads when its condition holds: the rest is left out, or the reader goes on elsewhere. */
export type Target =
  | { readonly to: 'end' }
  /** `step` is the index of the step in `Parse.steps`. */
  | { readonly to: 'step'; readonly step: number }
  | { readonly to: 'page'; readonly name: string };

/** One thing to do. A step without commands is done by a person. */
export interface Step {
  readonly description: string;
  readonly kind: StepKind;
  readonly commands: readonly Command[];
  /** The condition under which the step applies, in the author's words, or null. */
  readonly branch: string | null;
  /** True when the text says that this step undoes earlier ones. */
  readonly rollback: boolean;
  /** Cautions of the author that belong to this step. */
  readonly warnings: readonly string[];
  readonly source: SourceSpan;
  readonly target?: Target;
  /** What the author says should come of it. */
  readonly expected?: readonly string[];
  /** A short name in the words of a model; `description` stays the author's. */
  readonly title?: string;
}

export const VARIABLE_TYPES = ['text', 'integer', 'path', 'host', 'kubernetes-name', 'url'] as const;
export type VariableType = (typeof VARIABLE_TYPES)[number];

/** An input a person fills before a run. `spellings` are the exact texts it stands for in commands: `<pod>`, `$POD`. */
export interface Variable {
  readonly name: string;
  readonly type: VariableType;
  readonly spellings: readonly string[];
  /** A value the text itself gives, or null. */
  readonly example: string | null;
  /** The value the text uses unless somebody changes it: `export NS=prod`, `${NS:-prod}`. */
  readonly default?: string;
  /** True when a command of the runbook finds the value: `POD=$(kubectl get pods -o name)`. */
  readonly output?: boolean;
  /** What the value is, in the words of a model. */
  readonly description?: string;
}

/** Part of the text that looks like something to run or do and was not taken, with the reason. */
export interface Untaken {
  readonly source: SourceSpan;
  readonly reason:
    | 'output'
    | 'log'
    | 'configuration'
    | 'script'
    | 'query'
    | 'mention'
    | 'hidden'
    | 'unparsed'
    | 'too-long';
}

export const SOURCE_KINDS = ['markdown', 'html', 'slack', 'rst', 'asciidoc', 'org', 'wiki', 'plain'] as const;
/** What a text is written in. */
export type SourceKind = (typeof SOURCE_KINDS)[number];

export interface Link {
  readonly text: string;
  readonly url: string;
}

/** What the text leaves open, as a model asks it. `step` is the index in `Parse.steps`, or null for the whole. */
export interface Question {
  readonly text: string;
  readonly step: number | null;
}

/** What structural extraction makes of a text. Pure data: the same text always gives the same parse. */
export interface Parse {
  readonly title: string;
  readonly kind: SourceKind;
  readonly steps: readonly Step[];
  readonly variables: readonly Variable[];
  readonly prerequisites: readonly string[];
  readonly untaken: readonly Untaken[];
  /** Who looks after it, as the text says. */
  readonly owner?: string;
  readonly links?: readonly Link[];
  /** Names of the alerts it answers. */
  readonly alerts?: readonly string[];
  readonly services?: readonly string[];
  readonly questions?: readonly Question[];
}
