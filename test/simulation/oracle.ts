import { isDeepStrictEqual } from 'node:util';
import { GENESIS, linkHash } from '../../src/audit/chain.ts';
import { eventContext, snapshotContext, TENANT_STREAM } from '../../src/audit/log.ts';
import { unseal } from '../../src/audit/seal.ts';
import { runOf } from '../../src/audit/streams.ts';
import type { Kind, SubjectKind, Typed } from '../../src/audit/subject.ts';
import type { RunId, TenantId } from '../../src/protocol/ids.ts';
import {
  type ApprovalRecord,
  type Envelope,
  type Exec,
  execSha256,
  LEASE_TTL_MS,
  type Report,
} from '../../src/protocol/index.ts';
import { initialRun } from '../../src/run/evolve.ts';
import { runKind } from '../../src/run/kind.ts';
import type { Approval, RunEvent, RunState, StepState } from '../../src/run/run.ts';
import { currentStep } from '../../src/run/run.ts';
import { hasEnded, isSettled, isUnderWay } from '../../src/run/states.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { hasRole, roleOf } from '../../src/tenant/roles.ts';
import { type TenantEvent, type TenantState, tenantKind } from '../../src/tenant/tenant.ts';
import type { Ledger, Started } from './ledger.ts';
import type { EventRow, MemoryDatabase, Witness } from './memory-store.ts';

/** What must never be found. */
export const HARMS = ['doubles', 'lost', 'stuck', 'unrecorded'] as const;
export type Harm = (typeof HARMS)[number];

export interface Finding {
  readonly harm: Harm;
  readonly sentence: string;
}

/** A job as it was sent, and the yes that it was sent on. */
interface Sent {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly envelope: Envelope;
  readonly exp: number;
  readonly approval: Approval;
  readonly approvedSha256: string;
}

/** A run as its commits add up to, and the yes that holds for each of its steps. */
interface Story {
  state: RunState;
  readonly events: RunEvent[];
}

/** Clocks may be this far from the truth, and a start this late by them (ms): 30 s each, and what is on its way. */
const SLACK_MS = 70_000;

/** No run of a few steps has as many events as this, whatever happens to it. */
const MOST_EVENTS = 400;

/**
 * Stands outside: sees every commit as it is made and every command as it really begins, and compares. Nothing that it
 * knows is known to the system.
 */
export class Oracle implements Witness {
  readonly findings: Finding[] = [];
  readonly #tenant: TenantId;
  readonly #ledger: Ledger;
  /** True time, in ms since 1970. */
  readonly #now: () => number;
  readonly #note: (what: string) => void;
  readonly #stories = new Map<string, Story>();
  readonly #sent = new Map<string, Sent>();
  /** Envelopes of which the log says that they started nothing. */
  readonly #writtenOff = new Map<string, string>();
  /** Rulings that asked for one attempt more, by run, step and attempt: also those that were lost again. */
  readonly #reopened = new Set<string>();
  /** Contradictions and recoveries, by run, step and attempt. */
  readonly #disputed = new Set<string>();
  readonly #events = new Map<string, { readonly row: EventRow; readonly event: Typed }>();
  /** The epochs of pauses that were ended, also when that was lost again. */
  readonly #resumed = new Set<number>();
  /** When each pause was committed first, by its epoch. */
  readonly #pausedAt = new Map<number, number>();
  #tenantState: TenantState = tenantKind.initial;
  readonly #tenantEvents: TenantEvent[] = [];
  #hasLost = false;
  dataKey: Uint8Array | null = null;
  /** What went wrong in the oracle itself, if anything. */
  defect: unknown = null;
  /** Whoever watches what happens in a run. */
  tell: (event: RunEvent, run: RunId) => void = () => undefined;

  constructor(tenant: TenantId, ledger: Ledger, now: () => number, note: (what: string) => void) {
    this.#tenant = tenant;
    this.#ledger = ledger;
    this.#now = now;
    this.#note = note;
  }

  /** True when every run has ended or waits for somebody. */
  get isQuiet(): boolean {
    return [...this.#stories.values()].every(({ state }) => this.#waits(state) === null);
  }

  /** Something waits for a person to say something. */
  get asksPeople(): boolean {
    return (
      this.#tenantState.paused !== null || this.runs.some(({ status, steps }) => asksPeople(status, steps))
    );
  }

  get runs(): readonly RunState[] {
    return [...this.#stories.values()].map(({ state }) => state);
  }

  get tenantState(): TenantState {
    return this.#tenantState;
  }

  committed(rows: readonly EventRow[]): void {
    for (const row of rows) {
      const event = this.#read(row);
      this.#events.set(keyOf(row), { row, event });
      this.#note(`${row.stream} ${row.version} ${event.type}`);
      if (row.stream === TENANT_STREAM) {
        this.#onTenant(event as TenantEvent);
      } else if (row.stream.startsWith('run-')) this.#onRun(row, event as RunEvent);
    }
  }

  lost(rows: readonly EventRow[]): void {
    this.#hasLost = true;
    for (const row of [...rows].reverse()) {
      this.#note(`${row.stream} ${row.version} never was`);
      this.#events.delete(keyOf(row));
      if (row.stream === TENANT_STREAM) {
        const event = this.#tenantEvents.pop();
        if (event?.type === 'tenant.paused') this.#pausedAt.delete(event.panicEpoch);
        this.#tenantState = this.#tenantEvents.reduce(tenantKind.evolve, tenantKind.initial);
        continue;
      }
      const story = this.#stories.get(row.stream);
      story?.events.pop();
      if (story) story.state = story.events.reduce(runKind.evolve, initialRun);
      if (story?.events.length === 0) this.#stories.delete(row.stream);
    }
  }

  /** A command begins on a host. A fault in here must not look like one of the agent's: it is kept. */
  started(it: Started): void {
    try {
      this.#onStart(it);
    } catch (error) {
      this.defect = error;
    }
  }

  #onStart(it: Started): void {
    const what = `${it.run} ${it.step} attempt ${it.attempt}`;
    const before = this.#ledger.of(it.run, it.step).filter((one) => one !== it);
    for (const one of before) this.#compareStarts(one, it, what);
    if (it.envelopeId === null)
      return this.#find('unrecorded', `${what} began before its start was durable.`);
    if (it.panic?.paused)
      this.#find('unrecorded', `${what} began on an agent whose journal says that it is paused.`);
    if (it.panic && !it.panic.paused) this.#compareToResumes(it.panic.epoch, what);
    if (it.toldOfPause !== null)
      this.#find('unrecorded', `${what} began after the agent was told of pause ${it.toldOfPause}.`);
    const off = this.#writtenOff.get(it.envelopeId);
    if (off !== undefined) this.#find('lost', `${what} began, and the log said of it: ${off}.`);
    const sent = this.#sent.get(it.envelopeId);
    if (sent === undefined) return this.#find('unrecorded', `${what} began, and the log never sent it.`);
    this.#compareToSent(it, sent, what);
  }

  /** The gateway may now acknowledge this report of an agent. */
  acknowledged(report: Report): void {
    const story = this.#stories.get(`run-${report.runId}`);
    const step = story?.state.steps.find(({ id }) => id === report.stepId);
    if (step === undefined) return;
    const what = `${report.kind} of ${report.runId} ${report.stepId} attempt ${report.attempt}`;
    const isEnding = report.kind === 'finished' || report.kind === 'rejected' || report.kind === 'unknown';
    if (isEnding && step.dispatch?.envelopeId === report.envelopeId && isUnderWay(step.status))
      this.#find('lost', `The report ${what} is acknowledged, and the step is still ${step.status}.`);
    if (report.kind === 'finished' && !this.#isRecorded(step, report))
      this.#find('lost', `The report ${what} is acknowledged and recorded nowhere.`);
  }

  /** After the last moment: what is kept is what was committed, and nothing hangs. */
  conclude(database: MemoryDatabase): void {
    if (this.findings.length > 0) return;
    for (const { state } of this.#stories.values()) {
      const waits = this.#waits(state);
      if (waits !== null) this.#find('stuck', `Run ${state.plan?.runId} ${waits} and nobody is asked.`);
    }
    for (const it of this.#ledger.started) {
      const step = this.#stories.get(`run-${it.run}`)?.state.steps.find(({ id }) => id === it.step);
      if (!this.#hasLost && (step?.attempt ?? 0) < it.attempt)
        this.#find('lost', `${it.run} ${it.step} attempt ${it.attempt} ran, and the log does not know.`);
    }
    this.#checkChains(database);
  }

  #find(harm: Harm, sentence: string): void {
    this.findings.push({ harm, sentence });
    this.#note(`HARM ${harm}: ${sentence}`);
  }

  #read(row: EventRow): Typed {
    if (this.dataKey === null) throw new Error('The oracle has no data key.');
    const ref = { tenant: this.#tenant, stream: row.stream as never };
    const plain = unseal(this.dataKey, row.payload, eventContext(ref, row.version, row.type));
    return JSON.parse(Buffer.from(plain).toString());
  }

  #onTenant(event: TenantEvent): void {
    this.#tenantEvents.push(event);
    this.#tenantState = tenantKind.evolve(this.#tenantState, event);
    const { panicEpoch } = this.#tenantState;
    if (event.type === 'tenant.resumed') this.#resumed.add(panicEpoch);
    if (event.type === 'tenant.paused' && !this.#pausedAt.has(panicEpoch))
      this.#pausedAt.set(panicEpoch, this.#now());
  }

  #onRun(row: EventRow, event: RunEvent): void {
    const story = this.#stories.get(row.stream) ?? { state: initialRun, events: [] };
    this.#stories.set(row.stream, story);
    const before = story.state;
    story.state = runKind.evolve(before, event);
    story.events.push(event);
    if (story.events.length === MOST_EVENTS)
      this.#find('stuck', `${row.stream} goes round in circles: ${MOST_EVENTS} events.`);
    const run = runOf({ tenant: this.#tenant, stream: row.stream as never });
    this.tell(event, run);
    if (!('step' in event)) return;
    const step = before.steps.find(({ id }) => id === event.step);
    if (step) this.#onStep(run, before, step, event);
  }

  #onStep(run: string, before: RunState, step: StepState, event: Extract<RunEvent, { step: unknown }>): void {
    const what = `${run} ${step.id} attempt ${step.attempt}`;
    const envelopeId = step.dispatch?.envelopeId ?? '';
    const ran = this.#ledger.started.find((one) => one.envelopeId === envelopeId);
    switch (event.type) {
      case 'step.dispatched':
        return this.#onDispatch(run, before, step, event);
      case 'step.reopened':
        this.#reopened.add(`${run} ${step.id} ${event.ruling.attempt}`);
        return;
      case 'step.contradicted':
      case 'step.recovered':
        this.#disputed.add(`${run} ${step.id} ${event.attempt}`);
        return;
      case 'step.not-delivered':
      case 'step.not-started':
      case 'step.rejected':
        this.#writtenOff.set(envelopeId, event.type);
        if (ran) this.#find('lost', `The log says ${event.type} of ${what}, and it ran.`);
        return;
      case 'step.started':
        if (!this.#ledger.tried.has(envelopeId))
          this.#find('lost', `The log says that ${what} started, and nobody tried.`);
        return;
      case 'step.succeeded':
      case 'step.failed': {
        const { exitCode, signal } = event.result;
        const isSo = ran?.end?.exitCode === exitCode && ran.end.signal === signal;
        if (!isSo) this.#find('lost', `The log says that ${what} ended as it did not.`);
      }
    }
  }

  /** The last gate: what is sent is approved, once, and nothing was paused when it was. */
  #onDispatch(
    run: string,
    state: RunState,
    step: StepState,
    { dispatch, attempt }: Extract<RunEvent, { type: 'step.dispatched' }>,
  ): void {
    const envelope: Envelope = JSON.parse(Buffer.from(dispatch.envelope.payload, 'base64url').toString());
    const what = `${run} ${step.id} attempt ${attempt}`;
    const { paused, panicEpoch } = this.#tenantState;
    if (paused !== null || envelope.panic_epoch !== panicEpoch)
      this.#find(
        'unrecorded',
        `${what} was sent of epoch ${envelope.panic_epoch}, after pause ${panicEpoch}.`,
      );
    const { approval, job } = step;
    if (step.status !== 'approved' || !approval || !job)
      return this.#find('unrecorded', `${what} was sent, and nobody had approved it.`);
    this.#compareToApproval(what, approval, job.execSha256, attempt);
    const isAuto = job.verdict.risk === 'safe' && state.plan?.trust === 'guided' && attempt === 1;
    if (approval.by === null && !isAuto)
      this.#find('unrecorded', `${what} was sent, and no person approved it.`);
    if (job.verdict.risk === 'danger' && approval.as?.approver === approval.as?.requester)
      this.#find('unrecorded', `${what} is dangerous and was approved by who asked for it.`);
    const { exp } = dispatch;
    const approvedSha256 = job.execSha256;
    const sent = { run, step: step.id, attempt, envelope, exp, approval, approvedSha256 };
    this.#sent.set(dispatch.envelopeId, sent);
  }

  /** The yes is to these bytes and this attempt, by somebody who may still say it, and nothing was paused since. */
  #compareToApproval(
    what: string,
    { by, as, record, panicEpoch }: Approval,
    sha256: string,
    attempt: number,
  ): void {
    if (panicEpoch !== this.#tenantState.panicEpoch)
      this.#find('unrecorded', `${what} was sent on an approval from before the last pause.`);
    if (by === null || record === null) return;
    const said: ApprovalRecord = JSON.parse(Buffer.from(record.payload, 'base64url').toString());
    if (said.exec_sha256 !== sha256 || said.attempt !== attempt)
      this.#find('unrecorded', `${what} was sent on an approval of something else.`);
    const role = roleOf({ user: by, standing: 'member', admin: as?.slackAdmin ?? false }, this.#tenantState);
    if (!hasRole(role, 'approver'))
      this.#find('unrecorded', `${what} was sent on an approval by somebody who is no approver any more.`);
  }

  /** Whatever runs a second time needs somebody's word that it may, given after the first. */
  #compareStarts(earlier: Started, later: Started, what: string): void {
    if (earlier.attempt >= later.attempt)
      return this.#find('doubles', `${what} began, after attempt ${earlier.attempt} had.`);
    const attempts = Array.from(
      { length: later.attempt - earlier.attempt },
      (_, more) => earlier.attempt + more,
    );
    if (!attempts.some((attempt) => this.#reopened.has(`${later.run} ${later.step} ${attempt}`)))
      this.#find(
        'doubles',
        `${what} began, and nobody asked for it after attempt ${earlier.attempt} had run.`,
      );
  }

  #compareToSent(it: Started, sent: Sent, what: string): void {
    if (sent.run !== it.run || sent.step !== it.step || sent.attempt !== it.attempt)
      this.#find('unrecorded', `${what} began by an envelope for something else.`);
    if (execSha256(execOf(it, sent.envelope.exec)) !== sent.approvedSha256)
      this.#find('unrecorded', `${what} is not what was approved.`);
    const { approval, envelope } = sent;
    const paused = this.#pausedAt.get(envelope.panic_epoch + 1);
    if (paused !== undefined && it.at > paused + LEASE_TTL_MS)
      this.#find(
        'unrecorded',
        `${what} began ${Math.round(it.at - paused)} ms after a pause that its sending did not know.`,
      );
    if (it.at > Math.min(sent.exp, approval.startBy) + SLACK_MS)
      this.#find('unrecorded', `${what} began when its time was over.`);
  }

  /** An agent that was paused goes on only when people have said so. */
  #compareToResumes(epoch: number, what: string): void {
    if (!this.#resumed.has(epoch))
      this.#find(
        'unrecorded',
        `${what} began on an agent that went on after pause ${epoch}, and nobody resumed.`,
      );
  }

  #isRecorded(step: StepState, said: Extract<Report, { kind: 'finished' }>): boolean {
    if (this.#disputed.has(`${said.runId} ${said.stepId} ${said.attempt}`)) return true;
    if (step.attempt !== said.attempt) return false;
    const { result, ruling } = step;
    if (result !== null) return result.exitCode === said.exitCode && result.signal === said.signal;
    const isSuccess = said.exitCode === 0 && !said.timedOut;
    return ruling?.attempt === said.attempt && ruling.choice === (isSuccess ? 'succeeded' : 'failed');
  }

  /** What a run waits for that nobody is asked for, or null. */
  #waits(state: RunState): string | null {
    const underWay = state.steps.find(({ status }) => isUnderWay(status));
    if (underWay) return `has a step that is ${underWay.status}`;
    if (hasEnded(state.status) || state.status === 'paused' || state.status === 'needs-person') return null;
    const step = currentStep(state, isSettled);
    if (step === null) return 'has nothing left to do';
    const asks = ASKING.includes(step.status);
    const isHeldBack = step.status === 'waiting' && this.#tenantState.paused !== null;
    return asks || isHeldBack ? null : `stands at a step that is ${step.status}`;
  }

  #checkChains(database: MemoryDatabase): void {
    const ends = new Map<string, { hash: Uint8Array; version: number; state: unknown }>();
    const subjects = new Map(
      database.subjects(this.#tenant).map((subject) => [subject.stream as string, subject]),
    );
    const kept = database.events(this.#tenant);
    if (kept.length !== this.#events.size)
      this.#find('lost', 'There are more or fewer records than commits.');
    for (const row of kept) {
      const kind = KINDS[subjects.get(row.stream)?.kind ?? 'incident'];
      const end = ends.get(row.stream) ?? { hash: GENESIS, version: 0, state: kind?.initial };
      const known = this.#events.get(keyOf(row));
      const isWhole =
        row.version === end.version + 1 &&
        Buffer.compare(row.prevHash, end.hash) === 0 &&
        Buffer.compare(linkHash(row), row.hash) === 0 &&
        known?.row === row;
      if (!isWhole) return this.#find('lost', `The chain of ${row.stream} breaks at ${row.version}.`);
      const state = kind && known ? kind.evolve(end.state, known.event) : undefined;
      ends.set(row.stream, { hash: row.hash, version: row.version, state });
    }
    for (const { kind, stream, version, snapshot } of subjects.values()) {
      const end = ends.get(stream);
      if (end?.version !== version)
        this.#find('lost', `The snapshot of ${stream} is not of its last record.`);
      if (!KINDS[kind] || !this.dataKey) continue;
      const plain = unseal(
        this.dataKey,
        snapshot,
        snapshotContext({ tenant: this.#tenant, stream }, version),
      );
      const state = JSON.parse(Buffer.from(plain).toString());
      if (!isDeepStrictEqual(state, JSON.parse(JSON.stringify(end?.state))))
        this.#find('lost', `The snapshot of ${stream} is not what its records add up to.`);
    }
  }
}

const KINDS: Partial<Record<SubjectKind, Kind<unknown, unknown, Typed>>> = {
  run: runKind as unknown as Kind<unknown, unknown, Typed>,
  tenant: tenantKind as unknown as Kind<unknown, unknown, Typed>,
  agent: agentKind as unknown as Kind<unknown, unknown, Typed>,
};

const ASKING: readonly string[] = ['awaiting-approval', 'by-hand', 'stalled', 'unknown'];

function asksPeople(status: RunState['status'], steps: RunState['steps']): boolean {
  return !hasEnded(status) && (status === 'paused' || steps.some((step) => ASKING.includes(step.status)));
}

const keyOf = ({ stream, version }: Pick<EventRow, 'stream' | 'version'>): string => `${stream}|${version}`;

/** The exec block that what really began adds up to; of its environment, what the envelope set. */
function execOf({ spec }: Started, exec: Exec): Exec {
  const env = Object.fromEntries(Object.keys(exec.env).map((name) => [name, spec.env[name] ?? '']));
  const command = spec.argv.at(-1) ?? '';
  return { mode: 'bash', command_b64: Buffer.from(command).toString('base64url'), cwd: spec.cwd, env };
}
