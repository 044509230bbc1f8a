import { openSigned, type Signed } from '../src/protocol/index.ts';
import { CLOCK_SKEW_MS } from './clock.ts';
import type { AgentState, HeldLease, Times } from './state.ts';

/** A question for a lease, as the agent remembers it. */
export interface Asked {
  readonly nonce: string;
  /** When it was sent, by the monotonic clock. */
  readonly at: number;
}

export type LeaseResult =
  | {
      readonly ok: true;
      readonly epoch: number;
      readonly held: HeldLease;
      readonly panicEpoch: number;
      readonly seqMark: number;
    }
  | { readonly ok: false; readonly code: string; readonly sentence: string };

/** A start needs this much of the lease left, so that it is over before the lease is (docs/threats.md, section 5). */
const LEASE_LEFT_MS = 2_000;

/** Opens a lease: signed by a dispatch key, for this agent, in answer to this question, and not of an older connection. */
export function openLease(state: AgentState, signed: Signed, asked: Asked, times: Times): LeaseResult {
  const opened = openSigned('lease', signed, (keyId) => state.trust.dispatch.get(keyId));
  if (!opened.ok) return opened;
  const lease = opened.record;
  const { agentId, tenantId, agentEpoch } = state.identity;
  if (lease.agent_id !== agentId || lease.tenant_id !== tenantId || lease.agent_epoch !== agentEpoch)
    return refuse('A lease is for another agent, or for an earlier enrolment of this one.');
  if (lease.nonce !== asked.nonce) return refuse('A lease answers another question.');
  if (lease.lease_epoch < state.leaseEpoch) return refuse('A lease is of an older connection.');
  const waited = times.mono - asked.at;
  const gap = times.now - lease.now;
  return {
    ok: true,
    epoch: lease.lease_epoch,
    held: {
      until: asked.at + lease.ttl_ms,
      bundleVersion: lease.bundle_version,
      heardAt: times.mono,
      wallAt: times.now,
      // The answer was made at some time between the question and now.
      drift: gap < 0 ? gap : Math.max(0, gap - waited),
    },
    panicEpoch: lease.panic_epoch,
    seqMark: lease.seq_mark,
  };
}

/** Why no lease lets a job of this epoch start now, or null. */
export function refuseByLease({ lease, leaseEpoch }: AgentState, epoch: number, mono: number): string | null {
  if (lease === null || mono + LEASE_LEFT_MS > lease.until)
    return 'This agent has not heard from the server for too long to start anything.';
  return epoch === leaseEpoch ? null : 'The envelope is from before the last connection of this agent.';
}

/** Why the host's clock cannot be believed, or null: it is off, it jumped, or it is behind the journal. */
export function refuseByClock({ lease, lastAt }: AgentState, { now, mono }: Times): string | null {
  if (now < lastAt - CLOCK_SKEW_MS) return 'The clock of this host is behind the last entry of the journal.';
  if (lease === null) return null;
  if (Math.abs(lease.drift) > CLOCK_SKEW_MS)
    return `The clock of this host differs from the server's by more than ${CLOCK_SKEW_MS / 1000} s.`;
  const jump = now - lease.wallAt - (mono - lease.heardAt);
  return Math.abs(jump) > CLOCK_SKEW_MS ? 'The clock of this host has jumped.' : null;
}

function refuse(sentence: string): LeaseResult {
  return { ok: false, code: 'lease', sentence };
}
