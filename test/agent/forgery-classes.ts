import type { Bench } from '../../agent/checks.ts';
import { evolve } from '../../agent/state.ts';
import { agentId, runId, stepId } from '../../src/protocol/ids.ts';
import { canonicalBytes, encodeSigned, type RecordInput, type Signed } from '../../src/protocol/index.ts';
import { signPayload } from '../../src/protocol/signed.ts';
import {
  agentKey,
  approvalFor,
  approveKey,
  bash,
  benchWith,
  bundle,
  bundleWith,
  dispatchKey,
  HASH,
  held,
  idemOf,
  judged,
  keyFrom,
  leaseWith,
  M0,
  policyOf,
  resumeOf,
  riskyJob,
  roleKey,
  rootKey,
  signJob,
  stateWith,
  T0,
  trustOf,
} from './world.ts';

type Job = RecordInput<'job'>;

const job = riskyJob('danger', { exec: bash('echo hello', { DD0C_RUN: 'run-1' }) });
export const good = signJob(job);
const text = new TextDecoder().decode(good.payload);
const stranger = keyFrom('stranger');

/** The bytes are changed after they were signed. */
const tampered = (change: object): Signed => ({ ...good, payload: canonicalBytes({ ...job, ...change }) });
/** The thief of the dispatch key signs the change; the approval is the genuine one. */
const stolen = (change: object): Signed => {
  const changed = { ...job, ...change } as Job;
  return signPayload('job', canonicalBytes({ ...changed, idem_key: idemOf(changed) }), dispatchKey);
};
const exec = (change: object) => stolen({ exec: { ...job.exec, ...change } });
const authority = (change: object) => stolen({ authority: { ...job.authority, ...change } });
/** The thief of the dispatch key brings these approvals along. */
const approvedBy = (...approvals: readonly Signed[]) => authority({ approvals: approvals.map(encodeSigned) });
/** An approval key signed it, but for something a little different. */
const approvalOf = (change: Parameters<typeof approvalFor>[1]) => approvedBy(approvalFor(job, change));
export const signText = (payload: string) =>
  signPayload('job', new TextEncoder().encode(payload), dispatchKey);
const spoiled = (from: string, to: string) => signText(text.replace(from, to));
const without = (name: keyof Job) => {
  const { [name]: _, ...rest } = job;
  return signPayload('job', canonicalBytes(rest), dispatchKey);
};

const about = { runId: runId('run-1'), stepId: stepId('s1'), attempt: 1, envelopeId: 'envelope-1' };
const ran = evolve(stateWith(), [
  { kind: 'verified', at: T0, about, seq: 1, idemKey: idemOf(job), approvals: ['approval-1'] },
  { kind: 'started', at: T0, about },
  { kind: 'ended', at: T0, report: { kind: 'unknown', ...about, sentence: 'Lost.' } },
]);
const identity = (change: object) => ({
  state: stateWith({ identity: { ...stateWith().identity, ...change } }),
});
const believing = (change: Parameters<typeof bundleWith>[0]): Partial<Bench> => ({
  state: stateWith({ trust: trustOf(bundleWith({ version: 2, ...change })) }),
});
const lease = (change: Parameters<typeof held>[0]): Partial<Bench> => ({
  state: stateWith({ lease: held(change) }),
});
const otherApprove = roleKey(keyFrom('approve 2'));
const otherDispatch = roleKey(keyFrom('dispatch 2'));

/** What is forged, the check that has to refuse it, its bytes, and what of the agent is other than usual. */
export type Class = readonly [name: string, check: string, signed: Signed, bench?: Partial<Bench>];

const keysAndSignatures: readonly Class[] = [
  ['signed by a key nobody knows', 'key', signJob(job, stranger)],
  [
    'signed by a stranger under the name of the dispatch key',
    'signature',
    { ...signJob(job, stranger), keyId: dispatchKey.keyId },
  ],
  ['signed by the approval key', 'key', signJob(job, approveKey)],
  [
    'signed by the approval key under the name of the dispatch key',
    'signature',
    { ...signJob(job, approveKey), keyId: dispatchKey.keyId },
  ],
  ['signed by the root key', 'key', signJob(job, rootKey)],
  ['signed by the agent itself', 'key', signJob(job, agentKey)],
  [
    'signed by a dispatch key that is revoked',
    'key',
    good,
    believing({ dispatch: [roleKey(dispatchKey), otherDispatch], revoked: [dispatchKey.keyId] }),
  ],
  ['signed by a dispatch key of an older bundle', 'key', good, believing({ dispatch: [otherDispatch] })],
  [
    'signed by a dispatch key that approves now',
    'key',
    good,
    believing({ dispatch: [otherDispatch], approve: [roleKey(dispatchKey)] }),
  ],
  [
    'under a bundle that has expired',
    'standstill',
    good,
    { state: stateWith({ trust: { ...stateWith().trust, exp: T0 - 1 } }) },
  ],
  ['under a bundle that the lease calls old', 'standstill', good, lease({ bundleVersion: 2 })],
  ['without a signature', 'signature', { ...good, sig: new Uint8Array() }],
  ['with a signature of zeros', 'signature', { ...good, sig: new Uint8Array(64) }],
  ['with a signature cut by a byte', 'signature', { ...good, sig: good.sig.slice(0, 63) }],
  ['with a signature longer by a byte', 'signature', { ...good, sig: new Uint8Array([...good.sig, 0]) }],
  [
    'with the signature of another envelope',
    'signature',
    { ...good, sig: signJob(riskyJob('danger', { seq: 2 })).sig },
  ],
  ['with an empty key id', 'key', { ...good, keyId: '' }],
  ['with no payload', 'signature', { ...good, payload: new Uint8Array() }],
];

const swaps: readonly Class[] = [
  ['an approval presented as a job', 'key', approvalFor(job)],
  ['a resume presented as a job', 'key', resumeOf(1)],
  ['a bundle presented as a job', 'key', bundle],
  ['a lease presented as a job', 'signature', leaseWith()],
  [
    'an approval that the thief signs as a job',
    'parse',
    signPayload('job', approvalFor(job).payload, dispatchKey),
  ],
  ['a lease that the thief signs as a job', 'parse', signPayload('job', leaseWith().payload, dispatchKey)],
  ['a bundle that the thief signs as a job', 'parse', signPayload('job', bundle.payload, dispatchKey)],
  ...(['approval', 'resume', 'bundle', 'lease', 'hello', 'report'] as const).map(
    (type): Class => [`a job signed as ${type}`, 'signature', signPayload(type, good.payload, dispatchKey)],
  ),
  ['a job signed without its frame', 'signature', { ...good, sig: dispatchKey.sign(good.payload) }],
];

const onTheWay: readonly Class[] = [
  ['the command changed on the way', 'signature', tampered({ exec: bash('rm -rf /') })],
  ['the directory changed on the way', 'signature', tampered({ exec: { ...job.exec, cwd: '/tmp' } })],
  [
    'an environment changed on the way',
    'signature',
    tampered({ exec: { ...job.exec, env: { DD0C_RUN: 'run-2' } } }),
  ],
  ['the risk lowered on the way', 'signature', tampered({ verdict: judged('safe') })],
  [
    'the rules it was judged by changed on the way',
    'signature',
    tampered({ verdict: { ...job.verdict, ruleset_sha256: 'b'.repeat(64) } }),
  ],
  ['the expiry moved on the way', 'signature', tampered({ exp: T0 + 299_999 })],
  [
    'the approvals left out on the way',
    'signature',
    tampered({ authority: { ...job.authority, approvals: [] } }),
  ],
  ['the agent changed on the way', 'signature', tampered({ agent_id: 'agent-2' })],
];

const byTheDispatcher: readonly Class[] = [
  ['another command', 'approvals', exec(bash('rm -rf /'))],
  ['another byte in the command', 'approvals', exec(bash('echo hello ', { DD0C_RUN: 'run-1' }))],
  ['another directory', 'approvals', exec({ cwd: '/tmp' })],
  ['another value in the environment', 'approvals', exec({ env: { DD0C_RUN: 'run-2' } })],
  ['a name more in the environment', 'approvals', exec({ env: { DD0C_RUN: 'run-1', TZ: 'UTC' } })],
  ['a name less in the environment', 'approvals', exec({ env: {} })],
  [
    'argv for bash',
    'approvals',
    stolen({ exec: { mode: 'argv', argv: ['echo', 'hello'], cwd: '/', env: { DD0C_RUN: 'run-1' } } }),
  ],
  ['another tenant', 'addressee', stolen({ tenant_id: 'T2' })],
  ['another agent', 'addressee', stolen({ agent_id: 'agent-2' })],
  ['another enrolment', 'addressee', stolen({ agent_epoch: 2 })],
  ['another run', 'approvals', stolen({ run_id: 'run-2' })],
  ['another revision', 'approvals', stolen({ run_rev: 2 })],
  ['another step', 'approvals', stolen({ step_id: 's2' })],
  ['another attempt', 'approvals', stolen({ attempt: 2 })],
  ['another profile', 'approvals', stolen({ profile: { name: 'prod', digest: HASH } })],
  ['another digest of the profile', 'approvals', stolen({ profile: { ...job.profile, digest: HASH } })],
  ['another requester', 'approvals', authority({ requester: 'U3' })],
  ['the approver as requester', 'approvals', authority({ requester: 'U2' })],
  ['a lower risk', 'approvals', stolen({ verdict: judged('caution') })],
  ['danger under the rule "one"', 'approvals', authority({ rule: 'one' })],
  ['danger under the rule "auto"', 'approvals', authority({ rule: 'auto' })],
  [
    'a danger called safe, by nobody approved',
    'scanner',
    stolen({
      verdict: judged('safe'),
      authority: { ...job.authority, rule: 'auto', approvals: [] },
    }),
    { classify: () => ({ ...benchWith().classify(''), risk: 'danger' }) },
  ],
  ['the approvals left out', 'approvals', approvedBy()],
  [
    'an idem key of another attempt',
    'duplicate',
    signPayload('job', canonicalBytes({ ...job, idem_key: HASH }), dispatchKey),
  ],
];

const approvals: readonly Class[] = [
  ['by the dispatcher', 'approvals', approvedBy(approvalFor(job, {}, dispatchKey))],
  [
    'by the dispatcher under the name of the approval key',
    'approvals',
    approvedBy({ ...approvalFor(job, {}, dispatchKey), keyId: approveKey.keyId }),
  ],
  ['by a stranger', 'approvals', approvedBy(approvalFor(job, {}, stranger))],
  ['by the root key', 'approvals', approvedBy(approvalFor(job, {}, rootKey))],
  ['by the agent', 'approvals', approvedBy(approvalFor(job, {}, agentKey))],
  [
    'by an approval key that is revoked',
    'approvals',
    good,
    believing({ approve: [roleKey(approveKey), otherApprove], revoked: [approveKey.keyId] }),
  ],
  ['by an approval key of an older bundle', 'approvals', good, believing({ approve: [otherApprove] })],
  ['with a flipped signature', 'approvals', approvedBy({ ...approvalFor(job), sig: new Uint8Array(64) })],
  [
    'with a changed payload',
    'approvals',
    approvedBy({ ...approvalFor(job), payload: approvalFor(job, { step_id: 's2' }).payload }),
  ],
  ['that is a resume', 'approvals', approvedBy(resumeOf(1))],
  ['that is a job', 'approvals', approvedBy(signJob(job, approveKey))],
  [
    'signed as a resume',
    'approvals',
    approvedBy(signPayload('resume', approvalFor(job).payload, approveKey)),
  ],
  ['for another tenant', 'approvals', approvalOf({ tenant_id: 'T2' })],
  ['for another run', 'approvals', approvalOf({ run_id: 'run-2' })],
  ['for another revision', 'approvals', approvalOf({ run_rev: 2 })],
  ['for another step', 'approvals', approvalOf({ step_id: 's2' })],
  ['for another attempt', 'approvals', approvalOf({ attempt: 2, after: 'unknown' })],
  ['for another agent', 'approvals', approvalOf({ agent_id: 'agent-2' })],
  ['for another enrolment', 'approvals', approvalOf({ agent_epoch: 0 })],
  ['for another profile', 'approvals', approvalOf({ profile: { name: 'prod', digest: job.profile.digest } })],
  [
    'for another digest of the profile',
    'approvals',
    approvalOf({ profile: { name: 'default', digest: HASH } }),
  ],
  ['for another command', 'approvals', approvalOf({ exec_sha256: HASH })],
  ['for another risk', 'approvals', approvalOf({ risk: 'caution' })],
  ['naming another requester', 'approvals', approvalOf({ requester: 'U3' })],
  ['by the requester', 'approvals', approvalOf({ approver: 'U1' })],
  [
    'by the only member, where the host wants two people',
    'approvals',
    approvalOf({ approver: 'U1', forced: 'solo' }),
    { state: stateWith({ policy: policyOf('allow_solo: false') }) },
  ],
  ['that has expired', 'approvals', approvalOf({ iat: T0 - 700_000, start_by: T0 - 1 })],
  ['from the future', 'approvals', approvalOf({ iat: T0 + 30_001, start_by: T0 + 60_000 })],
  ['beside one that is forged', 'approvals', approvedBy(approvalFor(job), approvalFor(job, {}, stranger))],
  ['nine times', 'parse', approvedBy(...Array.from({ length: 9 }, () => approvalFor(job)))],
];

const replays: readonly Class[] = [
  ['of an envelope that ran', 'seq', good, { state: ran }],
  [
    'with a new seq and a new envelope id',
    'duplicate',
    stolen({ seq: 2, envelope_id: 'envelope-2' }),
    { state: ran },
  ],
  [
    'as a next attempt, with the old approval',
    'approvals',
    stolen({ seq: 2, envelope_id: 'envelope-2', attempt: 2 }),
    { state: ran },
  ],
  [
    'as a next attempt, with the old approval under another number',
    'rerun',
    signJob(riskyJob('danger', { seq: 2, attempt: 2 })),
    { state: ran },
  ],
  ['after the clock was set back', 'seq', good, { state: ran, now: T0 - 20_000 }],
  ['after the agent enrolled again', 'addressee', good, identity({ agentEpoch: 2 })],
  [
    'after the agent enrolled again, by the dispatcher',
    'approvals',
    stolen({ agent_epoch: 2 }),
    identity({ agentEpoch: 2 }),
  ],
  ['on another agent', 'addressee', good, identity({ agentId: agentId('agent-2') })],
  [
    'on another agent, by the dispatcher',
    'approvals',
    stolen({ agent_id: 'agent-2' }),
    identity({ agentId: agentId('agent-2') }),
  ],
  ['of an older seq', 'seq', good, { state: stateWith({ seqMark: 9 }) }],
];

const stale: readonly Class[] = [
  ['without a lease', 'lease', good, { state: stateWith({ lease: null }) }],
  ['under a lease that has run out', 'lease', good, { mono: M0 + 10_000 }],
  ['under a lease with less than 2 s left', 'lease', good, { mono: M0 + 8_001 }],
  ['of an earlier connection', 'lease', good, { state: stateWith({ leaseEpoch: 2 }) }],
  ['of a later connection', 'lease', stolen({ lease_epoch: 2 })],
  ['during a pause', 'panic', good, { state: stateWith({ panic: { epoch: 0, paused: true } }) }],
  ['from before a pause', 'panic', good, { state: stateWith({ panic: { epoch: 1, paused: false } }) }],
  ['from after a pause that the agent has not heard of', 'panic', stolen({ panic_epoch: 1 })],
  ['that has expired', 'time', stolen({ iat: T0 - 330_001, exp: T0 - 30_001 })],
  ['from the future', 'time', stolen({ iat: T0 + 30_001, exp: T0 + 30_002 })],
  ['by a clock that is off', 'standstill', good, lease({ drift: 30_001 })],
  ['by a clock that jumped back', 'standstill', good, lease({ wallAt: T0 + 30_001 })],
  ['by a clock that jumped forward', 'standstill', good, lease({ wallAt: T0 - 30_001 })],
  ['by a clock behind the journal', 'standstill', good, { state: stateWith({ lastAt: T0 + 30_001 }) }],
  ['that lives longer than five minutes', 'parse', stolen({ exp: T0 + 300_001 })],
];

const malformed: readonly Class[] = [
  ['a doubled key', 'parse', spoiled('"attempt":1', '"attempt":1,"attempt":1')],
  ['an unknown field', 'parse', stolen({ run_as: 'root' })],
  ['a missing field', 'parse', without('limits')],
  ['a float', 'parse', spoiled('"attempt":1', '"attempt":1.0')],
  ['another order of keys', 'parse', signText(`{"v":1,${text.slice(1).replace('"v":1,', '')}`)],
  ['a byte order mark', 'parse', signText(`\ufeff${text}`)],
  ['an integer of 2^53', 'parse', spoiled('"seq":1', '"seq":9007199254740992')],
  ['a function in the environment', 'parse', exec({ env: { 'BASH_FUNC_ls%%': '() { id; }' } })],
  ['too many bytes', 'size', signPayload('job', new Uint8Array(256 * 1024 + 1), dispatchKey)],
];

/** Approved by another person, byte for byte, and still not for this host. */
const approvedYetRefused: readonly Class[] = [
  ...[
    'LD_PRELOAD',
    'BASH_ENV',
    'ENV',
    'PS4',
    'IFS',
    'PATH',
    'HOME',
    'NODE_OPTIONS',
    'PYTHONPATH',
    'GIT_SSH_COMMAND',
    'PERL5OPT',
  ].map(
    (name): Class => [
      `with ${name} in its environment`,
      'environment',
      signJob(riskyJob('danger', { exec: bash('echo', { [name]: 'x' }) })),
    ],
  ),
  ['that rests on a flag', 'flags', stolen({ flags: { used: ['fast'] } })],
  [
    'that the scanner here finds worse',
    'scanner',
    signJob(riskyJob('caution')),
    { classify: () => ({ ...benchWith().classify(''), risk: 'danger' }) },
  ],
  [
    'of more risk than the host allows',
    'policy',
    good,
    { state: stateWith({ policy: policyOf('max_risk: caution') }) },
  ],
  [
    'with a longer timeout than the host allows',
    'policy',
    stolen({ limits: { ...job.limits, timeout_ms: 86_400_000 } }),
  ],
  [
    'with a profile that the host does not have',
    'profile',
    signJob(riskyJob('danger', { profile: { name: 'prod', digest: HASH } })),
  ],
  [
    'on a host without its shell',
    'host',
    good,
    { host: { isDirectory: () => true, isExecutable: () => false } },
  ],
];

/** All of them, by what they are made of. */
export const groups: Readonly<Record<string, readonly Class[]>> = {
  'an envelope': keysAndSignatures,
  'something else:': swaps,
  'an envelope with': onTheWay,
  'an approved envelope to which the thief of the dispatch key gives': byTheDispatcher,
  'an envelope with an approval': approvals,
  'a replay': replays,
  'an envelope, stale:': stale,
  'an envelope, malformed:': malformed,
  'an approved envelope': approvedYetRefused,
};
