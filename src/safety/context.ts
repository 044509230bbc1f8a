import type { Knowledge } from './knowledge.ts';
import type { Arg, Finding, Invocation } from './model.ts';
import type { PostgresParser } from './programs/postgres.ts';
import type { Risk, Trait } from './verdict.ts';

/** What is gathered while one text is judged. Only `findings` and `traits` are added to; nothing is ever taken out. */
export interface Context {
  readonly knowledge: Knowledge;
  /** Null until it is loaded; then PostgreSQL text is danger. */
  readonly postgres: PostgresParser | null;
  readonly findings: Finding[];
  readonly traits: Set<Trait>;
  /** How far the commands reach, and what would bound them: sentences that change no risk. */
  readonly hints: Set<string>;
  /** Names that bash looks up on the PATH of this machine. */
  readonly names: Set<string>;
  /** Programs in it that carry what they read to another machine. */
  readonly sends: Set<string>;
  /** Commands made of templates (`parallel`), in the whole text. */
  readonly made: string[];
  /** First words of what unknown programs may run: once judged, never again, so that the work stays small. */
  readonly passedOn: Set<Arg>;
  /** Functions that the text defines. */
  readonly functions: ReadonlySet<string>;
  /** Unknown programs that are declared read-only. */
  readonly readOnly: ReadonlySet<string>;
  /** The directories in which it may run. */
  readonly directories: readonly string[];
  readonly depth: number;
  /** True inside a command that runs on another machine or in a container. */
  readonly remote: boolean;
  /** Judges one command; here so that wrappers can come back to it. */
  readonly judgeInvocation: (invocation: Invocation, context: Context) => void;
  /** Judges a shell text that stands inside an argument. */
  readonly judgeShell: (
    text: string,
    stdin: Invocation['stdin'],
    span: Finding['span'],
    context: Context,
  ) => void;
}

/** Adds one finding. */
export function add(
  context: Context,
  rule: string,
  risk: Risk,
  sentence: string,
  span: Finding['span'],
  alternative?: string,
): void {
  context.findings.push({
    rule,
    risk,
    sentence,
    span,
    ...(alternative === undefined ? {} : { alternative }),
  });
}
