import { type Reason, RISKS, type Risk, type Verdict } from './verdict.ts';

/** What somebody beside the scanner says of a command: a model, the policy of a tenant, the policy of an agent. */
export interface Opinion {
  readonly by: 'model' | 'tenant' | 'agent';
  readonly risk: Risk;
  /** One plain sentence. */
  readonly sentence: string;
}

/** The verdict with every opinion counted: the highest risk wins, so an opinion can raise it and never lower it. */
export function withOpinions(verdict: Verdict, opinions: readonly Opinion[]): Verdict {
  const said = opinions
    .filter(({ risk }) => risk !== 'safe')
    .map<Reason>(({ by, risk, sentence }) => ({ rule: `opinion.${by}`, risk, sentence }));
  const reasons = [...verdict.reasons, ...said].sort((a, b) => RISKS.indexOf(b.risk) - RISKS.indexOf(a.risk));
  return { ...verdict, risk: reasons[0]?.risk ?? verdict.risk, reasons };
}
