import type { Facts, TenantFacts } from '../audit/subject.ts';
import { hasRole, roleOf, subjectOf } from '../tenant/roles.ts';
import { REPORT_MARGIN_MS, START_LEFT_MS } from './policy.ts';
import { currentStep, type RunEvent, type RunState, type StepState } from './run.ts';
import { hasEnded, isSettled, isUnderWay } from './states.ts';

/**
 * What no longer holds: an offer nobody took, an approval nobody used or whose giver may not approve any more, an agent that
 * went quiet.
 */
export function lapses(state: RunState, { now, tenant }: Facts): RunEvent[] {
  if (tenant.paused && !hasEnded(state.status)) {
    const back = takenBack(state, now);
    if (back.length > 0) return back;
  }
  const step = state.steps.find((candidate) => isUnderWay(candidate.status)) ?? currentStep(state, isSettled);
  const due = step && stepDueAt(step);
  if (!step || due === null || due === undefined || now < due) return [];
  const { id, attempt } = step;
  switch (step.status) {
    case 'awaiting-approval':
      return hasEnded(state.status) ? [] : [{ type: 'step.stalled', step: id, at: now }];
    case 'approved': {
      if (hasEnded(state.status)) return [];
      const why = whyVoid(state, step, tenant);
      if (why) return [{ type: 'step.stalled', step: id, sentence: why, at: now }];
      return isTooLate(step, now) ? [{ type: 'step.stalled', step: id, at: now }] : [];
    }
    case 'dispatched':
    case 'running': {
      const sentence = `The agent has not said how step ${step.number} ended. It may have run, in part or whole: look at the host before anything else.`;
      const unheard = step.status === 'dispatched' ? { unheard: true as const } : {};
      return [
        { type: 'step.unknown', step: id, attempt, code: 'agent-silent', sentence, ...unheard, at: now },
      ];
    }
    default:
      return [];
  }
}

/** A pause takes back an approval that was not used yet: after it, somebody looks again before anything starts. */
export function takenBack(state: RunState, at: number): RunEvent[] {
  return state.steps.flatMap(({ id, status }) =>
    status === 'approved' ? [{ type: 'step.stalled' as const, step: id, at }] : [],
  );
}

/**
 * Why an approval that was given does not hold any more, or null when it does: everything was paused in between, even when
 * nobody looked at the run meanwhile; who gave it has lost the role, or is another person than was thought. Slack is not asked again; an approval ends after 15 minutes.
 */
export function whyVoid(state: RunState, { approval }: StepState, tenant: TenantFacts): string | null {
  if (approval?.panicEpoch !== undefined && approval.panicEpoch !== tenant.panicEpoch)
    return 'Everything was paused since it was approved, so the approval is void. Nothing ran. Ask again to go on.';
  if (!approval?.by || !state.plan) return null;
  const { by, as } = approval;
  const role = roleOf({ user: by, standing: 'member', admin: as?.slackAdmin ?? false }, tenant);
  if (!hasRole(role, 'approver')) {
    return 'Whoever approved it may not approve steps any more, so the approval is void. Nothing ran. Ask again to go on.';
  }
  const same =
    !as ||
    (as.approver === subjectOf(by, tenant) && as.requester === subjectOf(state.plan.requester, tenant));
  if (same) return null;
  return 'An admin has changed whose accounts these are since it was approved, so the approval is void. Nothing ran. Ask again to go on.';
}

/** True when there is no time left in which the step could start under its approval. */
export const isTooLate = ({ approval }: StepState, now: number): boolean =>
  approval !== null && now >= approval.startBy - START_LEFT_MS;

/** When the step next needs looking at (ms since 1970), or null when it waits for a person without limit. */
export function stepDueAt(step: StepState): number | null {
  switch (step.status) {
    case 'awaiting-approval':
      return step.expiresAt;
    case 'approved':
      return step.approval?.at ?? null;
    case 'dispatched':
      return (step.dispatch?.exp ?? 0) + REPORT_MARGIN_MS;
    case 'running':
      return (step.startedAt ?? 0) + (step.dispatch?.timeoutMs ?? 0) + REPORT_MARGIN_MS;
    default:
      return null;
  }
}
