import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Bench, verify } from '../../agent/checks.ts';
import { evolve } from '../../agent/state.ts';
import { agentId, runId, stepId } from '../../src/protocol/ids.ts';
import { canonicalBytes, type Signed, sha256Hex, toBase64url } from '../../src/protocol/index.ts';
import { signPayload } from '../../src/protocol/signed.ts';
import {
  agentKey,
  approvalFor,
  approvedJob,
  approveKey,
  bash,
  benchWith,
  dispatchKey,
  HASH,
  idemOf,
  jobWith,
  keyFrom,
  resumeOf,
  riskyJob,
  signJob,
  stateWith,
  T0,
} from './world.ts';

const good = signJob(riskyJob('danger'));
const record = JSON.parse(new TextDecoder().decode(good.payload));
/** The bytes are changed after they were signed. */
const tampered = (change: object): Signed => ({ ...good, payload: canonicalBytes({ ...record, ...change }) });
/** The dispatcher itself signs the change: its approvals no longer fit. */
const resigned = (change: object): Signed => {
  const job = { ...record, ...change };
  return signPayload('job', canonicalBytes({ ...job, idem_key: idemOf(job) }), dispatchKey);
};
const withoutField = (name: string) => {
  const { [name]: _, ...rest } = record;
  return signPayload('job', canonicalBytes(rest), dispatchKey);
};
const text = new TextDecoder().decode(good.payload);
const signText = (payload: string) => signPayload('job', new TextEncoder().encode(payload), dispatchKey);
const approvals = record.authority.approvals;
const authority = (change: object) => resigned({ authority: { ...record.authority, ...change } });
const about = { runId: runId('run-1'), stepId: stepId('s1'), attempt: 1, envelopeId: 'envelope-1' };
const ran = evolve(stateWith(), [
  { kind: 'verified', at: T0, about, seq: 1, idemKey: record.idem_key, approvals: ['approval-1'] },
  { kind: 'started', at: T0, about },
  { kind: 'ended', at: T0, report: { kind: 'unknown', ...about, sentence: 'Lost.' } },
]);

const forgeries: readonly (readonly [string, Signed, Partial<Bench>?])[] = [
  ['signed by a key nobody knows', signJob(riskyJob('danger'), keyFrom('stranger'))],
  [
    'signed by a stranger under the name of the dispatch key',
    { ...signJob(riskyJob('danger'), keyFrom('stranger')), keyId: dispatchKey.keyId },
  ],
  ['signed by the approval key', signJob(riskyJob('danger'), approveKey)],
  ['signed by the agent itself', signJob(riskyJob('danger'), agentKey)],
  ['without a signature', { ...good, sig: new Uint8Array(0) }],
  ['with a signature of zeros', { ...good, sig: new Uint8Array(64) }],
  ['with a signature cut by a byte', { ...good, sig: good.sig.slice(0, 63) }],
  ['with a signature longer by a byte', { ...good, sig: new Uint8Array([...good.sig, 0]) }],
  ['with the signature of another envelope', { ...good, sig: signJob(riskyJob('danger', { seq: 2 })).sig }],
  ['with an empty key id', { ...good, keyId: '' }],
  ['with no payload', { ...good, payload: new Uint8Array(0) }],
  ['an approval presented as a job', approvalFor(riskyJob('danger'))],
  ['a resume presented as a job', resumeOf(1)],
  ['a job signed as a report', signPayload('report', good.payload, dispatchKey)],
  ['a job signed as an approval', signPayload('approval', good.payload, dispatchKey)],
  ['a job signed without its frame', { ...good, sig: dispatchKey.sign(good.payload) }],
  ['the command changed after signing', tampered({ exec: bash('rm -rf /') })],
  ['the directory changed after signing', tampered({ exec: { ...record.exec, cwd: '/tmp' } })],
  ['an environment added after signing', tampered({ exec: { ...record.exec, env: { DD0C_X: '1' } } })],
  ['the risk lowered after signing', tampered({ verdict: { risk: 'safe', ruleset_version: '1' } })],
  ['the expiry moved after signing', tampered({ exp: T0 + 299_999 })],
  ['the command changed by the dispatcher after approval', resigned({ exec: bash('rm -rf /') })],
  [
    'the directory changed by the dispatcher after approval',
    resigned({ exec: { ...record.exec, cwd: '/tmp' } }),
  ],
  [
    'an environment added by the dispatcher after approval',
    resigned({ exec: bash('echo hello', { DD0C_X: '1' }) }),
  ],
  [
    'bash turned to argv by the dispatcher after approval',
    resigned({ exec: { mode: 'argv', argv: ['echo'], cwd: '/', env: {} } }),
  ],
  ['the run changed by the dispatcher', resigned({ run_id: 'run-2' })],
  ['the revision changed by the dispatcher', resigned({ run_rev: 2 })],
  ['the step changed by the dispatcher', resigned({ step_id: 's2' })],
  ['the requester changed by the dispatcher', authority({ requester: 'U2' })],
  ['the rule weakened to one', authority({ rule: 'one' })],
  ['the rule weakened to auto', authority({ rule: 'auto' })],
  ['the approvals left out', authority({ approvals: [] })],
  [
    'an approval with a flipped signature',
    authority({ approvals: [{ ...approvals[0], sig: toBase64url(new Uint8Array(64)) }] }),
  ],
  [
    'an approval made by the dispatcher',
    signJob(
      approvedJob(jobWith({ verdict: record.verdict }), [approvalFor(riskyJob('danger'), {}, dispatchKey)]),
    ),
  ],
  ['the requester approving alone', signJob(riskyJob('danger', {}, { approver: 'U1' }))],
  ['an approval too late', good, { now: T0 + 600_001 }],
  ['a replay of an envelope that ran', good, { state: ran }],
  [
    'a replay with a new seq and a new envelope id',
    resigned({ seq: 2, envelope_id: 'envelope-2' }),
    { state: ran },
  ],
  [
    'a replay as a next attempt with the old approval',
    resigned({ seq: 2, envelope_id: 'envelope-2', attempt: 2 }),
    { state: ran },
  ],
  ['a replay after the clock was set back', good, { state: ran, now: T0 - 20_000 }],
  [
    'a replay after the agent enrolled again',
    good,
    { state: stateWith({ identity: { ...stateWith().identity, agentEpoch: 2 } }) },
  ],
  [
    'a replay on another agent',
    good,
    { state: stateWith({ identity: { ...stateWith().identity, agentId: agentId('agent-2') } }) },
  ],
  ['an expired envelope', good, { now: T0 + 330_001 }],
  ['an envelope from the future', good, { now: T0 - 30_001 }],
  ['an envelope from before a pause', good, { state: stateWith({ panic: { epoch: 1, paused: false } }) }],
  ['an envelope during a pause', good, { state: stateWith({ panic: { epoch: 0, paused: true } }) }],
  ['a doubled key', signText(text.replace('"attempt":1', '"attempt":1,"attempt":1'))],
  ['an unknown field', resigned({ run_as: 'root' })],
  ['a missing field', withoutField('limits')],
  ['a float', signText(text.replace('"attempt":1', '"attempt":1.0'))],
  ['another order of keys', signText(`{"v":1,${text.slice(1).replace(',"v":1', '')}`)],
  ['a byte order mark', signText(`\ufeff${text}`)],
  ['an integer of 2^53', signText(text.replace('"seq":1', '"seq":9007199254740992'))],
  [
    'an idem key of another attempt',
    signPayload('job', canonicalBytes({ ...record, idem_key: HASH }), dispatchKey),
  ],
  ['a life longer than five minutes', resigned({ exp: T0 + 300_001 })],
];

describe('forged, tampered, replayed, expired and doubled envelopes', () => {
  test('the genuine one is accepted, so each forgery is refused for what is wrong with it', () => {
    expect(verify({ ...benchWith(), signed: good }).outcome).toBe('accepted');
    expect(forgeries.length).toBeGreaterThanOrEqual(30);
  });

  test.each(forgeries)('never accepted: %s', (_, signed, bench = {}) => {
    expect(verify({ ...benchWith(bench), signed }).outcome).not.toBe('accepted');
  });

  test('one random bit flipped in every byte of payload, signature and key id is never accepted', () => {
    const bits = new Uint8Array(Buffer.from(sha256Hex('which bit'), 'hex'));
    const flips = (bytes: Uint8Array) =>
      [...bytes.keys()].map((at) =>
        bytes.map((byte, i) => (i === at ? byte ^ (1 << ((bits[at % 32] ?? 0) % 8)) : byte)),
      );
    const keyId = new TextEncoder().encode(good.keyId);
    const all = [
      ...flips(good.payload).map((payload) => ({ ...good, payload })),
      ...flips(good.sig).map((sig) => ({ ...good, sig })),
      ...flips(keyId).map((bytes) => ({ ...good, keyId: new TextDecoder().decode(bytes) })),
    ];
    const accepted = all.filter((signed) => verify({ ...benchWith(), signed }).outcome === 'accepted');
    expect(accepted).toEqual([]);
  });

  test('arbitrary bytes are never accepted and never throw', () => {
    const anything = fc.record({ keyId: fc.string(), payload: fc.uint8Array(), sig: fc.uint8Array() });
    fc.assert(fc.property(anything, (signed) => verify({ ...benchWith(), signed }).outcome === 'ignored'));
  });

  test('arbitrary JSON under the right signature is never accepted and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const signed = signPayload('job', new TextEncoder().encode(JSON.stringify(value)), dispatchKey);
        return verify({ ...benchWith(), signed }).outcome === 'ignored';
      }),
    );
  });
});
