import type { ApprovalRecord, Envelope } from '../../src/protocol/index.ts';
import type { Approval, Dispatch, Job, RunState, StepState } from '../../src/run/run.ts';
import { hasRole, roleOf } from '../../src/tenant/roles.ts';
import type { TenantState } from '../../src/tenant/tenant.ts';

/** A job as it was sent, and the yes that it was sent on. */
export interface Sent {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly envelope: Envelope;
  /** It may not begin after this time (ms since 1970). */
  readonly until: number;
  readonly approvedSha256: string;
}

/** What is being sent, when its commit is made. */
export interface Sending {
  readonly run: string;
  readonly state: RunState;
  readonly step: StepState;
  readonly attempt: number;
  readonly dispatch: Dispatch;
  readonly tenant: TenantState;
  /** Somebody has said, or the agent has, why there may be an attempt after the one before. */
  readonly hasLeave: boolean;
}

/** The last gate once more: what is sent, and everything that is wrong about it. */
export function judgeSending(sending: Sending): { readonly sent: Sent | null; readonly wrong: string[] } {
  const { run, step, attempt, dispatch, tenant, hasLeave } = sending;
  const what = `${run} ${step.id} attempt ${attempt} was sent`;
  const envelope: Envelope = JSON.parse(Buffer.from(dispatch.envelope.payload, 'base64url').toString());
  const { approval, job } = step;
  const wrong: string[] = [];
  if (tenant.paused !== null || envelope.panic_epoch !== tenant.panicEpoch)
    wrong.push(`${what} of epoch ${envelope.panic_epoch}, after pause ${tenant.panicEpoch}.`);
  if (!hasLeave) wrong.push(`${what}, and nobody asked for it after the attempt before.`);
  if (step.status !== 'approved' || !approval || !job)
    return { sent: null, wrong: [...wrong, `${what}, and nobody had approved it.`] };
  const planned = sending.state.plan?.steps.find(({ id }) => id === step.id)?.job?.exec;
  if (planned?.mode !== 'bash' || job.exec.mode !== 'bash' || planned.command_b64 !== job.exec.command_b64)
    wrong.push(`${what}, and it is not the command of the plan.`);
  wrong.push(...judgeApproval(approval, job, sending).map((sentence) => `${what} on ${sentence}`));
  const until = Math.min(dispatch.exp, approval.startBy);
  return { sent: { run, step: step.id, attempt, envelope, until, approvedSha256: job.execSha256 }, wrong };
}

/** The yes is to these bytes and this attempt, by somebody who may still say it, and nothing was paused since. */
function judgeApproval(approval: Approval, job: Job, { state, attempt, tenant }: Sending): string[] {
  const { by, as, record, panicEpoch } = approval;
  const wrong: string[] = [];
  if (panicEpoch !== tenant.panicEpoch) wrong.push('an approval from before the last pause.');
  if (by === null || record === null) {
    const isAuto = job.verdict.risk === 'safe' && state.plan?.trust === 'guided' && attempt === 1;
    return isAuto ? wrong : [...wrong, 'an approval by nobody.'];
  }
  const said: ApprovalRecord = JSON.parse(Buffer.from(record.payload, 'base64url').toString());
  if (said.exec_sha256 !== job.execSha256 || said.attempt !== attempt)
    wrong.push('an approval of something else.');
  if (job.verdict.risk === 'danger' && as?.approver === as?.requester)
    wrong.push('an approval by who asked for it.');
  const role = roleOf({ user: by, standing: 'member', admin: as?.slackAdmin ?? false }, tenant);
  if (!hasRole(role, 'approver')) wrong.push('an approval by somebody who is no approver any more.');
  return wrong;
}
