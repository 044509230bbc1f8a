/** Where a piece of the runbook came from: UTF-16 units of the pasted text, half-open. */
export interface SourceSpan {
  readonly start: number;
  readonly end: number;
}

/** One command as it stands in the text (prompt stripped, continuations kept), before any value is filled in. */
export interface Command {
  readonly text: string;
  readonly source: SourceSpan;
}

export const STEP_KINDS = ['command', 'verify', 'manual', 'wait', 'decision'] as const;
export type StepKind = (typeof STEP_KINDS)[number];

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
}

/** Part of the text that looks like something to run or do and was not taken, with the reason. */
export interface Untaken {
  readonly source: SourceSpan;
  readonly reason: 'output' | 'configuration' | 'query' | 'too-long' | 'mention';
}

/** What structural extraction makes of a text. Pure data: the same text always gives the same parse. */
export interface Parse {
  readonly title: string;
  readonly kind: 'markdown' | 'slack' | 'plain';
  readonly steps: readonly Step[];
  readonly variables: readonly Variable[];
  readonly prerequisites: readonly string[];
  readonly untaken: readonly Untaken[];
}
