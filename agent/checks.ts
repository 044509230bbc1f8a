import { resolve } from 'node:path';
import {
  type ApprovalRecord,
  commandText,
  type Envelope,
  idemKey,
  isSignedBy,
  MAX_PAYLOAD_BYTES,
  parseRecord,
  type Signed,
} from '../src/protocol/index.ts';
import { type Classify, isWorse } from '../src/safety/verdict.ts';
import { openApprovals, refuseApprovals } from './approvals.ts';
import { CLOCK_SKEW_MS } from './clock.ts';
import { openDeclarations } from './declarations.ts';
import { refuseByLease } from './lease.ts';
import { standstill } from './standstill.ts';
import { type AgentState, type Job, running, stepKey } from './state.ts';

/** Environment names an envelope may set without the host policy naming them. Everything else could steer a program. */
const FREE_ENV_NAMES = /^(?:DD0C_[A-Z0-9_]+|LANG|LC_ALL|TZ)$/;

/** What a check may ask about the host. */
export interface Host {
  isDirectory(path: string): boolean;
  isExecutable(path: string): boolean;
}

/** What the checks judge by: agent-held data, the host, and the scanner in this program. */
export interface Bench {
  readonly state: AgentState;
  readonly now: number;
  /** The monotonic clock, in ms. */
  readonly mono: number;
  readonly host: Host;
  readonly classify: Classify;
}

export interface Delivery extends Bench {
  readonly signed: Signed;
}

export interface Candidate extends Bench {
  readonly envelope: Envelope;
}

/** One named reason not to start a job: null when there is none, else a sentence that says what it means. */
export interface Check<Subject> {
  readonly name: string;
  refuse(subject: Subject): string | null;
}

/** Before anything is parsed: the bytes as they came. */
export const DELIVERY_CHECKS: readonly Check<Delivery>[] = [
  {
    name: 'size',
    refuse: ({ signed }) =>
      signed.payload.byteLength > MAX_PAYLOAD_BYTES.job
        ? 'The envelope is larger than an envelope may be.'
        : null,
  },
  {
    name: 'key',
    refuse: ({ signed, state }) =>
      state.trust.dispatch.has(signed.keyId)
        ? null
        : 'The envelope is not signed by a key that may dispatch jobs.',
  },
  {
    name: 'signature',
    refuse: ({ signed, state }) => {
      const key = state.trust.dispatch.get(signed.keyId);
      return key === undefined || isSignedBy('job', signed, key)
        ? null
        : 'The signature of the envelope is wrong.';
    },
  },
];

/** After the strict parse, in this order; the first that refuses decides. */
export const ENVELOPE_CHECKS: readonly Check<Candidate>[] = [
  {
    name: 'addressee',
    refuse: ({ envelope, state: { identity } }) =>
      envelope.tenant_id === identity.tenantId &&
      envelope.agent_id === identity.agentId &&
      envelope.agent_epoch === identity.agentEpoch
        ? null
        : 'The envelope is for another agent, or for an earlier enrolment of this one.',
  },
  {
    name: 'time',
    refuse: ({ envelope, now }) =>
      now >= envelope.iat - CLOCK_SKEW_MS && now <= envelope.exp + CLOCK_SKEW_MS
        ? null
        : 'The envelope has expired or is not valid yet by the clock of this host.',
  },
  {
    name: 'seq',
    refuse: ({ envelope, state }) =>
      envelope.seq > state.seqMark ? null : 'The envelope is older than one this agent has already seen.',
  },
  {
    name: 'duplicate',
    refuse: ({ envelope, state }) =>
      envelope.idem_key === idemKey(envelope) && !state.idemKeys.has(envelope.idem_key)
        ? null
        : 'This attempt at this step has already been taken here, or its key is not the key of this attempt.',
  },
  {
    name: 'lease',
    refuse: ({ envelope, state, mono }) => refuseByLease(state, envelope.lease_epoch, mono),
  },
  {
    name: 'panic',
    refuse: ({ envelope, state: { panic } }) =>
      !panic.paused && envelope.panic_epoch === panic.epoch
        ? null
        : 'The workspace is paused, or the envelope is from before its last pause.',
  },
  { name: 'standstill', refuse: ({ state, now, mono }) => standstill(state, { now, mono }) },
  { name: 'approvals', refuse: refuseApprovals },
  { name: 'rerun', refuse: refuseRerun },
  {
    name: 'environment',
    refuse: ({ envelope, state }) => {
      const allowed = (name: string) => FREE_ENV_NAMES.test(name) || state.policy.env_names.includes(name);
      const refused = Object.keys(envelope.exec.env).find((name) => !allowed(name));
      return refused === undefined
        ? null
        : `The policy of this host does not let an envelope set ${refused}.`;
    },
  },
  {
    name: 'flags',
    refuse: ({ envelope }) =>
      envelope.flags.used.length === 0 ? null : 'The envelope rests on a flag, and this agent knows none.',
  },
  { name: 'scanner', refuse: refuseByScanner },
  {
    name: 'policy',
    refuse: ({ envelope, state: { policy } }) => {
      const most = policy.mode === 'read_only' ? 'safe' : policy.max_risk;
      if (isWorse(envelope.verdict.risk, most))
        return `The policy of this host allows at most "${most}" commands.`;
      if (envelope.limits.timeout_ms > policy.max_timeout_ms) {
        return `The policy of this host lets a command run ${policy.max_timeout_ms} ms at most.`;
      }
      return null;
    },
  },
  {
    name: 'profile',
    refuse: ({ envelope, state }) =>
      state.policy.profiles.get(envelope.profile.name)?.digest === envelope.profile.digest
        ? null
        : `This host has no profile "${envelope.profile.name}", or it has changed since the plan was made.`,
  },
  { name: 'host', refuse: refuseByHost },
  {
    name: 'capacity',
    refuse: ({ state }) =>
      running(state).length < state.policy.max_running ? null : 'This agent already runs as much as it may.',
  },
];

export type Verification =
  | { readonly outcome: 'accepted'; readonly envelope: Envelope; readonly approvalIds: readonly string[] }
  /** Believed and addressed to this agent, and yet not to be run. */
  | {
      readonly outcome: 'refused';
      readonly envelope: Envelope;
      readonly code: string;
      readonly sentence: string;
    }
  /** Forged, malformed or for somebody else: it changes nothing here and gets no answer. */
  | { readonly outcome: 'ignored'; readonly code: string; readonly sentence: string };

/** Runs a delivery through every check in order. A check that throws refuses: what cannot be judged does not run. */
export function verify(
  delivery: Delivery,
  deliveryChecks: readonly Check<Delivery>[] = DELIVERY_CHECKS,
  envelopeChecks: readonly Check<Candidate>[] = ENVELOPE_CHECKS,
): Verification {
  const early = firstRefusal(deliveryChecks, delivery);
  if (early !== null) return { outcome: 'ignored', ...early };
  const parsed = parseRecord('job', delivery.signed.payload);
  if (!parsed.ok) return { outcome: 'ignored', code: parsed.code, sentence: parsed.sentence };
  const envelope = parsed.record;
  const candidate = { ...delivery, envelope };
  const refusal = firstRefusal(envelopeChecks, candidate);
  if (refusal === null)
    return {
      outcome: 'accepted',
      envelope,
      approvalIds: approvals(candidate).map(({ approval_id }) => approval_id),
    };
  return refusal.code === 'addressee'
    ? { outcome: 'ignored', ...refusal }
    : { outcome: 'refused', envelope, ...refusal };
}

function firstRefusal<S>(checks: readonly Check<S>[], subject: S): { code: string; sentence: string } | null {
  for (const check of checks) {
    try {
      const sentence = check.refuse(subject);
      if (sentence !== null) return { code: check.name, sentence };
    } catch (error) {
      return {
        code: check.name,
        sentence: `The check "${check.name}" failed, so the job is refused: ${error}`,
      };
    }
  }
  return null;
}

function approvals(candidate: Candidate): readonly ApprovalRecord[] {
  const opened = openApprovals(candidate);
  return opened.ok ? opened.records : [];
}

/**
 * A step runs again only when its last attempt provably did not start, or when nobody can know how it ended and a person
 * who was told so has approved this attempt. What is known to have ended, or still runs, is never run again.
 */
function refuseRerun(candidate: Candidate): string | null {
  const { envelope, state } = candidate;
  const key = stepKey({ runId: envelope.run_id, stepId: envelope.step_id });
  const earlier = [...state.jobs.values()].filter(({ about }) => stepKey(about) === key);
  const known = earlier.map(knownOutcome).find((sentence) => sentence !== null);
  if (known) return known;
  const mayHaveRun = state.startedSteps.has(key);
  if (envelope.attempt === 1 && !mayHaveRun) return null;
  const fresh = approvals(candidate).filter(({ approval_id }) => !state.spentApprovals.has(approval_id));
  return fresh.some(({ after }) => after === 'unknown' || (after === 'not-started' && !mayHaveRun))
    ? null
    : 'This step may already have been started; to run it again a person who knows that must approve this attempt.';
}

function knownOutcome(job: Job): string | null {
  const which = `Attempt ${job.about.attempt} of this step`;
  if (job.status === 'started') return `${which} is still running here, so it is not started again.`;
  if (job.status !== 'ended' || job.report.kind !== 'finished') return null;
  const { exitCode, signal, timedOut } = job.report;
  const how = timedOut
    ? 'ran out of time'
    : signal
      ? `was ended by ${signal}`
      : `ended with exit code ${exitCode}`;
  return `${which} ${how} here, so it is not run again.`;
}

function refuseByScanner(candidate: Candidate): string | null {
  const { envelope, classify } = candidate;
  const declared = openDeclarations(candidate);
  if (!declared.ok) return declared.sentence;
  const verdict = classify(commandText(envelope.exec), { readOnly: declared.names }, envelope.exec.cwd);
  if (!isWorse(verdict.risk, envelope.verdict.risk)) return null;
  const because = verdict.reasons[0]?.sentence ?? 'No reason was given.';
  return `The scanner on this host finds the command "${verdict.risk}", not "${envelope.verdict.risk}". ${because}`;
}

function refuseByHost({ envelope: { exec, profile }, state: { policy }, host }: Candidate): string | null {
  if (!host.isDirectory(exec.cwd)) return `The directory ${exec.cwd} is not there on this host.`;
  if (exec.mode === 'bash') {
    return host.isExecutable(policy.shell) ? null : `The shell ${policy.shell} is not there on this host.`;
  }
  const program = exec.argv[0] ?? '';
  const path = policy.profiles.get(profile.name)?.path ?? '';
  const places = program.includes('/')
    ? [resolve(exec.cwd, program)]
    : path.split(':').map((folder) => resolve(folder, program));
  return places.some((place) => host.isExecutable(place))
    ? null
    : `The program ${program} is not on this host.`;
}
