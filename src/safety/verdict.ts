/**
 * What the scanner says of one command. The order of risks is the order of the array: later is worse.
 * The rules by which a command earns its risk are in docs/safety.md.
 */
export const RISKS = ['safe', 'caution', 'danger'] as const;
export type Risk = (typeof RISKS)[number];

/** A half-open range of UTF-16 units in the command's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One finding: the rule that fired, how bad it is alone, one plain sentence, and the characters it is about. */
export interface Reason {
  readonly rule: string;
  readonly risk: Risk;
  readonly sentence: string;
  readonly span?: Span;
  /** A command or habit that reaches the same end with less risk, when one is known. */
  readonly alternative?: string;
}

/** Facts about a command that keep it from being run as one fresh process without a terminal. */
export const TRAITS = ['interactive', 'endless', 'sets-variable', 'changes-directory'] as const;
export type Trait = (typeof TRAITS)[number];

export interface Verdict {
  readonly risk: Risk;
  /** Worst first; never empty: a safe verdict says why it is safe. */
  readonly reasons: readonly Reason[];
  readonly traits: readonly Trait[];
  /** How far it reaches, and a form that ends by itself: whole sentences, which change no risk. Left out when empty. */
  readonly hints?: readonly string[];
  readonly rulesetVersion: string;
  /** Lower-case hex; equal where the same rules judged. */
  readonly rulesetSha256: string;
}

/** What somebody who may has said of programs that nobody here knows: by their bare names, these only look. */
export interface Declared {
  readonly readOnly: ReadonlySet<string>;
}

/**
 * The verdict on a shell text that starts in the directory `cwd` (absolute; `/` when left out). Synchronous and pure;
 * never throws.
 */
export type Classify = (command: string, declared?: Declared, cwd?: string) => Verdict;

/** The higher of two risks: a verdict may be raised by anyone and lowered by no machine. */
export function worst(a: Risk, b: Risk): Risk {
  return RISKS.indexOf(a) >= RISKS.indexOf(b) ? a : b;
}

/** True when `a` is a higher risk than `b`. */
export function isWorse(a: Risk, b: Risk): boolean {
  return RISKS.indexOf(a) > RISKS.indexOf(b);
}
