import {
  type Envelope,
  encodeSigned,
  openSigned,
  openTrust,
  type Report,
  type Signed,
} from '../src/protocol/index.ts';
import type { Classify } from '../src/safety/verdict.ts';
import { type Host, verify } from './checks.ts';
import type { Entry } from './entry.ts';
import { type Asked, openLease, refuseByLease } from './lease.ts';
import { toSentence } from './sentence.ts';
import { standstill } from './standstill.ts';
import {
  type About,
  type AgentState,
  type Ending,
  evolve,
  isSettled,
  type Job,
  running,
  type Times,
} from './state.ts';

/** How a command ended. Exactly one of `exitCode` and `signal` is null; texts are redacted, `bytes` is of all output. */
export type Outcome = Omit<Extract<Report, { kind: 'finished' }>, 'kind' | keyof About>;

/** The server's first words on a connection. */
export interface Welcome {
  readonly epoch: number;
  readonly paused: boolean;
  readonly resume: Signed | null;
  /** A newer trust bundle than the agent's, or null. */
  readonly bundle: Signed | null;
  readonly lease: Signed;
  readonly asked: Asked;
  /** The attempts that the server has no end of. */
  readonly open: readonly About[];
}

/** What can happen to an agent. */
export type Input =
  | { readonly kind: 'woken' }
  | ({ readonly kind: 'connected' } & Welcome)
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'lease'; readonly signed: Signed; readonly asked: Asked }
  | { readonly kind: 'bundle'; readonly signed: Signed }
  | { readonly kind: 'job'; readonly signed: Signed }
  | { readonly kind: 'pause'; readonly epoch: number }
  | { readonly kind: 'resume'; readonly signed: Signed }
  | { readonly kind: 'kill'; readonly envelopeId: string }
  | { readonly kind: 'output'; readonly envelopeId: string; readonly tail: string; readonly bytes: number }
  | { readonly kind: 'exited'; readonly envelopeId: string; readonly outcome: Outcome }
  | { readonly kind: 'spawn-failed'; readonly envelopeId: string; readonly sentence: string }
  | { readonly kind: 'acked'; readonly envelopeId: string; readonly report: string }
  /** Some time has passed. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'drain' }
  | { readonly kind: 'fault'; readonly sentence: string };

/**
 * What the agent does about it, in this order. Everything appended is durable before the next `spawn`, `send` or
 * `credit`; when an append fails, nothing after it is done.
 */
export type Effect =
  | { readonly kind: 'append'; readonly entry: Entry }
  | { readonly kind: 'spawn'; readonly envelope: Envelope }
  /** End the process of this envelope; its `exited` follows. */
  | { readonly kind: 'stop'; readonly envelopeId: string }
  | { readonly kind: 'send'; readonly report: Report }
  | { readonly kind: 'credit'; readonly jobs: number }
  /** Leave this connection and make a new one. */
  | { readonly kind: 'reconnect' }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly code: string;
      readonly sentence: string;
    };

export interface Step {
  readonly state: AgentState;
  readonly effects: readonly Effect[];
}

/** What the core asks of its surroundings; it has no clock, disk or network of its own. */
export interface Surroundings extends Times {
  readonly host: Host;
  readonly classify: Classify;
  /** The hash of the rules that `classify` judges by. */
  readonly rulesetSha256: string;
}

/** The agent: a state and an input give the next state and what to do. Pure, given its surroundings. */
export function step(state: AgentState, input: Input, around: Surroundings): Step {
  const { now } = around;
  switch (input.kind) {
    case 'woken':
      return wake(state, now);
    case 'connected':
      return connect(state, input, around);
    case 'disconnected':
      return { state: { ...state, connected: false, lease: null }, effects: [] };
    case 'lease':
      return withCredit(lease(state, input.signed, input.asked, around), around);
    case 'bundle':
      return withCredit(believe(state, input.signed, now), around);
    case 'job':
      return take(state, input.signed, around);
    case 'pause':
      return withCredit(pause(state, input.epoch, now), around);
    case 'resume':
      return withCredit(resume(state, input.signed, now), around);
    case 'kill':
      return { state, effects: kill(state, input.envelopeId) };
    case 'output':
      return output(state, input);
    case 'exited':
      return end(state, input.envelopeId, around, (about) => ({
        kind: 'finished',
        ...about,
        ...input.outcome,
      }));
    case 'spawn-failed':
      return end(state, input.envelopeId, around, (about) => rejected(about, 'spawn', input.sentence));
    case 'acked':
      return acknowledge(state, input.envelopeId, input.report, now);
    case 'tick':
      return tick(state, around);
    case 'drain':
      return withCredit({ state: { ...state, draining: true }, effects: [] }, around);
    case 'fault':
      return withCredit(fault(state, input.sentence), around);
  }
}

/** After a start: what was verified and not started never ran; what was started and did not end may have run. */
function wake(state: AgentState, now: number): Step {
  const reports = [...state.jobs.values()].flatMap(lostReport);
  const next = record(
    state,
    reports.map((report) => ({ kind: 'ended', at: now, report })),
  );
  const logs = reports.map((report) => log('warn', report.kind, report.sentence));
  return { state: next.state, effects: [...next.effects, ...logs] };
}

function lostReport(job: Job): readonly Extract<Ending, { kind: 'rejected' | 'unknown' }>[] {
  switch (job.status) {
    case 'verified':
      return [
        rejected(job.about, 'not-started', 'The agent stopped before this step started. It did not run.'),
      ];
    case 'started':
      return [{ kind: 'unknown', ...job.about, sentence: LOST }];
    case 'ended':
      return [];
  }
}

const LOST =
  'The agent stopped while this step was running. It may have run in part, in full, or still be running. Look at the host before going on.';

/** What a damaged journal does not hold may have been in it. */
const NO_WITNESS =
  'The agent has no record of this step, and something is wrong there, so its records cannot be relied on. It may have run: look at the host before anything else.';

/**
 * Settles with the server where both stand before any work is taken: keys, lease, pause, and every attempt that either of
 * them has no end of.
 */
function connect(state: AgentState, welcome: Welcome, around: Surroundings): Step {
  const { now } = around;
  const { bundle } = welcome;
  const settled = inTurn(
    { ...state, connected: true, lease: null },
    (next) => (bundle === null ? unchanged(next) : believe(next, bundle, now)),
    (next) => lease(next, welcome.lease, welcome.asked, around),
    (next) => settlePause(next, welcome, now),
  );
  const { jobs, seqMark, faults } = settled.state;
  const asked = new Set(welcome.open.map(({ envelopeId }) => envelopeId));
  const known = [...jobs.values()].filter((job) => !isSettled(job) || asked.has(job.about.envelopeId));
  // Only a lease that was taken makes older envelopes dead: without one nothing is said of what never came.
  const missing =
    settled.state.lease === null ? [] : welcome.open.filter(({ envelopeId }) => !jobs.has(envelopeId));
  const reports = [
    ...known.flatMap(reportsOf),
    ...missing.map(
      (about): Report =>
        faults.length > 0
          ? { kind: 'unknown', ...about, sentence: NO_WITNESS }
          : { kind: 'missing', ...about, seqMark },
    ),
  ];
  return withCredit({ state: settled.state, effects: [...settled.effects, ...reports.map(send)] }, around);
}

/** Takes a lease. What it says besides counts too: a pause that was missed, and a journal that is behind itself. */
function lease(state: AgentState, signed: Signed, asked: Asked, around: Surroundings): Step {
  const opened = openLease(state, signed, asked, around);
  if (!opened.ok) return refused(state, opened.code, `A lease is refused. ${opened.sentence}`);
  const { epoch, held, panicEpoch, seqMark } = opened;
  const at = around.now;
  return inTurn(
    state,
    (next) => (epoch > next.leaseEpoch ? record(next, [{ kind: 'lease', at, epoch }]) : unchanged(next)),
    (next) => unchanged({ ...next, lease: held }),
    (next) => (seqMark > next.seqMark ? fault(next, ROLLED_BACK) : unchanged(next)),
    (next) => (panicEpoch > next.panic.epoch ? pause(next, panicEpoch, at) : unchanged(next)),
  );
}

const ROLLED_BACK =
  'The journal of this agent is older than what the server has seen of it: it was restored, copied or cut. Enrol the agent again.';

/** Believes a trust bundle that the root key signed, and only a newer one. */
function believe(state: AgentState, signed: Signed, now: number): Step {
  const opened = openTrust(signed, state.root);
  if (!opened.ok) return refused(state, 'bundle', `A trust bundle is refused. ${opened.sentence}`);
  if (opened.trust.version === state.trust.version) return unchanged(state);
  if (opened.trust.version < state.trust.version)
    return refused(state, 'bundle', 'A trust bundle is refused: this agent has a newer one.');
  const next = record(state, [{ kind: 'bundle', at: now, signed: encodeSigned(signed) }]);
  const sentence = `Trusts the keys of bundle ${opened.trust.version}.`;
  return { state: next.state, effects: [...next.effects, log('info', 'bundle', sentence)] };
}

/** A lease that has run out is not waited for: the line may be half open. Before that nothing is asked for by it. */
function tick(state: AgentState, around: Surroundings): Step {
  const { connected, lease, leaseEpoch } = state;
  const { mono } = around;
  if (!connected || refuseByLease(state, leaseEpoch, mono) === null) return unchanged(state);
  if (lease !== null && mono < lease.until) return withCredit(unchanged(state), around);
  return {
    state: { ...state, connected: false, lease: null },
    effects: [
      log('warn', 'lease', 'The lease has run out, so this agent connects anew.'),
      { kind: 'reconnect' },
    ],
  };
}

/** A pause is believed from anyone; going on is believed only from a signed resume that reaches this epoch. */
function settlePause(state: AgentState, input: Welcome, now: number): Step {
  if (input.paused) return pause(state, input.epoch, now);
  const resumed = input.resume === null ? unchanged(state) : resume(state, input.resume, now);
  if (input.epoch <= resumed.state.panic.epoch) return resumed;
  const paused = pause(resumed.state, input.epoch, now);
  const sentence = 'The server names a pause this agent has no signed end of, so it starts nothing.';
  return {
    state: paused.state,
    effects: [...resumed.effects, ...paused.effects, log('warn', 'panic', sentence)],
  };
}

function pause(state: AgentState, epoch: number, now: number): Step {
  const highest = Math.max(epoch, state.panic.epoch);
  if (state.panic.paused && highest === state.panic.epoch) return unchanged(state);
  const next = record(state, [{ kind: 'panic', at: now, epoch: highest, paused: true }]);
  return {
    state: next.state,
    effects: [...next.effects, log('warn', 'panic', 'Paused: nothing new starts.')],
  };
}

function resume(state: AgentState, signed: Signed, now: number): Step {
  const opened = openSigned('resume', signed, (keyId) => state.trust.approve.get(keyId));
  if (!opened.ok) return refused(state, opened.code, `A resume is refused. ${opened.sentence}`);
  const { tenant_id, panic_epoch } = opened.record;
  if (tenant_id !== state.identity.tenantId || panic_epoch < state.panic.epoch)
    return refused(state, 'resume', 'A resume is refused: it ends another pause than this one.');
  if (!state.panic.paused && panic_epoch === state.panic.epoch) return unchanged(state);
  const next = record(state, [{ kind: 'panic', at: now, epoch: panic_epoch, paused: false }]);
  return {
    state: next.state,
    effects: [...next.effects, log('info', 'resume', 'Resumed by signed record.')],
  };
}

function take(state: AgentState, signed: Signed, around: Surroundings): Step {
  const verification = verify({ ...around, signed, state });
  if (verification.outcome === 'ignored') {
    return withCredit(refused(state, verification.code, verification.sentence), around);
  }
  const { envelope } = verification;
  const known = state.jobs.get(envelope.envelope_id);
  if (known !== undefined) return withCredit({ state, effects: reportsOf(known).map(send) }, around);
  const about = aboutEnvelope(envelope);
  const at = around.now;
  if (verification.outcome === 'refused') {
    const report = rejected(about, verification.code, verification.sentence);
    const next = record(state, [{ kind: 'rejected', at, seq: envelope.seq, report }]);
    const effects = [...next.effects, log('warn', report.code, report.sentence), send(report)];
    return withCredit({ state: next.state, effects }, around);
  }
  const { seq, idem_key: idemKey } = envelope;
  const next = record(state, [
    { kind: 'verified', at, about, seq, idemKey, approvals: [...verification.approvalIds] },
    { kind: 'started', at, about },
  ]);
  const started: Report = { kind: 'started', ...about, startedAt: at };
  const effects: Effect[] = [
    ...next.effects,
    ...otherRules(envelope, around),
    { kind: 'spawn', envelope },
    send(started),
  ];
  return withCredit({ state: next.state, effects }, around);
}

/** Other rules than the server's are no reason to refuse what they do not find riskier, but somebody should know. */
function otherRules({ envelope_id, verdict }: Envelope, { rulesetSha256 }: Surroundings): readonly Effect[] {
  if (verdict.ruleset_sha256 === rulesetSha256) return [];
  const sentence =
    `The server judged ${envelope_id} by rules ${verdict.ruleset_version}, which are not the rules of this agent. ` +
    'By its own the command is no riskier, so it starts. Bring both to one release.';
  return [log('warn', 'ruleset', sentence)];
}

function kill(state: AgentState, envelopeId: string): readonly Effect[] {
  if (state.jobs.get(envelopeId)?.status !== 'started') return [];
  return [log('warn', 'kill', 'A person ends a running step.'), { kind: 'stop', envelopeId }];
}

function output(state: AgentState, input: Extract<Input, { kind: 'output' }>): Step {
  const job = state.jobs.get(input.envelopeId);
  if (job?.status !== 'started') return unchanged(state);
  return { state, effects: [send({ kind: 'output', ...job.about, tail: input.tail, bytes: input.bytes })] };
}

function end(
  state: AgentState,
  envelopeId: string,
  around: Surroundings,
  ending: (about: About) => Ending,
): Step {
  const job = state.jobs.get(envelopeId);
  if (job?.status !== 'started') return unchanged(state);
  const report = ending(job.about);
  const next = record(state, [{ kind: 'ended', at: around.now, report }]);
  return withCredit({ state: next.state, effects: [...next.effects, send(report)] }, around);
}

function acknowledge(state: AgentState, envelopeId: string, kind: string, now: number): Step {
  const job = state.jobs.get(envelopeId);
  if (job?.status !== 'ended' || job.acked || job.report.kind !== kind) return unchanged(state);
  return record(state, [{ kind: 'acked', at: now, envelopeId }]);
}

/** From here on nothing starts until a person has looked and this program was started again. The next hello says why. */
function fault(state: AgentState, sentence: string): Step {
  if (state.faults.includes(sentence)) return unchanged(state);
  const hello: readonly Effect[] = state.connected ? [{ kind: 'reconnect' }] : [];
  return {
    state: { ...state, faults: [...state.faults, sentence] },
    effects: [log('error', 'fault', sentence), ...hello],
  };
}

/** Journals entries and folds them into the state. */
function record(state: AgentState, entries: readonly Entry[]): Step {
  return { state: evolve(state, entries), effects: entries.map((entry) => ({ kind: 'append', entry })) };
}

function unchanged(state: AgentState): Step {
  return { state, effects: [] };
}

/** Something that was not believed: it changes nothing. */
function refused(state: AgentState, code: string, sentence: string): Step {
  return { state, effects: [log('warn', code, sentence)] };
}

/** One after the other, each on the state that the one before left. */
function inTurn(state: AgentState, ...steps: readonly ((state: AgentState) => Step)[]): Step {
  return steps.reduce<Step>((before, next) => {
    const after = next(before.state);
    return { state: after.state, effects: [...before.effects, ...after.effects] };
  }, unchanged(state));
}

/** Says after every change how many jobs the agent would take now. */
function withCredit({ state, effects }: Step, times: Times): Step {
  if (!state.connected) return { state, effects };
  const may = standstill(state, times) === null && !state.panic.paused;
  const open = may && refuseByLease(state, state.leaseEpoch, times.mono) === null;
  const jobs = open ? Math.max(0, state.policy.max_running - running(state).length) : 0;
  return { state, effects: [...effects, { kind: 'credit', jobs }] };
}

/** What there is to say about a job to a server that may not know. */
function reportsOf(job: Job): readonly Report[] {
  switch (job.status) {
    case 'verified':
      return [];
    case 'started':
      return [{ kind: 'started', ...job.about, startedAt: job.startedAt }];
    case 'ended':
      return [job.report];
  }
}

function aboutEnvelope(envelope: Envelope): About {
  const { run_id, step_id, attempt, envelope_id } = envelope;
  return { runId: run_id, stepId: step_id, attempt, envelopeId: envelope_id };
}

function rejected(about: About, code: string, because: string): Extract<Ending, { kind: 'rejected' }> {
  return { kind: 'rejected', ...about, code, sentence: toSentence(because) };
}

function send(report: Report): Effect {
  return { kind: 'send', report };
}

function log(level: 'info' | 'warn' | 'error', code: string, sentence: string): Effect {
  return { kind: 'log', level, code, sentence };
}
