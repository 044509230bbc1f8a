import { currentStep, type RunState } from '../../src/run/run.ts';
import { hasEnded, isSettled, isUnderWay } from '../../src/run/states.ts';
import type { TenantState } from '../../src/tenant/tenant.ts';

/** In these a step waits for a person, who is asked in the thread. */
const ASKING: readonly string[] = ['awaiting-approval', 'by-hand', 'stalled', 'unknown'];

/** True when somebody could say something now that would move the run on. */
export function asksPeople({ status, steps }: RunState): boolean {
  return !hasEnded(status) && (status === 'paused' || steps.some((step) => ASKING.includes(step.status)));
}

/** What the run waits for although nobody is asked for it, or null: then it has ended, or waits for a person. */
export function hangs(run: RunState, { paused }: TenantState): string | null {
  const underWay = run.steps.find(({ status }) => isUnderWay(status));
  if (underWay) return `has a step that is ${underWay.status}`;
  if (hasEnded(run.status) || run.status === 'paused' || run.status === 'needs-person') return null;
  const step = currentStep(run, isSettled);
  if (step === null) return 'has nothing left to do';
  const isHeldBack = step.status === 'waiting' && paused !== null;
  return ASKING.includes(step.status) || isHeldBack ? null : `stands at a step that is ${step.status}`;
}
