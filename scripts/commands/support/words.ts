import type { Verdict } from '../../../src/safety/verdict.ts';

const MAX_REASONS = 3;

/** Why a command has its risk, worst first, with a safer way when one is known: as many as Slack shows. */
export function why({ risk, reasons }: Verdict): string[] {
  return reasons
    .filter((reason) => reason.risk === risk)
    .slice(0, MAX_REASONS)
    .map(({ sentence, alternative }) => (alternative ? `${sentence} Safer: ${alternative}` : sentence));
}
