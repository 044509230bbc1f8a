import type { Risk } from '../verdict.ts';

/** What a program text inside an argument may do. */
export interface ProgramFinding {
  readonly rule: string;
  readonly risk: Risk;
  readonly sentence: string;
}

export function finding(rule: string, risk: Risk, sentence: string): ProgramFinding {
  return { rule, risk, sentence };
}

/** The end of the line that `at` stands in. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}
