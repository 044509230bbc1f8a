import {
  type ApprovalRecord,
  decodeSigned,
  type Envelope,
  execSha256,
  openSigned,
} from '../src/protocol/index.ts';
import { CLOCK_SKEW_MS } from './clock.ts';
import type { AgentState } from './state.ts';

/** What approvals are judged by. */
export interface ApprovalCase {
  readonly envelope: Envelope;
  readonly state: Pick<AgentState, 'trust' | 'policy'>;
  readonly now: number;
}

export type Approvals =
  | { readonly ok: true; readonly records: readonly ApprovalRecord[] }
  | { readonly ok: false; readonly sentence: string };

/** Opens every approval in the envelope. One that cannot be believed, or is for something else, refuses them all. */
export function openApprovals(subject: ApprovalCase): Approvals {
  const records: ApprovalRecord[] = [];
  for (const encoded of subject.envelope.authority.approvals) {
    const { approve } = subject.state.trust;
    const opened = openSigned('approval', decodeSigned(encoded), (keyId) => approve.get(keyId));
    if (!opened.ok) return { ok: false, sentence: `An approval cannot be believed. ${opened.sentence}` };
    const wrong = mismatch(opened.record, subject);
    if (wrong !== null) return { ok: false, sentence: wrong };
    records.push(opened.record);
  }
  return { ok: true, records };
}

/** Why the approvals do not carry this envelope, or null when they do: the envelope's rule and the host's own. */
export function refuseApprovals(subject: ApprovalCase): string | null {
  const { authority, verdict } = subject.envelope;
  const { policy } = subject.state;
  const approvals = openApprovals(subject);
  if (!approvals.ok) return approvals.sentence;
  if (verdict.risk === 'danger' && authority.rule !== 'other-than-requester') {
    return 'A dangerous command needs an approval by someone other than the person who asked for it.';
  }
  switch (authority.rule) {
    case 'auto':
      if (verdict.risk !== 'safe') return 'Only a safe command may run without an approval.';
      return policy.auto_safe ? null : 'The policy of this host asks for an approval of every command.';
    case 'one':
      return approvals.records.length > 0 ? null : 'The approval is missing.';
    case 'other-than-requester':
      return approvals.records.some((approval) => isIndependent(approval, policy.allow_solo))
        ? null
        : 'The approval by someone other than the person who asked for it is missing.';
  }
}

function mismatch(approval: ApprovalRecord, { envelope, now }: ApprovalCase): string | null {
  const same =
    approval.tenant_id === envelope.tenant_id &&
    approval.run_id === envelope.run_id &&
    approval.run_rev === envelope.run_rev &&
    approval.step_id === envelope.step_id &&
    approval.attempt === envelope.attempt &&
    approval.agent_id === envelope.agent_id &&
    approval.agent_epoch === envelope.agent_epoch &&
    approval.profile.name === envelope.profile.name &&
    approval.profile.digest === envelope.profile.digest &&
    approval.risk === envelope.verdict.risk &&
    approval.requester === envelope.authority.requester;
  if (!same)
    return 'An approval is for another run, revision, step, attempt, agent, profile, risk or requester.';
  if (approval.exec_sha256 !== execSha256(envelope.exec)) return 'An approval is for another command.';
  if (now < approval.iat - CLOCK_SKEW_MS) return 'An approval is from the future by the clock of this host.';
  return now > approval.start_by ? 'An approval has expired.' : null;
}

function isIndependent(approval: ApprovalRecord, allowSolo: boolean): boolean {
  return approval.approver !== approval.requester || (approval.forced === 'solo' && allowSolo);
}
