import { isWorse, type Risk, type Verdict } from './verdict.ts';

/** What a model says of one command. */
export interface Opinion {
  readonly risk: Risk;
  /** One plain sentence. */
  readonly reason: string;
}

/**
 * The verdict with the opinion of a model counted. A higher risk wins and gives the first reason; any other opinion
 * changes nothing, its words included, so that nothing a model says can stand beside a verdict to belittle it.
 */
export function raised(verdict: Verdict, opinion: Opinion | null | undefined): Verdict {
  if (!opinion || !isWorse(opinion.risk, verdict.risk)) return verdict;
  const { risk, reason } = opinion;
  const first = { rule: 'opinion.model', risk, sentence: `The model says: ${reason}` };
  return { ...verdict, risk, reasons: [first, ...verdict.reasons] };
}
