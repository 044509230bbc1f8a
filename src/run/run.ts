import type { Exec } from '../protocol/envelope.ts';
import type { AgentId, IncidentId, RunbookId, RunId, StepId, TenantId, UserId } from '../protocol/ids.ts';
import type { EncodedSigned } from '../protocol/signed.ts';
import type { SourceSpan, StepKind } from '../runbook/runbook.ts';
import type { Verdict } from '../safety/verdict.ts';
import type { Census, Person } from '../tenant/person.ts';
import type { ResumeRequest } from '../tenant/resume.ts';
import type { TrustLevel } from '../tenant/tenant.ts';
import type { ApprovalRule } from './policy.ts';
import { isUnderWay, type RunStatus, type StepStatus } from './states.ts';

/** The command of a step, resolved to what an agent would run, byte for byte, and who has to agree. */
export interface Job {
  readonly command: string;
  readonly verdict: Verdict;
  readonly rule: ApprovalRule;
  /** What a person types to approve a dangerous step: the target's name. Null for the others. */
  readonly confirm: string | null;
  readonly exec: Exec;
  /** Binds an approval to these bytes and no others. */
  readonly execSha256: string;
}

/** One step of the plan: a job for an agent, or work for a person with the reason why no agent does it. */
export interface PlannedStep {
  readonly id: StepId;
  readonly number: number;
  readonly title: string;
  readonly kind: StepKind;
  readonly branch: string | null;
  readonly warnings: readonly string[];
  readonly source: SourceSpan | null;
  readonly job: Job | null;
  /** The command as written, when a person has to run it; null when there is none. */
  readonly byHand: { readonly command: string | null; readonly reason: string } | null;
}

/** Everything that is fixed when a run starts. */
export interface Plan {
  readonly runId: RunId;
  readonly tenantId: TenantId;
  readonly runbookId: RunbookId;
  readonly runbookSha256: string;
  readonly title: string;
  readonly requester: UserId;
  readonly agentId: AgentId;
  readonly agentEpoch: number;
  /** The host's named environment that the steps run in; its values never leave the host. */
  readonly profile: { readonly name: string; readonly digest: string };
  readonly trust: TrustLevel;
  readonly channel: string;
  /** The page that a person started it from. */
  readonly incident?: IncidentId;
  readonly steps: readonly PlannedStep[];
}

export interface Approval {
  /** Null when policy approved: only ever a safe step. */
  readonly by: UserId | null;
  readonly at: number;
  /** An approval that was not used by then is void. */
  readonly startBy: number;
  readonly forced: '' | 'solo';
  readonly record: EncodedSigned | null;
  /** Whom the record names, and what Slack said of the approver: what has to hold still when the step is sent. */
  readonly as?: Identities;
  /** The tenant's panic epoch when it was given: any pause since then has taken it back. */
  readonly panicEpoch?: number;
}

/** Who approver and requester were, as people rather than accounts. */
export interface Identities {
  readonly approver: UserId;
  readonly requester: UserId;
  /** Slack named the approver an admin or owner. */
  readonly slackAdmin: boolean;
}

/** What a person can say of a step whose outcome nobody can know. */
export const CHOICES = ['succeeded', 'failed', 'rerun'] as const;
export type Choice = (typeof CHOICES)[number];

/** A reason is a sentence: this many characters at least and at most. */
export const REASON_LENGTH = { min: 3, max: 300 } as const;

/** What somebody said of an attempt of unknown outcome, and why. */
export interface Ruling {
  readonly choice: Choice;
  readonly attempt: number;
  readonly by: UserId;
  readonly reason: string;
  readonly at: number;
}

export interface Dispatch {
  readonly envelope: EncodedSigned;
  readonly envelopeId: string;
  readonly seq: number;
  /** The connection of the agent that it is good for; none of later ones. Absent in runs from before leases. */
  readonly leaseEpoch?: number;
  /** The trust bundle that names every key in it; an agent that has an older one could not believe it. */
  readonly bundleVersion?: number;
  /** The agent may not start the step after this time. */
  readonly exp: number;
  readonly timeoutMs: number;
}

export interface StepResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly head: string;
  readonly tail: string;
  /** Everything the step printed, in bytes; head and tail may be less. */
  readonly bytes: number;
  readonly sha256: string;
  readonly startedAt: number;
  readonly finishedAt: number;
}

export interface StepState extends PlannedStep {
  readonly status: StepStatus;
  /** Counts envelopes made for this step; the first is 1. */
  readonly attempt: number;
  /** When the offer to approve lapses. */
  readonly expiresAt: number | null;
  readonly approval: Approval | null;
  readonly dispatch: Dispatch | null;
  /** When we heard that it started, by our clock: its deadline must not hang on the host's. */
  readonly startedAt: number | null;
  readonly printed: { readonly tail: string; readonly bytes: number } | null;
  readonly result: StepResult | null;
  readonly killAskedBy: UserId | null;
  /** Who skipped it or did it by hand. */
  readonly closedBy: UserId | null;
  /** Why it was rejected, why its outcome is unknown, or why it has to be asked for again. */
  readonly trouble: string | null;
  /** The newest thing an agent said that is not what is recorded. */
  readonly contradiction?: string;
  /** The attempt of which the agent never said a word before its time ran out. */
  readonly unheard?: number;
  /** The newest word of a person on an unknown outcome. */
  readonly ruling?: Ruling;
}

export interface RunState {
  readonly status: RunStatus;
  readonly plan: Plan | null;
  readonly steps: readonly StepState[];
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly pausedBy: UserId | null;
  /** The admin who asked to resume and waits for a second one. */
  readonly resumeAskedBy: UserId | null;
  readonly abortedBy: UserId | null;
  /** Time of the newest event. */
  readonly changedAt: number;
  /** Since when the run has needed a person; kept when it goes on. */
  readonly haltedAt?: number;
}

type At = { readonly at: number };
type OnStep = At & { readonly step: StepId };

export type RunEvent =
  | ({ readonly type: 'run.started'; readonly plan: Plan } & At)
  | ({ readonly type: 'run.paused' | 'run.resume-asked' | 'run.resumed'; readonly by: UserId } & At)
  /** By nobody when the app was removed from the workspace. */
  | ({ readonly type: 'run.aborted'; readonly by: UserId | null } & At)
  | ({ readonly type: 'run.halted' | 'run.continued' } & At)
  | ({ readonly type: 'run.succeeded' | 'run.failed' | 'run.stopped' } & At)
  | ({ readonly type: 'step.offered'; readonly expiresAt: number } & OnStep)
  | ({ readonly type: 'step.handed-over' } & OnStep)
  /** `sentence` says why, when it is not that time ran out or a pause took the approval back. */
  | ({ readonly type: 'step.stalled'; readonly sentence?: string } & OnStep)
  | ({ readonly type: 'step.approved'; readonly approval: Approval; readonly execSha256: string } & OnStep)
  | ({ readonly type: 'step.dispatched'; readonly attempt: number; readonly dispatch: Dispatch } & OnStep)
  | ({ readonly type: 'step.started'; readonly attempt: number; readonly startedAt: number } & OnStep)
  | ({
      readonly type: 'step.printed';
      readonly attempt: number;
      readonly tail: string;
      readonly bytes: number;
    } & OnStep)
  | ({
      readonly type: 'step.succeeded' | 'step.failed';
      readonly attempt: number;
      readonly result: StepResult;
    } & OnStep)
  | ({
      readonly type: 'step.rejected';
      readonly attempt: number;
      readonly code: string;
      readonly sentence: string;
    } & OnStep)
  | ({
      readonly type: 'step.unknown';
      readonly attempt: number;
      readonly code: string;
      readonly sentence: string;
      /** Only its time ran out: the agent never said a word of it. */
      readonly unheard?: true;
    } & OnStep)
  /** The envelope never came to the agent and is dead: the attempt is still to be made, under the same approval. */
  | ({ readonly type: 'step.not-delivered'; readonly attempt: number } & OnStep)
  /** The agent speaks of an attempt whose sending is recorded nowhere: our records were set back. */
  | ({ readonly type: 'step.recovered'; readonly attempt: number; readonly sentence: string } & OnStep)
  /** The agent says another thing than what is recorded. The record stays; a person has to look. */
  | ({ readonly type: 'step.contradicted'; readonly attempt: number; readonly sentence: string } & OnStep)
  /** The attempt provably did not start. `next` is what the attempt after it would run. */
  | ({
      readonly type: 'step.not-started';
      readonly attempt: number;
      readonly code: string;
      readonly sentence: string;
      readonly next: NextJob | null;
    } & OnStep)
  | ({ readonly type: 'step.marked-succeeded' | 'step.marked-failed'; readonly ruling: Ruling } & OnStep)
  /** Offered once more, by the word of a person. */
  | ({
      readonly type: 'step.reopened';
      readonly ruling: Ruling;
      readonly expiresAt: number;
      readonly next: NextJob | null;
    } & OnStep)
  | ({ readonly type: 'step.skipped' | 'step.done' | 'step.kill-asked'; readonly by: UserId } & OnStep);

/** The bytes of a further attempt: the same command, and the number of the attempt in its environment. */
export type NextJob = Pick<Job, 'exec' | 'execSha256'>;

/** What is said of a step that was sent: by its agent, but for the last. */
export type StepReport =
  | { readonly kind: 'started'; readonly startedAt: number }
  | { readonly kind: 'printed'; readonly tail: string; readonly bytes: number }
  | { readonly kind: 'finished'; readonly result: StepResult }
  | { readonly kind: 'rejected'; readonly code: string; readonly sentence: string }
  | { readonly kind: 'unknown'; readonly sentence: string }
  /** It does not know the envelope; its journal has been up to `seqMark`, and it is on the connection `leaseEpoch`. */
  | { readonly kind: 'missing'; readonly seqMark: number; readonly leaseEpoch: number }
  /** Said by the gateway: the connection `leaseEpoch` did not hand the envelope out, and never will. */
  | { readonly kind: 'withheld'; readonly leaseEpoch: number };

/** Why an approval is void: its key was revoked, or the run was planned for an earlier enrolment of its agent. */
export type VoidReason = 'key-revoked' | 'enrolled-again';

export type RunCommand =
  | { readonly type: 'start'; readonly plan: Plan; readonly by: Person; readonly trust: TrustLevel }
  | { readonly type: 'tick' }
  | {
      readonly type: 'approve';
      readonly step: StepId;
      readonly by: Person;
      readonly census: Census;
      /** The hash of what the person was shown. */
      readonly shown: string;
      readonly typed: string | null;
      readonly startBy: number;
      /** The signed yes; null when the step has nothing to approve. */
      readonly record: EncodedSigned | null;
    }
  | { readonly type: 'skip' | 'done' | 'ask-again' | 'kill'; readonly step: StepId; readonly by: Person }
  | { readonly type: 'pause' | 'abort'; readonly by: Person }
  | {
      readonly type: 'settle';
      readonly step: StepId;
      readonly by: Person;
      /** The attempt that the person was shown. */
      readonly attempt: number;
      readonly choice: Choice;
      readonly reason: string;
    }
  | ({ readonly type: 'resume' } & ResumeRequest)
  | {
      readonly type: 'dispatch';
      readonly step: StepId;
      readonly panicEpoch: number;
      readonly execSha256: string;
      readonly dispatch: Dispatch;
    }
  /** The approval that the step waits with does not hold any more, for a reason outside the run. */
  | { readonly type: 'void'; readonly step: StepId; readonly why: VoidReason }
  | {
      readonly type: 'report';
      readonly step: StepId;
      readonly attempt: number;
      readonly envelopeId: string;
      readonly report: StepReport;
    };

/** The step that the run stands at: the first that is not settled. Null when all are. */
export function currentStep(state: RunState, settled: (status: StepStatus) => boolean): StepState | null {
  return state.steps.find((step) => !settled(step.status)) ?? null;
}

/** True while nobody has said how the newest attempt ended: the agent is asked for it whenever it connects. */
export const isOpen = (step: StepState): boolean =>
  isUnderWay(step.status) || (step.attempt > 0 && step.status === 'unknown') || isReoffered(step);

/** True when a person asked for a further attempt of the step, and it has not been sent: an outcome may still come late. */
export const isReoffered = ({ ruling, attempt }: StepState): boolean =>
  ruling?.choice === 'rerun' && ruling.attempt === attempt;
