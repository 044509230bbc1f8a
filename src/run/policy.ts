import type { UserId } from '../protocol/ids.ts';
import type { Risk } from '../safety/verdict.ts';
import type { Census } from '../tenant/person.ts';
import type { TrustLevel } from '../tenant/tenant.ts';

export const APPROVAL_RULES = ['auto', 'one', 'other-than-requester'] as const;
/** Who has to agree: nobody, one full member, or one who is not the requester. */
export type ApprovalRule = (typeof APPROVAL_RULES)[number];

/** An offer that nobody took is void after this long, and so is an approval that was not used (ms). */
export const APPROVAL_TTL_MS = 15 * 60_000;
/** An approval with less left than this (ms) is not used any more: what it starts has to get there, by clocks that may differ. */
export const START_LEFT_MS = 5_000;
/** How long an agent has to take an envelope, in ms; THREATS allows 300 s at most. */
export const ENVELOPE_TTL_MS = 60_000;
/** How long a step may run before its agent ends it (ms). */
export const STEP_TIMEOUT_MS = 10 * 60_000;
/** Between SIGTERM and SIGKILL (ms). */
export const KILL_GRACE_MS = 10_000;
/** After a deadline of the agent has passed, how long its word may still be on the way (ms). */
export const REPORT_MARGIN_MS = 30_000;
/** What a step may bring back of its output, first and last bytes. */
export const OUTPUT_HEAD_BYTES = 4 * 1024;
export const OUTPUT_TAIL_BYTES = 12 * 1024;

/** Who has to agree to a step of this risk at this level of trust. Danger never runs by itself, whatever the trust. */
export function approvalRule(risk: Risk, trust: TrustLevel): ApprovalRule {
  switch (risk) {
    case 'safe':
      return trust === 'guided' ? 'auto' : 'one';
    case 'caution':
      return 'one';
    case 'danger':
      return 'other-than-requester';
  }
}

export type Standing =
  | { readonly ok: true; readonly forced: '' | 'solo' }
  | { readonly ok: false; readonly sentence: string };

/** Whether this member may approve under the rule. A member alone in the workspace may approve their own, marked as forced. */
export function mayApprove(
  rule: ApprovalRule,
  approver: UserId,
  requester: UserId,
  census: Census,
): Standing {
  if (rule !== 'other-than-requester' || approver !== requester) return { ok: true, forced: '' };
  if (census.members === 1) return { ok: true, forced: 'solo' };
  return {
    ok: false,
    sentence:
      'You started this run, so a dangerous step needs the approval of somebody else. Nothing was approved.',
  };
}
