import { describe, expect, test } from '@jest/globals';
import { CLOCK_SKEW_MS } from '../../agent/clock.ts';
import type { Input } from '../../agent/core.ts';
import { standstill } from '../../agent/standstill.ts';
import type { AgentState } from '../../agent/state.ts';
import { encodeSigned, type Signed, toBase64url } from '../../src/protocol/index.ts';
import { connected, exited, job, kindsOf, leased, Play, restarted } from './play.ts';
import {
  agentKey,
  approveKey,
  asked,
  bundleWith,
  dispatchKey,
  jobWith,
  keyFrom,
  leaseWith,
  M0,
  resumeOf,
  roleKey,
  rootKey,
  signJob,
  stateWith,
  T0,
} from './world.ts';

/** Why the last job was refused, or null when it was started. */
function refusalOf(play: Play): string | null {
  const last = play.entries().at(-1);
  return last?.kind === 'rejected' ? last.report.code : null;
}

/** An agent that is connected and has not been heard yet. */
const unheard = () => new Play(stateWith({ lease: null }));

describe('a lease', () => {
  test('lets work start from when it is heard until 2 s before it is over', () => {
    const play = unheard();
    play.feed(job(1));
    expect(refusalOf(play)).toBe('lease');
    expect(kindsOf(play.feed(leased()))).toEqual(['credit 1']);
    play.pass(8_000);
    play.feed(job(2));
    expect(play.count('spawn')).toBe(1);
    play.feed({ ...exited, envelopeId: 'envelope-2' } as Input);
    play.pass(1);
    play.feed(job(3));
    expect(refusalOf(play)).toBe('lease');
  });

  test('counts from when it was asked for, so an answer that comes late is worth less', () => {
    const play = unheard();
    play.pass(9_000);
    expect(kindsOf(play.feed(leased()))).toEqual(['credit 0']);
    play.feed(job(1));
    expect(refusalOf(play)).toBe('lease');
    expect(play.state.lease?.until).toBe(M0 + 10_000);
  });

  test('is renewed by the answer to the next question', () => {
    const play = new Play();
    play.pass(3_000);
    const nonce = toBase64url(new Uint8Array(16).fill(9));
    const signed = leaseWith({ nonce, now: play.now });
    play.feed({ kind: 'lease', signed, asked: { nonce, at: play.mono } });
    play.pass(8_000);
    play.feed(job(1));
    expect(play.count('spawn')).toBe(1);
  });

  test('is not lengthened by its own answer, heard again', () => {
    const play = new Play();
    play.pass(5_000);
    play.feed(leased());
    expect(play.state.lease?.until).toBe(M0 + 10_000);
  });

  const refused: readonly (readonly [string, Signed])[] = [
    ['answers another question', leaseWith({ lease_epoch: 2, nonce: toBase64url(new Uint8Array(16)) })],
    ['is of an older connection', leaseWith({ lease_epoch: 1 })],
    ['is for another agent', leaseWith({ lease_epoch: 2, agent_id: 'agent-2' })],
    ['is for another tenant', leaseWith({ lease_epoch: 2, tenant_id: 'T2' })],
    ['is for an earlier enrolment', leaseWith({ lease_epoch: 2, agent_epoch: 0 })],
    ['is signed by a stranger', leaseWith({ lease_epoch: 2 }, keyFrom('stranger'))],
    ['is signed by the approval key', leaseWith({ lease_epoch: 2 }, approveKey)],
    ['is signed by the root key', leaseWith({ lease_epoch: 2 }, rootKey)],
    ['is signed by the agent itself', leaseWith({ lease_epoch: 2 }, agentKey)],
    ['is a job', signJob(jobWith())],
    ['is empty', { keyId: dispatchKey.keyId, payload: new Uint8Array(), sig: new Uint8Array() }],
  ];
  test.each(refused)('is not taken when it %s', (_, signed) => {
    const play = new Play(stateWith({ lease: null, leaseEpoch: 2 }));
    play.feed({ kind: 'lease', signed, asked });
    expect(play.state.lease).toBeNull();
    expect(play.kinds()).toEqual(['credit 0']);
  });

  test('of a newer connection is journaled first, and stays known after a restart', () => {
    const play = new Play();
    expect(kindsOf(play.feed(leased({ lease_epoch: 5 })))).toEqual(['append lease', 'credit 1']);
    const after = restarted(play);
    after.feed(connected({ lease: leaseWith({ lease_epoch: 4 }) }));
    expect([after.state.leaseEpoch, after.state.lease]).toEqual([5, null]);
  });

  test('ends with its connection', () => {
    const play = new Play();
    play.feed({ kind: 'disconnected' }, job(1));
    expect(refusalOf(play)).toBe('lease');
    expect(play.kinds()).toEqual(['append rejected', 'send rejected']);
  });

  test('that has run out is not waited for: the line may be half open', () => {
    const play = new Play();
    play.pass(8_000);
    expect(play.feed({ kind: 'tick' })).toEqual([]);
    play.pass(1_999);
    expect(kindsOf(play.feed({ kind: 'tick' }))).toEqual(['credit 0']);
    play.pass(1);
    expect(kindsOf(play.feed({ kind: 'tick' }, { kind: 'tick' }))).toEqual(['reconnect']);
  });

  test('that was refused leads to a new connection too', () => {
    const play = new Play();
    play.feed(connected({ lease: leaseWith({}, keyFrom('stranger')) }));
    expect(kindsOf(play.feed({ kind: 'tick' }))).toEqual(['reconnect']);
  });

  test('running out ends nothing that runs', () => {
    const play = new Play();
    play.feed(job(1));
    play.pass(60_000);
    play.feed({ kind: 'tick' }, exited);
    expect(play.kinds().slice(-3)).toEqual(['reconnect', 'append ended', 'send finished']);
  });

  test('that names a later pause pauses; going on takes the signed end of it', () => {
    const play = new Play();
    play.feed(leased({ panic_epoch: 2 }));
    expect(play.state.panic).toEqual({ epoch: 2, paused: true });
    play.feed(leased({ panic_epoch: 2 }));
    expect(play.state.panic.paused).toBe(true);
    play.feed({ kind: 'resume', signed: resumeOf(2) }, leased({ panic_epoch: 2 }));
    expect(play.state.panic).toEqual({ epoch: 2, paused: false });
    play.feed(leased({ panic_epoch: 1 }));
    expect(play.state.panic).toEqual({ epoch: 2, paused: false });
  });
});

describe('the clock of the host', () => {
  const said = (play: Play) => standstill(play.state, { now: play.now, mono: play.mono });
  const offBy = (ms: number) => {
    const play = unheard();
    play.now += ms;
    play.feed(leased());
    return said(play);
  };

  test('may be 30 s off the time of the server, and no more', () => {
    expect([offBy(CLOCK_SKEW_MS), offBy(-CLOCK_SKEW_MS)]).toEqual([null, null]);
    for (const ms of [CLOCK_SKEW_MS + 1, -CLOCK_SKEW_MS - 1])
      expect(offBy(ms)).toContain("differs from the server's");
  });

  test('is not called fast for the time that the answer took', () => {
    const play = unheard();
    play.pass(9_000);
    play.now += CLOCK_SKEW_MS;
    play.feed(leased());
    expect(said(play)).toBeNull();
    play.now += 1;
    play.feed(leased());
    expect(said(play)).toContain("differs from the server's");
  });

  test.each([CLOCK_SKEW_MS + 1, -CLOCK_SKEW_MS - 1])(
    'that jumps by %d ms stops the agent until it is set right',
    (ms) => {
      const play = new Play();
      play.now += ms;
      play.feed(job(1));
      expect(refusalOf(play)).toBe(ms > 0 ? 'standstill' : 'time');
      expect(said(play)).toContain('has jumped');
      play.feed(leased());
      expect(said(play)).not.toBeNull();
      play.now -= ms;
      play.feed(leased());
      expect(said(play)).toBe(
        ms > 0 ? 'The clock of this host is behind the last entry of the journal.' : null,
      );
    },
  );

  test('may run on for as long as it likes', () => {
    const play = new Play();
    play.pass(60_000);
    expect(said(play)).toBeNull();
  });

  test('may run a little fast or slow, or stand still for a moment', () => {
    for (const ms of [CLOCK_SKEW_MS, -CLOCK_SKEW_MS]) {
      const play = new Play();
      play.now += ms;
      expect(said(play)).toBeNull();
    }
  });

  test('behind the last entry of the journal stops the agent, also after a restart and without a lease', () => {
    const play = new Play();
    play.feed(job(1), exited);
    const after = restarted(play);
    after.now = T0 - CLOCK_SKEW_MS;
    expect(said(after)).toBeNull();
    after.now -= 1;
    expect(said(after)).toContain('behind the last entry of the journal');
    after.feed(connected({ lease: leaseWith({ now: after.now }) }));
    expect(after.kinds().at(-1)).toBe('credit 0');
  });
});

describe('a trust bundle', () => {
  const newKey = keyFrom('dispatch 2');
  const next = (version = 2) =>
    bundleWith({ version, dispatch: [roleKey(newKey)], revoked: [dispatchKey.keyId] });
  const told = (signed: Signed): Input => ({ kind: 'bundle', signed });
  const signedBy = (key: typeof newKey): Input => ({ kind: 'job', signed: signJob(jobWith(), key) });

  test('that is newer is journaled, and its keys count at once and after a restart', () => {
    const play = new Play();
    play.feed(signedBy(newKey), told(next()), signedBy(dispatchKey));
    expect(play.kinds()).toEqual(['credit 1', 'append bundle', 'credit 1', 'credit 1']);
    play.feed(signedBy(newKey));
    expect(play.count('spawn')).toBe(1);
    expect([...restarted(play).state.trust.dispatch.keys()]).toEqual([newKey.keyId]);
  });

  const refused: readonly (readonly [string, Signed])[] = [
    ['is older', next(1)],
    ['is signed by the dispatch key', bundleWith({ version: 9 }, dispatchKey)],
    ['is signed by the approval key', bundleWith({ version: 9 }, approveKey)],
    ['is signed by a stranger', bundleWith({ version: 9 }, keyFrom('stranger'))],
    ['gives one key two roles', bundleWith({ version: 9, approve: [roleKey(dispatchKey)] })],
    ['gives the root key a role', bundleWith({ version: 9, dispatch: [roleKey(rootKey)] })],
    ['is a lease', leaseWith()],
    ['is no record at all', { keyId: rootKey.keyId, payload: new Uint8Array(9), sig: new Uint8Array(64) }],
  ];
  test.each(refused)('is not believed when it %s', (_, signed) => {
    const play = new Play();
    play.feed(told(bundleWith({ version: 3 })));
    const { trust } = play.state;
    play.feed(told(signed), connected({ bundle: signed }));
    expect(play.state.trust).toBe(trust);
    expect(play.entries().length).toBe(1);
  });

  test('of the same version changes nothing', () => {
    const play = new Play();
    play.feed(told(bundleWith({ approve: [roleKey(keyFrom('other'))] })));
    expect(play.kinds()).toEqual(['credit 1']);
    expect(play.state.trust.approve.has(approveKey.keyId)).toBe(true);
  });

  test('is taken before the lease of the same welcome: the lease may be signed by a key that it brings', () => {
    const play = unheard();
    const lease = leaseWith({ bundle_version: 2 }, newKey);
    play.feed(connected({ bundle: next(), lease }));
    expect(play.kinds()).toEqual(['append bundle', 'credit 1']);
    const late = unheard();
    late.feed(connected({ lease }));
    expect(late.state.lease).toBeNull();
  });

  test('that a lease calls old starts nothing until the newer one is here', () => {
    const play = new Play();
    play.feed(leased({ bundle_version: 2 }), job(1));
    expect(play.kinds()).toEqual(['credit 0', 'append rejected', 'send rejected', 'credit 0']);
    expect(refusalOf(play)).toBe('standstill');
    expect(kindsOf(play.feed(told(bundleWith({ version: 2 }))))).toEqual(['append bundle', 'credit 1']);
  });

  test('that has expired starts nothing, and a newer one ends that', () => {
    const play = new Play(stateWith({ trust: { ...stateWith().trust, exp: T0 } }));
    play.feed(job(1), exited);
    play.pass(1);
    play.feed(job(2));
    expect(refusalOf(play)).toBe('standstill');
    play.feed(told(bundleWith({ version: 2 })), job(3));
    expect(play.count('spawn')).toBe(2);
  });

  test('that revokes the approval key makes approvals, resumes and nothing else void', () => {
    const other = keyFrom('approve 2');
    const play = new Play();
    play.feed({ kind: 'pause', epoch: 1 });
    const approve = [roleKey(approveKey), roleKey(other)];
    play.feed(told(bundleWith({ version: 2, approve, revoked: [approveKey.keyId] })));
    play.feed({ kind: 'resume', signed: resumeOf(1) });
    expect(play.state.panic.paused).toBe(true);
    play.feed({ kind: 'resume', signed: resumeOf(1, {}, other) });
    expect(play.state.panic.paused).toBe(false);
  });

  test('in the journal that its root has not signed is not believed at a start', () => {
    const play = new Play();
    const entry = {
      kind: 'bundle',
      at: T0,
      signed: encodeSigned(bundleWith({ version: 9 }, dispatchKey)),
    } as const;
    play.done.push({ kind: 'append', entry });
    const state: AgentState = restarted(play).state;
    expect(state.trust.version).toBe(1);
  });
});
