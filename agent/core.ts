import { type Envelope, openSigned, type Report, type Signed } from '../src/protocol/index.ts';
import type { Verdict } from '../src/safety/verdict.ts';
import { type Host, verify } from './checks.ts';
import type { Entry } from './entry.ts';
import {
  type About,
  type AgentState,
  type Ending,
  evolve,
  isSettled,
  type Job,
  running,
  standstill,
} from './state.ts';

/** How a command ended. Exactly one of `exitCode` and `signal` is null; texts are redacted, `bytes` is of all output. */
export type Outcome = Omit<Extract<Report, { kind: 'finished' }>, 'kind' | keyof About>;

/** What can happen to an agent. */
export type Input =
  | { readonly kind: 'woken' }
  | {
      readonly kind: 'connected';
      readonly epoch: number;
      readonly paused: boolean;
      readonly resume: Signed | null;
    }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'job'; readonly signed: Signed }
  | { readonly kind: 'pause'; readonly epoch: number }
  | { readonly kind: 'resume'; readonly signed: Signed }
  | { readonly kind: 'kill'; readonly envelopeId: string }
  | { readonly kind: 'output'; readonly envelopeId: string; readonly tail: string; readonly bytes: number }
  | { readonly kind: 'exited'; readonly envelopeId: string; readonly outcome: Outcome }
  | { readonly kind: 'spawn-failed'; readonly envelopeId: string; readonly sentence: string }
  | { readonly kind: 'acked'; readonly envelopeId: string; readonly report: string }
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
export interface Surroundings {
  readonly now: number;
  readonly host: Host;
  classify(command: string): Verdict;
}

/** The agent: a state and an input give the next state and what to do. Pure, given its surroundings. */
export function step(state: AgentState, input: Input, around: Surroundings): Step {
  switch (input.kind) {
    case 'woken':
      return wake(state, around.now);
    case 'connected':
      return connect(state, input, around.now);
    case 'disconnected':
      return { state: { ...state, connected: false }, effects: [] };
    case 'job':
      return take(state, input.signed, around);
    case 'pause':
      return withCredit(pause(state, input.epoch, around.now));
    case 'resume':
      return withCredit(resume(state, input.signed, around.now));
    case 'kill':
      return { state, effects: kill(state, input.envelopeId) };
    case 'output':
      return output(state, input);
    case 'exited':
      return end(state, input.envelopeId, around.now, (about) => ({
        kind: 'finished',
        ...about,
        ...input.outcome,
      }));
    case 'spawn-failed':
      return end(state, input.envelopeId, around.now, (about) => rejected(about, 'spawn', input.sentence));
    case 'acked':
      return acknowledge(state, input.envelopeId, input.report, around.now);
    case 'drain':
      return withCredit({ state: { ...state, draining: true }, effects: [] });
    case 'fault':
      return withCredit(fault(state, input.sentence));
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

function connect(state: AgentState, input: Extract<Input, { kind: 'connected' }>, now: number): Step {
  const settled = settlePause({ ...state, connected: true }, input, now);
  const open = [...settled.state.jobs.values()].filter((job) => !isSettled(job)).flatMap(reportsOf);
  return withCredit({ state: settled.state, effects: [...settled.effects, ...open.map(send)] });
}

/** A pause is believed from anyone; going on is believed only from a signed resume that reaches this epoch. */
function settlePause(state: AgentState, input: Extract<Input, { kind: 'connected' }>, now: number): Step {
  if (input.paused) return pause(state, input.epoch, now);
  const resumed = input.resume === null ? { state, effects: [] } : resume(state, input.resume, now);
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
  if (state.panic.paused && highest === state.panic.epoch) return { state, effects: [] };
  const next = record(state, [{ kind: 'panic', at: now, epoch: highest, paused: true }]);
  return {
    state: next.state,
    effects: [...next.effects, log('warn', 'panic', 'Paused: nothing new starts.')],
  };
}

function resume(state: AgentState, signed: Signed, now: number): Step {
  const opened = openSigned('resume', signed, (keyId) => state.trust.approve.get(keyId));
  if (!opened.ok)
    return { state, effects: [log('warn', opened.code, `A resume is refused. ${opened.sentence}`)] };
  const { tenant_id, panic_epoch } = opened.record;
  if (tenant_id !== state.identity.tenantId || panic_epoch < state.panic.epoch) {
    return {
      state,
      effects: [log('warn', 'resume', 'A resume is refused: it ends another pause than this one.')],
    };
  }
  if (!state.panic.paused && panic_epoch === state.panic.epoch) return { state, effects: [] };
  const next = record(state, [{ kind: 'panic', at: now, epoch: panic_epoch, paused: false }]);
  return {
    state: next.state,
    effects: [...next.effects, log('info', 'resume', 'Resumed by signed record.')],
  };
}

function take(state: AgentState, signed: Signed, around: Surroundings): Step {
  const verification = verify({ ...around, signed, state });
  if (verification.outcome === 'ignored') {
    return withCredit({ state, effects: [log('warn', verification.code, verification.sentence)] });
  }
  const { envelope } = verification;
  const known = state.jobs.get(envelope.envelope_id);
  if (known !== undefined) return withCredit({ state, effects: reportsOf(known).map(send) });
  const about = aboutEnvelope(envelope);
  const at = around.now;
  if (verification.outcome === 'refused') {
    const report = rejected(about, verification.code, verification.sentence);
    const next = record(state, [{ kind: 'rejected', at, seq: envelope.seq, report }]);
    const effects = [...next.effects, log('warn', report.code, report.sentence), send(report)];
    return withCredit({ state: next.state, effects });
  }
  const { seq, idem_key: idemKey } = envelope;
  const next = record(state, [
    { kind: 'verified', at, about, seq, idemKey, approvals: [...verification.approvalIds] },
    { kind: 'started', at, about },
  ]);
  const started: Report = { kind: 'started', ...about, startedAt: at };
  return withCredit({
    state: next.state,
    effects: [...next.effects, { kind: 'spawn', envelope }, send(started)],
  });
}

function kill(state: AgentState, envelopeId: string): readonly Effect[] {
  if (state.jobs.get(envelopeId)?.status !== 'started') return [];
  return [log('warn', 'kill', 'A person ends a running step.'), { kind: 'stop', envelopeId }];
}

function output(state: AgentState, input: Extract<Input, { kind: 'output' }>): Step {
  const job = state.jobs.get(input.envelopeId);
  if (job?.status !== 'started') return { state, effects: [] };
  return { state, effects: [send({ kind: 'output', ...job.about, tail: input.tail, bytes: input.bytes })] };
}

function end(state: AgentState, envelopeId: string, now: number, ending: (about: About) => Ending): Step {
  const job = state.jobs.get(envelopeId);
  if (job?.status !== 'started') return { state, effects: [] };
  const report = ending(job.about);
  const next = record(state, [{ kind: 'ended', at: now, report }]);
  return withCredit({ state: next.state, effects: [...next.effects, send(report)] });
}

function acknowledge(state: AgentState, envelopeId: string, kind: string, now: number): Step {
  const job = state.jobs.get(envelopeId);
  if (job?.status !== 'ended' || job.acked || job.report.kind !== kind) return { state, effects: [] };
  return record(state, [{ kind: 'acked', at: now, envelopeId }]);
}

function fault(state: AgentState, sentence: string): Step {
  if (state.faults.includes(sentence)) return { state, effects: [] };
  return {
    state: { ...state, faults: [...state.faults, sentence] },
    effects: [log('error', 'fault', sentence)],
  };
}

/** Journals entries and folds them into the state. */
function record(state: AgentState, entries: readonly Entry[]): Step {
  return { state: evolve(state, entries), effects: entries.map((entry) => ({ kind: 'append', entry })) };
}

/** Says after every change how many jobs the agent would take now. */
function withCredit({ state, effects }: Step): Step {
  if (!state.connected) return { state, effects };
  const open = standstill(state) === null && !state.panic.paused;
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

function rejected(about: About, code: string, sentence: string): Extract<Ending, { kind: 'rejected' }> {
  return { kind: 'rejected', ...about, code, sentence: sentence.slice(0, 1000) };
}

function send(report: Report): Effect {
  return { kind: 'send', report };
}

function log(level: 'info' | 'warn' | 'error', code: string, sentence: string): Effect {
  return { kind: 'log', level, code, sentence };
}
