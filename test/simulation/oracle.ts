import { eventContext, TENANT_STREAM } from '../../src/audit/log.ts';
import { unseal } from '../../src/audit/seal.ts';
import { runOf } from '../../src/audit/streams.ts';
import type { Typed } from '../../src/audit/subject.ts';
import { type RunId, streamId, type TenantId } from '../../src/protocol/ids.ts';
import type { Report } from '../../src/protocol/index.ts';
import { initialRun } from '../../src/run/evolve.ts';
import { runKind } from '../../src/run/kind.ts';
import type { RunEvent, RunState, StepState } from '../../src/run/run.ts';
import { isUnderWay } from '../../src/run/states.ts';
import { type TenantEvent, type TenantState, tenantKind } from '../../src/tenant/tenant.ts';
import { brokenChains, keyOf, type Record } from './chains.ts';
import type { Ledger, Started } from './ledger.ts';
import type { EventRow, MemoryDatabase, Witness } from './memory-store.ts';
import { judgeSending, type Sent } from './sending.ts';
import { judgeStart } from './starting.ts';
import { asksPeople, hangs } from './waiting.ts';

/** What must never be found. */
export const HARMS = ['doubles', 'lost', 'stuck', 'unrecorded'] as const;
export type Harm = (typeof HARMS)[number];

export interface Finding {
  readonly harm: Harm;
  readonly sentence: string;
}

/** What an agent believes of pauses. */
export interface Stand {
  readonly epoch: number;
  readonly paused: boolean;
}

/** A run as its commits add up to. */
interface Story {
  state: RunState;
  readonly events: RunEvent[];
}

type StepEvent = Extract<RunEvent, { step: unknown }>;

/** No run of a few steps has as many events as this, whatever happens to it. */
const MOST_EVENTS = 400;

const attemptKey = (run: string, step: string, attempt: number): string => `${run} ${step} ${attempt}`;

/**
 * Stands outside: sees every commit as it is made, every command as it really begins and every report that is
 * acknowledged, and compares. Nothing that it knows is known to the system. What it has seen once it keeps, also when a
 * database has lost it.
 */
export class Oracle implements Witness {
  readonly findings: Finding[] = [];
  /** The tenant's key, once there is one. */
  dataKey: Uint8Array | null = null;
  /** What went wrong in the oracle itself, if anything. */
  defect: unknown = null;
  /** Whoever watches what happens in runs. */
  tell: (event: RunEvent, run: RunId) => void = () => undefined;
  readonly #tenantId: TenantId;
  readonly #ledger: Ledger;
  /** True time, in ms since 1970. */
  readonly #now: () => number;
  readonly #note: (what: string) => void;
  readonly #records = new Map<string, Record>();
  readonly #stories = new Map<string, Story>();
  /** By envelope id: what was sent, and how the log said that it started nothing. */
  readonly #sent = new Map<string, Sent>();
  readonly #writtenOff = new Map<string, string>();
  /** By attempt: those that a further one was asked for, that never started, and that somebody has to look at. */
  readonly #reopened = new Set<string>();
  readonly #neverStarted = new Set<string>();
  readonly #disputed = new Set<string>();
  /** By epoch: pauses that were ended, and when each that still counts was committed. */
  readonly #resumed = new Set<number>();
  readonly #pausedAt = new Map<number, number>();
  readonly #tenantEvents: TenantEvent[] = [];
  #tenant: TenantState = tenantKind.initial;
  #hasLost = false;

  constructor(tenant: TenantId, ledger: Ledger, now: () => number, note: (what: string) => void) {
    this.#tenantId = tenant;
    this.#ledger = ledger;
    this.#now = now;
    this.#note = note;
  }

  /** True when every run has ended or waits for somebody. */
  get isQuiet(): boolean {
    return this.#runs.every((run) => hangs(run, this.#tenant) === null);
  }

  /** Something that was sent to this agent has not ended. */
  waitsFor(agent: string): boolean {
    return this.#runs.some(
      ({ plan, steps }) => plan?.agentId === agent && steps.some(({ status }) => isUnderWay(status)),
    );
  }

  /** An agent that stands so has heard what was said of pauses, or of one that was lost since. */
  agrees({ epoch, paused }: Stand): boolean {
    const { panicEpoch } = this.#tenant;
    const isOfLost = this.#hasLost && epoch > panicEpoch;
    return isOfLost || (epoch === panicEpoch && paused === (this.#tenant.paused !== null));
  }

  /** Something waits for a person to say something. */
  get asksPeople(): boolean {
    return this.#tenant.paused !== null || this.#runs.some(asksPeople);
  }

  get #runs(): readonly RunState[] {
    return [...this.#stories.values()].map(({ state }) => state);
  }

  committed(rows: readonly EventRow[]): void {
    for (const row of rows) {
      const event = this.#read(row);
      this.#records.set(keyOf(row), { row, event });
      this.#note(`${row.stream} ${row.version} ${event.type}`);
      if (row.stream === TENANT_STREAM) this.#onTenant(event as TenantEvent);
      else if (row.stream.startsWith('run-')) this.#onRun(row.stream, event as RunEvent);
    }
  }

  lost(rows: readonly EventRow[]): void {
    this.#hasLost = true;
    for (const row of rows.toReversed()) {
      this.#note(`${row.stream} ${row.version} never was`);
      this.#records.delete(keyOf(row));
      if (row.stream === TENANT_STREAM) this.#undoTenant();
      else this.#undoRun(row.stream);
    }
  }

  /** A command begins on a host. A fault in here must not look like one of the agent's: it is kept. */
  started(it: Started): void {
    try {
      const { run, step, envelopeId } = it;
      const sent = this.#sent.get(envelopeId ?? '');
      const findings = judgeStart(it, {
        sent,
        writtenOff: this.#writtenOff.get(envelopeId ?? ''),
        before: this.#ledger.of(run, step).filter((one) => one !== it),
        newestSeq: sent ? this.#newestSeq(it, sent) : 0,
        wasReopened: (attempt) => this.#reopened.has(attemptKey(run, step, attempt)),
        wasResumed: (epoch) => this.#resumed.has(epoch),
        pausedAt: (epoch) => this.#pausedAt.get(epoch),
      });
      for (const { harm, sentence } of findings) this.#find(harm, sentence);
    } catch (error) {
      this.defect = error;
    }
  }

  /** The gateway may now acknowledge this report of an agent. */
  acknowledged(report: Report): void {
    const story = this.#stories.get(`run-${report.runId}`);
    const step = story?.state.steps.find(({ id }) => id === report.stepId);
    if (step === undefined) return;
    const what = `The report ${report.kind} of ${attemptKey(report.runId, report.stepId, report.attempt)}`;
    const isEnding = ['finished', 'rejected', 'unknown'].includes(report.kind);
    if (isEnding && step.dispatch?.envelopeId === report.envelopeId && isUnderWay(step.status))
      this.#find('lost', `${what} is acknowledged, and the step is still ${step.status}.`);
    if (report.kind === 'finished' && !this.#isRecorded(step, report))
      this.#find('lost', `${what} is acknowledged and recorded nowhere.`);
  }

  /** After the last moment: what is kept is what was committed, and nothing hangs. */
  conclude(database: MemoryDatabase, deaf: readonly string[]): void {
    if (this.findings.length > 0 || this.dataKey === null) return;
    for (const agent of deaf)
      this.#find(
        'stuck',
        `Agent ${agent} is connected and has not heard how pause ${this.#tenant.panicEpoch} stands.`,
      );
    for (const run of this.#runs) {
      const why = hangs(run, this.#tenant);
      if (why !== null) this.#find('stuck', `Run ${run.plan?.runId} ${why}, and nobody is asked.`);
    }
    for (const { run, step, attempt } of this.#ledger.started) {
      const known = this.#stories.get(`run-${run}`)?.state.steps.find(({ id }) => id === step);
      if (!this.#hasLost && (known?.attempt ?? 0) < attempt)
        this.#find('lost', `${attemptKey(run, step, attempt)} ran, and the log does not know.`);
    }
    for (const sentence of brokenChains(database, this.#tenantId, this.dataKey, this.#records))
      this.#find('lost', sentence);
  }

  /** Among the envelopes for one agent since it was last enrolled that something has begun by, but for this one. */
  #newestSeq(it: Started, { envelope }: Sent): number {
    const seqs = this.#ledger.started
      .filter((one) => one !== it && one.host === it.host)
      .map(({ envelopeId }) => this.#sent.get(envelopeId ?? '')?.envelope)
      .map((other) => (other?.agent_epoch === envelope.agent_epoch ? other.seq : 0));
    return Math.max(0, ...seqs);
  }

  #find(harm: Harm, sentence: string): void {
    this.findings.push({ harm, sentence });
    this.#note(`HARM ${harm}: ${sentence}`);
  }

  #read({ stream, version, type, payload }: EventRow): Typed {
    if (this.dataKey === null) throw new Error('Something was committed before there was a data key.');
    const ref = { tenant: this.#tenantId, stream: streamId(stream) };
    return JSON.parse(
      Buffer.from(unseal(this.dataKey, payload, eventContext(ref, version, type))).toString(),
    );
  }

  #onTenant(event: TenantEvent): void {
    this.#tenantEvents.push(event);
    this.#tenant = tenantKind.evolve(this.#tenant, event);
    const { panicEpoch } = this.#tenant;
    if (event.type === 'tenant.resumed') this.#resumed.add(panicEpoch);
    if (event.type === 'tenant.paused') this.#pausedAt.set(panicEpoch, this.#now());
  }

  #undoTenant(): void {
    const event = this.#tenantEvents.pop();
    if (event?.type === 'tenant.paused') this.#pausedAt.delete(event.panicEpoch);
    this.#tenant = this.#tenantEvents.reduce(tenantKind.evolve, tenantKind.initial);
  }

  #onRun(stream: string, event: RunEvent): void {
    const story = this.#stories.get(stream) ?? { state: initialRun, events: [] };
    this.#stories.set(stream, story);
    const before = story.state;
    story.state = runKind.evolve(before, event);
    story.events.push(event);
    if (story.events.length === MOST_EVENTS)
      this.#find('stuck', `${stream} goes round in circles: ${MOST_EVENTS} events.`);
    const run = runOf({ tenant: this.#tenantId, stream: streamId(stream) });
    this.tell(event, run);
    const step = 'step' in event ? before.steps.find(({ id }) => id === event.step) : undefined;
    if (step) this.#onStep(run, before, step, event as StepEvent);
  }

  #undoRun(stream: string): void {
    const story = this.#stories.get(stream);
    if (!story) return;
    story.events.pop();
    story.state = story.events.reduce(runKind.evolve, initialRun);
    if (story.events.length === 0) this.#stories.delete(stream);
  }

  /** What the log says of an attempt is so. */
  #onStep(run: string, before: RunState, step: StepState, event: StepEvent): void {
    const what = attemptKey(run, step.id, step.attempt);
    const envelopeId = step.dispatch?.envelopeId ?? '';
    switch (event.type) {
      case 'step.dispatched':
        this.#onDispatch(run, before, step, event);
        break;
      case 'step.approved':
        if (this.#tenant.paused !== null)
          this.#find('unrecorded', `${what} was approved while everything was paused.`);
        break;
      case 'step.reopened':
        this.#reopened.add(what);
        break;
      case 'step.contradicted':
      case 'step.recovered':
        this.#disputed.add(attemptKey(run, step.id, event.attempt));
        break;
      case 'step.not-delivered':
      case 'step.not-started':
      case 'step.rejected':
        this.#writtenOff.set(envelopeId, event.type);
        if (event.type === 'step.not-started') this.#neverStarted.add(what);
        if (this.#ranAs(run, step)) this.#find('lost', `The log says ${event.type} of ${what}, and it ran.`);
        break;
      case 'step.started':
        if (!this.#ledger.tried.has(envelopeId))
          this.#find('lost', `The log says that ${what} started, and nobody tried.`);
        break;
      case 'step.succeeded':
      case 'step.failed': {
        const { exitCode, signal } = event.result;
        const end = this.#ranAs(run, step)?.end;
        if (end?.exitCode !== exitCode || end.signal !== signal)
          this.#find('lost', `The log says that ${what} ended as it did not.`);
      }
    }
  }

  /** What really ran as the newest attempt. A recovered attempt has no envelope on record. */
  #ranAs(run: string, { id, attempt, dispatch }: StepState): Started | undefined {
    const began = this.#ledger.of(run, id);
    return dispatch
      ? began.find(({ envelopeId }) => envelopeId === dispatch.envelopeId)
      : began.find((one) => one.attempt === attempt);
  }

  #onDispatch(
    run: string,
    state: RunState,
    step: StepState,
    { attempt, dispatch }: Extract<RunEvent, { type: 'step.dispatched' }>,
  ): void {
    const previous = attemptKey(run, step.id, attempt - 1);
    const hasLeave = attempt === 1 || this.#reopened.has(previous) || this.#neverStarted.has(previous);
    const sending = { run, state, step, attempt, dispatch, tenant: this.#tenant, hasLeave };
    const { sent, wrong } = judgeSending(sending);
    for (const sentence of wrong) this.#find('unrecorded', sentence);
    if (sent) this.#sent.set(dispatch.envelopeId, sent);
  }

  #isRecorded(step: StepState, said: Extract<Report, { kind: 'finished' }>): boolean {
    if (this.#disputed.has(attemptKey(said.runId, said.stepId, said.attempt))) return true;
    if (step.attempt !== said.attempt) return false;
    const { result, ruling } = step;
    if (result !== null) return result.exitCode === said.exitCode && result.signal === said.signal;
    const isSuccess = said.exitCode === 0 && !said.timedOut;
    return ruling?.attempt === said.attempt && ruling.choice === (isSuccess ? 'succeeded' : 'failed');
  }
}
