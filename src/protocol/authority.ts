import { z } from 'zod';
import { RISKS } from '../safety/verdict.ts';
import { field } from './fields.ts';

/** How long after its `iat` an approval may start a step: 15 min for danger, 4 h for the rest (docs/threats.md, 4). */
export const MAX_START_BY_MS = { safe: 4 * 3_600_000, caution: 4 * 3_600_000, danger: 900_000 } as const;

/** How an attempt can have ended that another one may follow. */
export const PREVIOUS_OUTCOMES = ['', 'not-started', 'unknown'] as const;
export type PreviousOutcome = (typeof PREVIOUS_OUTCOMES)[number];

/**
 * One person's yes to exact bytes on one agent, signed by an approval key. It binds the run's revision, so any edit
 * voids it. `forced: 'solo'` marks the only member of a tenant approving what that member asked for.
 */
export const approvalSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('approval'),
    approval_id: field.id,
    tenant_id: field.tenantId,
    run_id: field.runId,
    run_rev: field.count,
    step_id: field.stepId,
    /** The attempt that may start, and how the one before it ended: `''` when there was none. */
    attempt: z.int().positive(),
    after: z.enum(PREVIOUS_OUTCOMES),
    exec_sha256: field.sha256,
    risk: z.enum(RISKS),
    agent_id: field.agentId,
    /** An agent that is enrolled again has forgotten what it ran. */
    agent_epoch: field.count,
    /** Whose credentials and whose place it runs with. */
    profile: field.profile,
    decision: z.literal('approve'),
    approver: field.userId,
    requester: field.userId,
    forced: z.enum(['', 'solo']),
    displayed_sha256: field.sha256,
    iat: field.time,
    start_by: field.time,
    nonce: field.nonce,
  })
  .refine((a) => a.start_by > a.iat && a.start_by - a.iat <= MAX_START_BY_MS[a.risk], {
    path: ['start_by'],
    message: 'must be after iat, by 15 min at most for danger and 4 h for the rest',
  })
  .refine((a) => (a.after === '') === (a.attempt === 1), {
    path: ['after'],
    message: 'must say how the attempt before ended, from the second attempt on',
  });
export type ApprovalRecord = z.infer<typeof approvalSchema>;

/** The end of a pause, signed by an approval key. It lifts pauses up to and including `panic_epoch`. */
export const resumeSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('resume'),
  tenant_id: field.tenantId,
  panic_epoch: field.count,
  by: z.array(field.userId).min(1).max(8),
  iat: field.time,
  nonce: field.nonce,
});
export type ResumeRecord = z.infer<typeof resumeSchema>;
