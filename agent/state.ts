import type { AgentId, TenantId } from '../src/protocol/ids.ts';
import { decodeSigned, openTrust, type Report, type Trust, type VerifyKey } from '../src/protocol/index.ts';
import type { Entry } from './entry.ts';
import type { Policy } from './policy.ts';

/** Who this agent is, from its enrolment. */
export interface Identity {
  readonly agentId: AgentId;
  readonly tenantId: TenantId;
  readonly agentEpoch: number;
}

/** A report that ends an envelope; it is repeated until the server acknowledges it. */
export type Ending = Extract<Report, { kind: 'finished' | 'rejected' | 'unknown' }>;
/** Which attempt something is about. */
export type About = Pick<Report, 'runId' | 'stepId' | 'attempt' | 'envelopeId'>;

/** The lease that the agent holds. Times are of the monotonic clock unless they say otherwise. */
export interface HeldLease {
  readonly until: number;
  /** The newest trust bundle that the server named. */
  readonly bundleVersion: number;
  readonly heardAt: number;
  /** The host's clock when the lease was heard, and how far it then was from the server's time, at least (ms). */
  readonly wallAt: number;
  readonly drift: number;
}

/** The two clocks of the host. */
export interface Times {
  readonly now: number;
  readonly mono: number;
}

/** One envelope this agent has seen, and how far it came. */
export type Job =
  | { readonly status: 'verified'; readonly about: About }
  | { readonly status: 'started'; readonly about: About; readonly startedAt: number }
  | { readonly status: 'ended'; readonly about: About; readonly report: Ending; readonly acked: boolean };

export interface AgentState {
  readonly identity: Identity;
  /** Pinned at enrolment: whose word decides which keys count. */
  readonly root: VerifyKey;
  readonly trust: Trust;
  readonly policy: Policy;
  /** The highest `seq` ever journaled. */
  readonly seqMark: number;
  /** The highest lease epoch ever journaled. */
  readonly leaseEpoch: number;
  /** Null until one is heard, and when it has run out. */
  readonly lease: HeldLease | null;
  readonly panic: { readonly epoch: number; readonly paused: boolean };
  /** By envelope id, in the order they came. */
  readonly jobs: ReadonlyMap<string, Job>;
  /** The idem keys of every envelope that was accepted. */
  readonly idemKeys: ReadonlySet<string>;
  /** Approvals that have started something; each starts one attempt. */
  readonly spentApprovals: ReadonlySet<string>;
  /** Run and step of everything that was started here. */
  readonly startedSteps: ReadonlySet<string>;
  /** The latest time in the journal (ms since 1970). */
  readonly lastAt: number;
  /** Why this agent starts nothing by its own decision: journal damage, unreadable policy. */
  readonly faults: readonly string[];
  readonly connected: boolean;
  readonly draining: boolean;
}

/** An agent that has journaled nothing yet. A policy that could not be read is its first fault. */
export function initialState(identity: Identity, root: VerifyKey, trust: Trust, policy: Policy): AgentState {
  return {
    identity,
    root,
    trust,
    policy,
    seqMark: 0,
    leaseEpoch: 0,
    lease: null,
    panic: { epoch: 0, paused: false },
    jobs: new Map(),
    idemKeys: new Set(),
    spentApprovals: new Set(),
    startedSteps: new Set(),
    lastAt: 0,
    faults: policy.fault === null ? [] : [policy.fault],
    connected: false,
    draining: false,
  };
}

/** What the state is after these journal entries. The state an agent starts with is the fold of its whole journal. */
export function evolve(state: AgentState, entries: readonly Entry[]): AgentState {
  const ledger: Ledger = {
    trust: state.trust,
    seqMark: state.seqMark,
    leaseEpoch: state.leaseEpoch,
    lastAt: state.lastAt,
    panic: state.panic,
    jobs: new Map(state.jobs),
    idemKeys: new Set(state.idemKeys),
    spentApprovals: new Set(state.spentApprovals),
    startedSteps: new Set(state.startedSteps),
  };
  for (const entry of entries) enter(ledger, entry, state.root);
  return { ...state, ...ledger };
}

/** The journaled part of the state while it is being folded. */
interface Ledger {
  trust: Trust;
  seqMark: number;
  leaseEpoch: number;
  lastAt: number;
  panic: AgentState['panic'];
  readonly jobs: Map<string, Job>;
  readonly idemKeys: Set<string>;
  readonly spentApprovals: Set<string>;
  readonly startedSteps: Set<string>;
}

function enter(ledger: Ledger, entry: Entry, root: VerifyKey): void {
  ledger.lastAt = Math.max(ledger.lastAt, entry.at);
  switch (entry.kind) {
    case 'verified':
      ledger.jobs.set(entry.about.envelopeId, { status: 'verified', about: entry.about });
      ledger.seqMark = Math.max(ledger.seqMark, entry.seq);
      ledger.idemKeys.add(entry.idemKey);
      for (const id of entry.approvals) ledger.spentApprovals.add(id);
      return;
    case 'rejected':
      ledger.seqMark = Math.max(ledger.seqMark, entry.seq);
      end(ledger, entry.report);
      return;
    case 'started':
      ledger.jobs.set(entry.about.envelopeId, { status: 'started', about: entry.about, startedAt: entry.at });
      ledger.startedSteps.add(stepKey(entry.about));
      return;
    case 'ended':
      end(ledger, entry.report);
      return;
    case 'acked': {
      const job = ledger.jobs.get(entry.envelopeId);
      if (job?.status === 'ended') ledger.jobs.set(entry.envelopeId, { ...job, acked: true });
      return;
    }
    case 'lease':
      ledger.leaseEpoch = Math.max(ledger.leaseEpoch, entry.epoch);
      return;
    case 'bundle': {
      const opened = openTrust(decodeSigned(entry.signed), root);
      if (opened.ok && opened.trust.version > ledger.trust.version) ledger.trust = opened.trust;
      return;
    }
    case 'panic':
      ledger.panic = { epoch: entry.epoch, paused: entry.paused };
  }
}

function end(ledger: Ledger, report: Ending): void {
  ledger.jobs.set(report.envelopeId, { status: 'ended', about: aboutOf(report), report, acked: false });
}

/** The name of a step of a run, whatever the attempt. */
export function stepKey(about: Pick<About, 'runId' | 'stepId'>): string {
  return JSON.stringify([about.runId, about.stepId]);
}

/** The steps that are running now. */
export function running(state: AgentState): readonly Extract<Job, { status: 'started' }>[] {
  return [...state.jobs.values()].filter((job) => job.status === 'started');
}

/** True when there is nothing left to tell the server about a job. */
export function isSettled(job: Job): boolean {
  return job.status === 'ended' && job.acked;
}

/** The four fields that say which attempt a report is about. */
export function aboutOf(report: About): About {
  const { runId, stepId, attempt, envelopeId } = report;
  return { runId, stepId, attempt, envelopeId };
}
