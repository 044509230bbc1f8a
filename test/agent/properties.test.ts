import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Effect, type Input, step } from '../../agent/core.ts';
import type { Entry } from '../../agent/entry.ts';
import { type AgentState, evolve, type Job as JournaledJob, running } from '../../agent/state.ts';
import { runId, stepId } from '../../src/protocol/ids.ts';
import { type RecordInput, type Signed, toBase64url } from '../../src/protocol/index.ts';
import { connected, outcome } from './play.ts';
import {
  approvalFor,
  approvedJob,
  benchWith,
  bundleWith,
  idemOf,
  jobWith,
  keyFrom,
  leaseWith,
  M0,
  policyOf,
  resumeOf,
  signJob,
  stateWith,
  T0,
} from './world.ts';

type Job = RecordInput<'job'>;

/** One thing that happens; `crash` is after how many effects the program dies, if it does. */
type Event =
  | { readonly happens: 'input'; readonly input: (host: Host) => Input; readonly crash: number | null }
  | { readonly happens: 'time'; readonly ms: number; readonly jump: number };

const initial = stateWith({
  connected: false,
  lease: null,
  leaseEpoch: 0,
  policy: policyOf('max_running: 2'),
});

const around = benchWith();

/** An agent with a disk that forgets what was not made durable, and somebody who counts what really starts. */
class Host {
  state: AgentState = initial;
  now = T0;
  mono = M0;
  durable: Entry[] = [];
  #pending: Entry[] = [];
  /** Every envelope that was spawned, over all lives. */
  readonly spawned: Job[] = [];

  /** `crash`: after how many effects the program dies, if it does. */
  feed(input: Input, crash: number | null = null): void {
    const before = this.state;
    const { state, effects } = step(before, input, { ...around, now: this.now, mono: this.mono });
    for (const effect of effects.slice(0, crash ?? effects.length)) this.#perform(effect, before);
    if (crash !== null) {
      this.#restart();
      return;
    }
    this.#sync();
    this.state = state;
    this.#expectSound(before);
  }

  /** Another life: all that is left is the journal, and of what was not made durable any beginning. */
  #restart(): void {
    this.durable.push(...this.#pending.slice(0, this.#pending.length >> 1));
    this.#pending = [];
    this.state = evolve(initial, this.durable);
    this.feed({ kind: 'woken' });
  }

  #perform(effect: Effect, before: AgentState): void {
    switch (effect.kind) {
      case 'append':
        this.#pending.push(effect.entry);
        return;
      case 'spawn':
        this.#sync();
        this.#expectSpawn(effect.envelope as Job, before);
        this.spawned.push(effect.envelope as Job);
        return;
      case 'send':
        this.#sync();
        return;
      case 'credit':
        this.#sync();
        expect(effect.jobs).toBeLessThanOrEqual(2);
        return;
      case 'stop':
      case 'reconnect':
      case 'log':
    }
  }

  #sync(): void {
    this.durable.push(...this.#pending);
    this.#pending = [];
  }

  /** What must hold at every start, judged by the state before it and by the disk. */
  #expectSpawn(envelope: Job, before: AgentState): void {
    const { lease, panic } = before;
    const last = this.durable.at(-1);
    const isSameStep = (run: string, step: string) => run === envelope.run_id && step === envelope.step_id;
    const mayHaveRun = this.spawned.some((one) => isSameStep(one.run_id, one.step_id));
    const earlier = [...before.jobs.values()].filter(({ about }) => isSameStep(about.runId, about.stepId));
    const isKnown = (job: JournaledJob) =>
      job.status === 'started' || (job.status === 'ended' && job.report.kind === 'finished');
    must('start an attempt once', !this.spawned.some((one) => idemOf(one) === idemOf(envelope)));
    must(
      'journal the start first',
      last?.kind === 'started' && last.about.envelopeId === envelope.envelope_id,
    );
    must('start nothing in a pause', !panic.paused && panic.epoch === envelope.panic_epoch);
    must('start nothing without a lease', lease !== null && lease.until - this.mono >= 2_000);
    must('start nothing of another connection', before.leaseEpoch === envelope.lease_epoch);
    must('start nothing old', before.seqMark < envelope.seq);
    must('start no more than it may', running(before).length < 2);
    must('start again only what was approved again', !mayHaveRun || envelope.authority.approvals.length > 0);
    must('start nothing again whose end is known', !earlier.some(isKnown));
  }

  #expectSound(before: AgentState): void {
    const { seqMark, leaseEpoch, lastAt, panic, trust, jobs } = this.state;
    must('keep its seq', seqMark >= before.seqMark);
    must('keep its lease epoch', leaseEpoch >= before.leaseEpoch);
    must('keep its time', lastAt >= before.lastAt);
    must('keep its panic epoch', panic.epoch >= before.panic.epoch);
    must('keep its bundle', trust.version >= before.trust.version);
    for (const [id, job] of before.jobs) {
      const now = jobs.get(id);
      must(
        'keep how a job ended',
        job.status !== 'ended' || (now?.status === 'ended' && now.report === job.report),
      );
    }
  }

  /** What an agent knows by its journal is what the journal says. */
  expectFolded(): void {
    const { connected, lease, faults, draining, trust } = this.state;
    const folded = evolve(initial, this.durable);
    expect({ ...folded, connected, lease, faults, draining, trust }).toEqual(this.state);
    expect(trust.version).toBe(folded.trust.version);
  }
}

function must(what: string, holds: boolean): void {
  if (!holds) throw new Error(`An agent must ${what}.`);
}

const small = (max: number) => fc.integer({ min: 0, max });

const jobs = fc
  .record({
    run: small(4),
    attempt: fc.constantFrom(1, 1, 2),
    seq: fc.constantFrom(1, 1, 1, 1, 2, 0, -1),
    lease: fc.constantFrom(0, 0, 0, 1),
    panic: fc.constantFrom(0, 0, 0, 1),
    copy: small(1),
    approval: fc.constantFrom('none', 'one', 'spent', 'other'),
  })
  .map(({ run, attempt, seq, lease, panic, copy, approval }) => (host: Host): Input => {
    const bare = jobWith({
      run_id: `run-${run}`,
      attempt,
      seq: Math.max(1, host.state.seqMark + seq),
      envelope_id: `envelope-${run}-${attempt}-${copy}`,
      lease_epoch: Math.max(1, host.state.leaseEpoch - lease),
      panic_epoch: Math.max(0, host.state.panic.epoch - panic),
      iat: host.now,
      exp: host.now + 300_000,
    });
    if (approval === 'none') return { kind: 'job', signed: signJob(bare) };
    const id = approval === 'spent' ? 'approval-0' : `approval-${run}-${attempt}-${copy}`;
    const times = { approval_id: id, iat: host.now, start_by: host.now + 600_000 };
    const signed = approvalFor(bare, { ...times, ...(approval === 'other' ? { run_id: 'run-9' } : {}) });
    return { kind: 'job', signed: signJob(approvedJob(bare, [signed], 'one')) };
  });

const leases = fc
  .record({
    raise: fc.constantFrom(0, 0, 1),
    panic: fc.constantFrom(0, 0, 0, 1),
    wrong: fc.constantFrom(...Array(6).fill(null), 'nonce', 'key', 'old'),
  })
  .map(
    ({ raise, panic, wrong }) =>
      (host: Host): { signed: Signed; asked: { nonce: string; at: number } } => {
        const nonce = toBase64url(new Uint8Array(16).fill(3));
        const epoch = Math.max(1, host.state.leaseEpoch + raise - (wrong === 'old' ? 2 : 0));
        const record = {
          nonce,
          now: host.now,
          lease_epoch: epoch,
          panic_epoch: host.state.panic.epoch + panic,
        };
        const signed = leaseWith(
          { ...record, seq_mark: Math.min(host.state.seqMark, 3) },
          wrong === 'key' ? keyFrom('thief') : undefined,
        );
        return { signed, asked: { nonce: wrong === 'nonce' ? '' : nonce, at: host.mono } };
      },
  );

const ids = fc
  .record({ run: small(4), attempt: fc.constantFrom(1, 2), copy: small(1) })
  .map(({ run, attempt, copy }) => ({
    runId: runId(`run-${run}`),
    stepId: stepId('s1'),
    attempt,
    envelopeId: `envelope-${run}-${attempt}-${copy}`,
  }));

const welcomes = fc
  .record({
    lease: leases,
    paused: fc.constantFrom(false, false, true),
    ahead: fc.constantFrom(0, 0, 0, 1),
    resumed: fc.boolean(),
    open: fc.array(ids, { maxLength: 2 }),
    bundle: fc.constantFrom(null, null, 1, 2),
  })
  .map(({ lease, paused, ahead, resumed, open, bundle }) => (host: Host): Input => {
    const epoch = host.state.panic.epoch + ahead;
    const { signed, asked } = lease(host);
    return {
      kind: 'connected',
      lease: signed,
      asked,
      epoch,
      paused,
      resume: resumed ? resumeOf(epoch) : null,
      open,
      bundle: bundle === null ? null : bundleWith({ version: bundle }),
    };
  });

const inputs = fc.oneof(
  { weight: 8, arbitrary: jobs },
  { weight: 3, arbitrary: welcomes },
  {
    weight: 3,
    arbitrary: leases.map(
      (lease) =>
        (host: Host): Input => ({ kind: 'lease', ...lease(host) }),
    ),
  },
  {
    weight: 4,
    arbitrary: ids.map(
      ({ envelopeId }) =>
        (): Input => ({ kind: 'exited', envelopeId, outcome }),
    ),
  },
  {
    weight: 1,
    arbitrary: ids.map(
      ({ envelopeId }) =>
        (): Input => ({ kind: 'spawn-failed', envelopeId, sentence: 'No.' }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(ids, fc.constantFrom('finished', 'unknown', 'rejected', 'started')).map(
      ([{ envelopeId }, report]) =>
        (): Input => ({ kind: 'acked', envelopeId, report }),
    ),
  },
  {
    weight: 1,
    arbitrary: small(1).map(
      (more) =>
        (host: Host): Input => ({ kind: 'pause', epoch: host.state.panic.epoch + more }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(1, 1, 1, 0, 2).map(
      (back) =>
        (host: Host): Input => ({
          kind: 'resume',
          signed: resumeOf(Math.max(0, host.state.panic.epoch + 1 - back)),
        }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Input>(
        { kind: 'tick' },
        { kind: 'disconnected' },
        { kind: 'kill', envelopeId: 'envelope-0-1-0' },
      )
      .map((input) => () => input),
  },
);

const events: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      happens: fc.constant('input' as const),
      input: inputs,
      crash: fc.constantFrom(...Array(76).fill(null), 0, 1, 2, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      happens: fc.constant('time' as const),
      ms: small(9_000),
      jump: fc.constantFrom(...Array(60).fill(0), 31_000, -31_000),
    }),
  },
);

describe('whatever happens, in whatever order, with crashes between any two effects', () => {
  test('nothing starts twice, unrecorded, unapproved again, paused or without a lease; the state is the fold of the journal', () => {
    let spawns = 0;
    fc.assert(
      fc.property(fc.array(events, { minLength: 30, maxLength: 60 }), (all) => {
        const host = new Host();
        host.feed(connected());
        for (const event of all) {
          if (event.happens === 'input') host.feed(event.input(host), event.crash);
          else {
            host.mono += event.ms;
            host.now += event.ms + event.jump;
          }
        }
        host.expectFolded();
        spawns += host.spawned.length;
      }),
      { numRuns: 150, seed: 4 },
    );
    expect(spawns).toBeGreaterThan(150);
  });
});
