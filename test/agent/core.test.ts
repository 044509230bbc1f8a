import { describe, expect, test } from '@jest/globals';
import { type Input, step } from '../../agent/core.ts';
import type { Entry } from '../../agent/entry.ts';
import { encodeEntry, GENESIS } from '../../agent/journal.ts';
import { type AgentState, evolve } from '../../agent/state.ts';
import { runId, stepId } from '../../src/protocol/ids.ts';
import type { Signed } from '../../src/protocol/index.ts';
import { acked, connected, exited, job, kindsOf, Play, restarted } from './play.ts';
import {
  approveKey,
  bash,
  benchWith,
  dispatchKey,
  HASH,
  jobWith,
  judged,
  keyFrom,
  leaseWith,
  policyOf,
  resumeOf,
  signJob,
  stateWith,
} from './world.ts';

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

  test('under other rules than the server judged by starts, and a line in the log says so', () => {
    const [same, other] = [HASH, 'b'.repeat(64)].map((ruleset_sha256) => {
      const verdict = { ...judged('safe'), ruleset_version: '2030.1', ruleset_sha256 };
      const play = new Play();
      play.feed({ kind: 'job', signed: signJob(jobWith({ verdict })) });
      return play;
    });
    expect(same?.count('log')).toBe(0);
    expect(other?.kinds()).toContain('spawn');
    expect(other?.done).toContainEqual(
      expect.objectContaining({ code: 'ruleset', sentence: expect.stringContaining('rules 2030.1') }),
    );
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

  test('ends once: another end of it, or an end of what never ran, changes nothing', () => {
    const play = new Play();
    play.feed(job(), exited);
    expect(play.feed(exited, { ...exited, envelopeId: 'never-seen' } as Input)).toEqual([]);
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

  test('is answered in the same words when it comes again, and journaled once', () => {
    const play = new Play();
    const refused = job(1, { profile: { name: 'default', digest: HASH } });
    const [, , first] = play.feed(refused);
    expect(play.feed(refused)).toContainEqual(first);
    expect(play.entries().length).toBe(1);
  });

  test('and forged or for another agent leaves no trace but a line in the log', () => {
    const play = new Play();
    const forged = signJob(jobWith(), keyFrom('thief'));
    play.feed({ kind: 'job', signed: forged }, job(1, { agent_id: 'agent-2' }), job(1, { agent_epoch: 0 }));
    expect(play.kinds()).toEqual(['credit 1', 'credit 1', 'credit 1']);
    expect(play.state.seqMark).toBe(0);
    expect(play.count('log')).toBe(3);
  });

  test('is answered in a sentence that a record can carry, whatever the envelope holds', () => {
    const nowhere = { isDirectory: () => false, isExecutable: () => true };
    const signed = signJob(jobWith({ exec: bash('true', {}, `/${'a'.repeat(900)}${'🎉'.repeat(200)}`) }));
    const { effects } = step(stateWith(), { kind: 'job', signed }, benchWith({ host: nowhere }));
    expect(effects[0]).toMatchObject({ entry: { report: { code: 'host' } } });
    for (const effect of effects)
      if (effect.kind === 'append') expect(() => encodeEntry(effect.entry, GENESIS)).not.toThrow();
  });

  test('is not spent as an attempt: a new envelope for the same attempt may start', () => {
    const play = new Play();
    const attempt = { run_id: 'run-1' };
    play.feed(job(1, { ...attempt, profile: { name: 'default', digest: HASH } }), job(2, attempt));
    expect(play.count('spawn')).toBe(1);
  });
});

describe('a restart', () => {
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
    const after = new Play(evolve(stateWith({ connected: false, lease: null }), cut));
    after.feed({ kind: 'woken' }, connected());
    expect(after.entries()).toMatchObject([
      { kind: 'ended', report: { kind: 'rejected', code: 'not-started' } },
    ]);
    expect(after.kinds()).toEqual(['append ended', 'send rejected', 'credit 1']);
  });

  test('reports an outcome that was not acknowledged, and not one that was', () => {
    const before = new Play();
    before.feed(job(), exited);
    expect(kindsOf(restarted(before).feed({ kind: 'woken' }, connected()))).toEqual([
      'send finished',
      'credit 1',
    ]);
    before.feed(acked('finished'));
    expect(kindsOf(restarted(before).feed({ kind: 'woken' }, connected()))).toEqual(['credit 1']);
  });

  test('remembers seq, pauses, idem keys and spent approvals: the state is the fold of the journal', () => {
    const play = new Play();
    play.feed(job(3), { kind: 'pause', epoch: 4 });
    const { connected, lease } = play.state;
    expect({ ...restarted(play).state, connected, lease }).toEqual(play.state);
  });

  test('twice over settles nothing twice', () => {
    const before = new Play();
    before.feed(job());
    const after = restarted(before);
    after.feed({ kind: 'woken' }, { kind: 'woken' });
    expect(after.entries().length).toBe(1);
  });
});

describe('a connection', () => {
  const about = (n: number) => ({
    runId: runId(`run-${n}`),
    stepId: stepId('s1'),
    attempt: 1,
    envelopeId: `envelope-${n}`,
  });

  test('begins with what the journal says of every attempt the server asks after, acknowledged or not', () => {
    const play = new Play(stateWith({ policy: policyOf('max_running: 2') }));
    play.feed(job(1), exited, acked('finished'), job(2));
    const asked = play.feed(connected({ open: [about(1)] }));
    expect(kindsOf(asked)).toEqual(['send finished', 'send started', 'credit 1']);
  });

  test('says nothing yet of a job that is journaled as verified and not as started', () => {
    const entry: Entry = { kind: 'verified', at: 0, about: about(1), seq: 1, idemKey: HASH, approvals: [] };
    const play = new Play(evolve(stateWith(), [entry]));
    expect(kindsOf(play.feed(connected({ open: [about(1)] })))).toEqual(['credit 1']);
  });

  test('answers for an attempt that never came with how far the journal goes', () => {
    const play = new Play();
    play.feed(job(7), { ...exited, envelopeId: 'envelope-7' } as Input);
    const said = play.feed(connected({ open: [about(8)] }));
    expect(said).toContainEqual({ kind: 'send', report: { kind: 'missing', ...about(8), seqMark: 7 } });
    expect(play.state.jobs.has('envelope-8')).toBe(false);
  });

  test('says nothing of an attempt that never came while no lease makes older envelopes dead', () => {
    const play = new Play();
    const lease = leaseWith({ agent_id: 'agent-2' });
    expect(kindsOf(play.feed(connected({ open: [about(8)], lease })))).toEqual(['credit 0']);
  });

  test('with an agent whose records cannot be relied on makes unknown what they do not hold', () => {
    const play = new Play(stateWith({ faults: ['The journal is damaged.'] }));
    const said = play.feed(connected({ open: [about(8)] }));
    expect(said).toContainEqual(
      expect.objectContaining({ report: expect.objectContaining({ kind: 'unknown', ...about(8) }) }),
    );
  });

  test('that is new kills every envelope of the one before, and is journaled before anything is said', () => {
    const play = new Play();
    play.feed(connected({ lease: leaseWith({ lease_epoch: 2 }), open: [about(1)] }), job(1));
    expect(play.kinds()).toEqual([
      'append lease',
      'send missing',
      'credit 1',
      'append rejected',
      'send rejected',
      'credit 1',
    ]);
    expect(play.entries()[1]).toMatchObject({ report: { code: 'lease' } });
    play.feed(job(2, { lease_epoch: 2 }));
    expect(play.count('spawn')).toBe(1);
  });

  test('to a server that has seen more than the journal holds stops the agent for good', () => {
    const play = new Play();
    play.feed(connected({ lease: leaseWith({ seq_mark: 1 }) }));
    expect(play.state.faults).toEqual([expect.stringContaining('older than what the server has seen')]);
    expect(kindsOf(play.feed(connected(), job()))).toEqual([
      'credit 0',
      'append rejected',
      'send rejected',
      'credit 0',
    ]);
  });
});

describe('an acknowledgement', () => {
  test('of another report than the last one settles nothing', () => {
    const play = new Play();
    play.feed(job(), acked('started'), exited, acked('started'), acked('unknown'));
    expect(play.entries().some((entry) => entry.kind === 'acked')).toBe(false);
    play.feed(acked('finished'), acked('finished'));
    expect([play.state.leaseEpoch, play.state.seqMark]).toEqual([1, 1]);
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
    play.feed(connected({ epoch: 2, resume: signed }));
    expect(play.state.panic.paused).toBe(true);
  });

  test('does not end because the server says so without a record', () => {
    const play = new Play();
    play.feed({ kind: 'pause', epoch: 1 }, connected({ epoch: 1 }));
    expect(play.state.panic.paused).toBe(true);
    expect(play.kinds().at(-1)).toBe('credit 0');
  });

  test('that an agent only hears of when it connects holds until its signed end is shown', () => {
    const play = new Play();
    play.feed(connected({ epoch: 3 }));
    expect(play.state.panic).toEqual({ epoch: 3, paused: true });
    play.feed(connected({ epoch: 3, resume: resumeOf(3) }));
    expect(play.state.panic).toEqual({ epoch: 3, paused: false });
  });

  test('that is told in a welcome holds like any other', () => {
    const play = new Play();
    play.feed(connected({ paused: true }), job());
    expect(play.kinds()).toEqual([
      'append panic',
      'credit 0',
      'append rejected',
      'send rejected',
      'credit 0',
    ]);
    expect(play.state.panic).toEqual({ epoch: 0, paused: true });
  });

  test('that the agent never heard of is over by its signed end, which is journaled once', () => {
    const play = new Play();
    const end: Input = { kind: 'resume', signed: resumeOf(4) };
    expect(kindsOf(play.feed(end, end))).toEqual(['append panic', 'credit 1', 'credit 1']);
    expect(play.state.panic).toEqual({ epoch: 4, paused: false });
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

  test('after a fault connects anew, so that its hello says why, and asks for no more', () => {
    const play = new Play();
    const fault: Input = { kind: 'fault', sentence: 'Disk full.' };
    play.feed(fault, fault);
    expect(play.state.faults).toEqual(['Disk full.']);
    expect(play.kinds()).toEqual(['reconnect', 'credit 0', 'credit 0']);
    expect(kindsOf(play.feed(connected()))).toEqual(['credit 0']);
  });

  test('while draining lets what runs finish and be reported', () => {
    const play = new Play();
    play.feed(job(), { kind: 'drain' }, exited);
    expect(play.kinds().slice(-4)).toEqual(['credit 0', 'append ended', 'send finished', 'credit 0']);
  });
});
