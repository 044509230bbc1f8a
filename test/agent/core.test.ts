import { describe, expect, test } from '@jest/globals';
import { type Effect, type Input, type Outcome, step } from '../../agent/core.ts';
import type { Entry } from '../../agent/entry.ts';
import { type AgentState, evolve } from '../../agent/state.ts';
import type { Signed } from '../../src/protocol/index.ts';
import {
  approveKey,
  benchWith,
  dispatchKey,
  HASH,
  jobWith,
  keyFrom,
  policyOf,
  resumeOf,
  signJob,
  stateWith,
  T0,
} from './world.ts';

/** Feeds inputs one after another; keeps what was done and what was journaled. */
class Play {
  state: AgentState;
  readonly done: Effect[] = [];

  constructor(state: AgentState = stateWith({ connected: true })) {
    this.state = state;
  }

  feed(...inputs: readonly Input[]): Effect[] {
    const before = this.done.length;
    for (const input of inputs) {
      const { host, classify } = benchWith();
      const taken = step(this.state, input, { now: T0, host, classify });
      this.state = taken.state;
      this.done.push(...taken.effects);
    }
    return this.done.slice(before);
  }

  kinds(): string[] {
    return this.done.map(describeEffect).filter((text) => !text.startsWith('log'));
  }

  entries(): Entry[] {
    return this.done.flatMap((effect) => (effect.kind === 'append' ? [effect.entry] : []));
  }

  count(kind: Effect['kind']): number {
    return this.done.filter((effect) => effect.kind === kind).length;
  }
}

function describeEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'append':
      return `append ${effect.entry.kind}`;
    case 'send':
      return `send ${effect.report.kind}`;
    case 'credit':
      return `credit ${effect.jobs}`;
    default:
      return effect.kind;
  }
}

const job = (n = 1, overrides: Parameters<typeof jobWith>[0] = {}): Input => ({
  kind: 'job',
  signed: signJob(jobWith({ envelope_id: `envelope-${n}`, run_id: `run-${n}`, seq: n, ...overrides })),
});
const outcome: Outcome = {
  exitCode: 0,
  signal: null,
  timedOut: false,
  head: 'hello\n',
  tail: '',
  bytes: 6,
  sha256: HASH,
  startedAt: T0,
  finishedAt: T0 + 1,
};
const exited: Input = { kind: 'exited', envelopeId: 'envelope-1', outcome };
const acked = (report: string): Input => ({ kind: 'acked', envelopeId: 'envelope-1', report });
const connected = (epoch = 0, paused = false, resume: Signed | null = null): Input => ({
  kind: 'connected',
  epoch,
  paused,
  resume,
});

describe('a job that is accepted', () => {
  test('is journaled as started before it is spawned, and as ended before it is reported', () => {
    const play = new Play();
    play.feed(job(), exited, acked('finished'));
    expect(play.kinds()).toEqual([
      'append verified',
      'append started',
      'spawn',
      'send started',
      'credit 0',
      'append ended',
      'send finished',
      'credit 1',
      'append acked',
    ]);
  });

  test('is spawned once however often it is delivered, and a later delivery is answered with what is known', () => {
    const play = new Play();
    play.feed(job(), job());
    expect(play.kinds().slice(-2)).toEqual(['send started', 'credit 0']);
    play.feed(exited, job());
    expect(play.kinds().slice(-2)).toEqual(['send finished', 'credit 1']);
    play.feed(acked('finished'), job());
    expect(play.kinds().slice(-2)).toEqual(['send finished', 'credit 1']);
    expect(play.count('spawn')).toBe(1);
  });

  test('that could not be spawned is reported as rejected: it did not run', () => {
    const play = new Play();
    play.feed(job(), { kind: 'spawn-failed', envelopeId: 'envelope-1', sentence: 'No such file.' });
    expect(play.kinds().slice(-3)).toEqual(['append ended', 'send rejected', 'credit 1']);
  });

  test('sends output while it runs and none after it ended', () => {
    const play = new Play();
    const output: Input = { kind: 'output', envelopeId: 'envelope-1', tail: 'x', bytes: 1 };
    play.feed(job(), output, exited, output, { ...output, envelopeId: 'never-seen' });
    expect(play.kinds().filter((text) => text === 'send output').length).toBe(1);
  });

  test('is stopped by a kill while it runs, and a kill of anything else does nothing', () => {
    const play = new Play();
    const kill: Input = { kind: 'kill', envelopeId: 'envelope-1' };
    expect(play.feed(kill)).toEqual([]);
    play.feed(job(), kill);
    expect(play.kinds().at(-1)).toBe('stop');
    play.feed(exited);
    expect(play.feed(kill)).toEqual([]);
  });
});

describe('a job that is refused', () => {
  test('consumes its seq, so that nothing older is taken after it', () => {
    const play = new Play();
    play.feed(job(7, { profile: { name: 'default', digest: HASH } }), job(6));
    expect(play.kinds()).toEqual([
      'append rejected',
      'send rejected',
      'credit 1',
      'append rejected',
      'send rejected',
      'credit 1',
    ]);
    expect(play.entries()).toMatchObject([{ report: { code: 'profile' } }, { report: { code: 'seq' } }]);
    expect(play.state.seqMark).toBe(7);
  });

  test('and forged or for another agent leaves no trace but a line in the log', () => {
    const play = new Play();
    const forged = signJob(jobWith(), keyFrom('thief'));
    play.feed({ kind: 'job', signed: forged }, job(1, { agent_id: 'agent-2' }), job(1, { agent_epoch: 0 }));
    expect(play.kinds()).toEqual(['credit 1', 'credit 1', 'credit 1']);
    expect(play.state.seqMark).toBe(0);
    expect(play.count('log')).toBe(3);
  });

  test('is not spent as an attempt: a new envelope for the same attempt may start', () => {
    const play = new Play();
    const attempt = { run_id: 'run-1' };
    play.feed(job(1, { ...attempt, profile: { name: 'default', digest: HASH } }), job(2, attempt));
    expect(play.count('spawn')).toBe(1);
  });
});

describe('a restart', () => {
  const restarted = (play: Play) => new Play(evolve(stateWith(), play.entries()));

  test('in the middle of a step reports UNKNOWN and never runs it again', () => {
    const before = new Play();
    before.feed(job());
    const after = restarted(before);
    after.feed({ kind: 'woken' }, connected(), job());
    expect(after.kinds()).toEqual(['append ended', 'send unknown', 'credit 1', 'send unknown', 'credit 1']);
    expect(after.count('spawn')).toBe(0);
  });

  test('between verified and started reports that the step did not run', () => {
    const before = new Play();
    before.feed(job());
    const cut = before.entries().slice(0, 1);
    const after = new Play(evolve(stateWith(), cut));
    after.feed({ kind: 'woken' }, connected());
    expect(after.entries()).toMatchObject([
      { kind: 'ended', report: { kind: 'rejected', code: 'not-started' } },
    ]);
    expect(after.kinds()).toEqual(['append ended', 'send rejected', 'credit 1']);
  });

  test('reports an outcome that was not acknowledged, and not one that was', () => {
    const before = new Play();
    before.feed(job(), exited);
    expect(restarted(before).feed({ kind: 'woken' }, connected()).map(describeEffect)).toEqual([
      'send finished',
      'credit 1',
    ]);
    before.feed(acked('finished'));
    expect(restarted(before).feed({ kind: 'woken' }, connected()).map(describeEffect)).toEqual(['credit 1']);
  });

  test('remembers seq, pauses, idem keys and spent approvals: the state is the fold of the journal', () => {
    const play = new Play();
    play.feed(job(3), { kind: 'pause', epoch: 4 });
    expect({ ...restarted(play).state, connected: true }).toEqual(play.state);
  });

  test('twice over settles nothing twice', () => {
    const before = new Play();
    before.feed(job());
    const after = restarted(before);
    after.feed({ kind: 'woken' }, { kind: 'woken' });
    expect(after.entries().length).toBe(1);
  });
});

describe('an acknowledgement', () => {
  test('of another report than the last one settles nothing', () => {
    const play = new Play();
    play.feed(job(), acked('started'), exited, acked('started'), acked('unknown'));
    expect(play.entries().some((entry) => entry.kind === 'acked')).toBe(false);
    play.feed(acked('finished'), acked('finished'));
    expect(play.entries().filter((entry) => entry.kind === 'acked').length).toBe(1);
  });
});

describe('a pause', () => {
  test('is journaled, takes no more work, and refuses what was already on its way', () => {
    const play = new Play();
    play.feed({ kind: 'pause', epoch: 1 }, job());
    expect(play.kinds()).toEqual([
      'append panic',
      'credit 0',
      'append rejected',
      'send rejected',
      'credit 0',
    ]);
    expect(play.entries()[1]).toMatchObject({ report: { code: 'panic' } });
  });

  test('told twice is journaled once; a later one raises the epoch', () => {
    const play = new Play();
    play.feed(
      { kind: 'pause', epoch: 1 },
      { kind: 'pause', epoch: 1 },
      { kind: 'pause', epoch: 0 },
      { kind: 'pause', epoch: 2 },
    );
    expect(play.entries()).toMatchObject([{ epoch: 1 }, { epoch: 2 }]);
  });

  test('ends by a signed resume of the same or a later pause', () => {
    for (const epoch of [1, 2]) {
      const play = new Play();
      play.feed({ kind: 'pause', epoch: 1 }, { kind: 'resume', signed: resumeOf(epoch) });
      expect(play.state.panic).toEqual({ epoch, paused: false });
      expect(play.kinds().at(-1)).toBe('credit 1');
    }
  });

  const notEnough: readonly (readonly [string, Signed])[] = [
    ['ends an earlier pause', resumeOf(1)],
    ['is of another tenant', resumeOf(2, { tenant_id: 'T2' })],
    ['is signed by the dispatch key', resumeOf(2, {}, dispatchKey)],
    ['is signed by a stranger', resumeOf(2, {}, keyFrom('thief'))],
    ['is a job', signJob(jobWith())],
    ['is a job signed by the approval key', signJob(jobWith(), approveKey)],
  ];
  test.each(notEnough)('does not end by a record that %s', (_, signed) => {
    const play = new Play();
    play.feed({ kind: 'pause', epoch: 2 }, { kind: 'resume', signed });
    expect(play.state.panic).toEqual({ epoch: 2, paused: true });
    play.feed(connected(2, false, signed));
    expect(play.state.panic.paused).toBe(true);
  });

  test('does not end because the server says so without a record', () => {
    const play = new Play();
    play.feed({ kind: 'pause', epoch: 1 }, connected(1, false));
    expect(play.state.panic.paused).toBe(true);
    expect(play.kinds().at(-1)).toBe('credit 0');
  });

  test('that an agent only hears of when it connects holds until its signed end is shown', () => {
    const play = new Play(stateWith());
    play.feed(connected(3, false));
    expect(play.state.panic).toEqual({ epoch: 3, paused: true });
    play.feed(connected(3, false, resumeOf(3)));
    expect(play.state.panic).toEqual({ epoch: 3, paused: false });
  });

  test('replayed after its end pauses again, and the same signed end lifts it again', () => {
    const play = new Play();
    play.feed(
      { kind: 'pause', epoch: 1 },
      { kind: 'resume', signed: resumeOf(1) },
      { kind: 'pause', epoch: 1 },
    );
    expect(play.state.panic.paused).toBe(true);
    play.feed({ kind: 'resume', signed: resumeOf(1) });
    expect(play.state.panic.paused).toBe(false);
  });
});

describe('an agent that may start nothing', () => {
  const reasons: readonly (readonly [string, AgentState])[] = [
    ['its policy pauses it', stateWith({ policy: policyOf('mode: paused') })],
    [
      'its policy cannot be read',
      stateWith({ policy: policyOf('mode: sometimes'), faults: ['Unreadable.'] }),
    ],
    ['its journal is damaged', stateWith({ faults: ['Damaged.'] })],
    ['it is draining', stateWith({ draining: true })],
  ];
  test.each(reasons)('because %s, asks for no job and refuses one that comes', (_, state) => {
    const play = new Play(state);
    play.feed(connected(), job());
    expect(play.kinds()).toEqual(['credit 0', 'append rejected', 'send rejected', 'credit 0']);
  });

  test('after a fault asks for no more, and says it once', () => {
    const play = new Play();
    play.feed({ kind: 'fault', sentence: 'Disk full.' }, { kind: 'fault', sentence: 'Disk full.' });
    expect(play.state.faults).toEqual(['Disk full.']);
    expect(play.kinds()).toEqual(['credit 0', 'credit 0']);
  });

  test('while draining lets what runs finish and be reported', () => {
    const play = new Play();
    play.feed(job(), { kind: 'drain' }, exited);
    expect(play.kinds().slice(-4)).toEqual(['credit 0', 'append ended', 'send finished', 'credit 0']);
  });
});
