import { describe, expect, test } from '@jest/globals';
import {
  type Bench,
  type Candidate,
  type Check,
  DELIVERY_CHECKS,
  type Delivery,
  ENVELOPE_CHECKS,
  verify,
} from '../../agent/checks.ts';
import { CLOCK_SKEW_MS } from '../../agent/clock.ts';
import { type AgentState, evolve } from '../../agent/state.ts';
import { runId, stepId } from '../../src/protocol/ids.ts';
import type { Report, Signed } from '../../src/protocol/index.ts';
import { MAX_PAYLOAD_BYTES, signPayload } from '../../src/protocol/signed.ts';
import {
  approvalFor,
  approvedJob,
  bash,
  benchWith,
  dispatchKey,
  HASH,
  held,
  idemOf,
  jobWith,
  judged,
  keyFrom,
  M0,
  policyOf,
  riskyJob,
  signJob,
  stateWith,
  T0,
  trust,
  verdictOf,
} from './world.ts';

interface Case {
  readonly says: string;
  readonly check: string;
  readonly signed: Signed;
  readonly bench?: Partial<Bench>;
  /** What comes out once the check is taken away; an envelope the check alone stops comes through. */
  readonly without?: string;
}

/** Its bytes are not even hashed: nobody asks who signed it. */
const oversize = signPayload('job', new Uint8Array(MAX_PAYLOAD_BYTES.job + 1), keyFrom('stranger'));
const signed = signJob(jobWith());
const stranger = signJob(jobWith(), keyFrom('stranger'));
const danger = { verdict: judged('danger') };
const caution = { verdict: judged('caution') };
const policy = (text: string): Partial<Bench> => ({ state: stateWith({ policy: policyOf(text) }) });
const about = { runId: runId('run-1'), stepId: stepId('s1'), attempt: 1, envelopeId: 'earlier' };
const OUTCOME = {
  exitCode: 0,
  signal: null,
  timedOut: false,
  head: '',
  tail: '',
  bytes: 0,
  sha256: HASH,
  startedAt: T0,
  finishedAt: T0,
};
const startedBefore = evolve(stateWith({ policy: policyOf('max_running: 2') }), [
  { kind: 'verified', at: T0, about, seq: 1, idemKey: HASH, approvals: ['approval-1'] },
  { kind: 'started', at: T0, about },
]);
const lostBefore = evolve(startedBefore, [
  { kind: 'ended', at: T0, report: { kind: 'unknown', ...about, sentence: 'Lost.' } },
]);
const finishedBefore = (how: Partial<Omit<Extract<Report, { kind: 'finished' }>, 'kind'>>) => {
  const report = { kind: 'finished' as const, ...about, ...OUTCOME, ...how };
  return evolve(startedBefore, [{ kind: 'ended', at: T0, report }]);
};
const second = { attempt: 2, seq: 2 };
const leaseless = (lease: AgentState['lease']): Partial<Bench> => ({ state: stateWith({ lease }) });

const cases: readonly Case[] = [
  { says: 'it is too large', check: 'size', signed: oversize, without: 'key' },
  { says: 'no dispatch key signed it', check: 'key', signed: stranger, without: 'accepted' },
  {
    says: 'one byte of the signature differs',
    check: 'signature',
    signed: { ...signed, sig: flip(signed.sig, 5) },
  },
  { says: 'it is for another tenant', check: 'addressee', signed: signJob(jobWith({ tenant_id: 'T2' })) },
  { says: 'it is for another agent', check: 'addressee', signed: signJob(jobWith({ agent_id: 'agent-2' })) },
  {
    says: 'it is for an earlier enrolment',
    check: 'addressee',
    signed: signJob(jobWith({ agent_epoch: 0 })),
  },
  { says: 'it has expired', check: 'time', signed: expiringAt(T0 - CLOCK_SKEW_MS - 1) },
  { says: 'it is from the future', check: 'time', signed: expiringAt(T0 + 300_000 + CLOCK_SKEW_MS + 1) },
  { says: 'its seq is the last one seen', check: 'seq', signed, bench: { state: stateWith({ seqMark: 1 }) } },
  {
    says: 'its attempt has been taken',
    check: 'duplicate',
    signed,
    bench: { state: stateWith({ idemKeys: new Set([idemOf(jobWith())]) }) },
  },
  {
    says: 'its idem key is of another attempt',
    check: 'duplicate',
    signed: signJob(jobWith({ idem_key: HASH })),
  },
  { says: 'the agent has heard no lease', check: 'lease', signed, bench: leaseless(null) },
  { says: 'the lease has less than 2 s left', check: 'lease', signed, bench: { mono: M0 + 8_001 } },
  {
    says: 'it is from before this connection',
    check: 'lease',
    signed,
    bench: { state: stateWith({ leaseEpoch: 2 }) },
  },
  {
    says: 'it is from a connection not heard of',
    check: 'lease',
    signed: signJob(jobWith({ lease_epoch: 2 })),
  },
  {
    says: 'the agent is paused',
    check: 'panic',
    signed,
    bench: { state: stateWith({ panic: { epoch: 0, paused: true } }) },
  },
  {
    says: 'it is from before a pause',
    check: 'panic',
    signed,
    bench: { state: stateWith({ panic: { epoch: 1, paused: false } }) },
  },
  { says: 'it is from after a pause not seen', check: 'panic', signed: signJob(jobWith({ panic_epoch: 1 })) },
  { says: 'the host policy pauses', check: 'standstill', signed, bench: policy('mode: paused') },
  {
    says: 'the agent shuts down',
    check: 'standstill',
    signed,
    bench: { state: stateWith({ draining: true }) },
  },
  {
    says: 'the journal is damaged',
    check: 'standstill',
    signed,
    bench: { state: stateWith({ faults: ['Damage.'] }) },
  },
  {
    says: 'the trust bundle has expired',
    check: 'standstill',
    signed,
    bench: { state: stateWith({ trust: { ...trust, exp: T0 - 1 } }) },
  },
  {
    says: 'the lease names a newer trust bundle',
    check: 'standstill',
    signed,
    bench: leaseless(held({ bundleVersion: 2 })),
  },
  {
    says: "the clock differs from the server's",
    check: 'standstill',
    signed,
    bench: leaseless(held({ drift: CLOCK_SKEW_MS + 1 })),
  },
  {
    says: 'the clock has jumped',
    check: 'standstill',
    signed,
    bench: leaseless(held({ wallAt: T0 - CLOCK_SKEW_MS - 1 })),
  },
  {
    says: 'the clock is behind the journal',
    check: 'standstill',
    signed,
    bench: { state: stateWith({ lastAt: T0 + CLOCK_SKEW_MS + 1 }) },
  },
  {
    says: 'an approval is missing',
    check: 'approvals',
    signed: signJob(approvedJob(jobWith(caution), [], 'one')),
  },
  {
    says: 'it runs again what has been started, on the approval that is spent',
    check: 'rerun',
    signed: signJob(riskyJob('caution', second)),
    bench: { state: lostBefore },
  },
  {
    says: 'it sets LD_PRELOAD',
    check: 'environment',
    signed: signJob(jobWith({ exec: bash('echo hello', { LD_PRELOAD: '/tmp/x.so' }) })),
  },
  {
    says: 'it rests on a flag',
    check: 'flags',
    signed: signJob(jobWith({ flags: { used: ['new-retry'] } })),
  },
  {
    says: 'the scanner here finds worse',
    check: 'scanner',
    signed,
    bench: { classify: () => verdictOf('caution') },
  },
  {
    says: 'the scanner here breaks',
    check: 'scanner',
    signed,
    bench: {
      classify: () => {
        throw new Error('broken');
      },
    },
  },
  {
    says: 'the policy allows less',
    check: 'policy',
    signed: signJob(riskyJob('danger')),
    bench: policy('max_risk: caution'),
  },
  {
    says: 'the host only reads',
    check: 'policy',
    signed: signJob(riskyJob('caution')),
    bench: policy('mode: read_only'),
  },
  { says: 'it may run too long', check: 'policy', signed, bench: policy('max_timeout_ms: 9999') },
  {
    says: 'the profile is unknown',
    check: 'profile',
    signed: signJob(jobWith({ profile: { name: 'prod', digest: HASH } })),
  },
  {
    says: 'the profile changed',
    check: 'profile',
    signed: signJob(jobWith({ profile: { name: 'default', digest: HASH } })),
  },
  {
    says: 'the directory is not there',
    check: 'host',
    signed,
    bench: { host: { isDirectory: () => false, isExecutable: () => true } },
  },
  {
    says: 'the shell is not there',
    check: 'host',
    signed,
    bench: { host: { isDirectory: () => true, isExecutable: () => false } },
  },
  {
    says: 'the agent is busy',
    check: 'capacity',
    signed: signJob(jobWith({ run_id: 'run-2', seq: 2 })),
    bench: { state: evolve(stateWith(), [{ kind: 'started', at: T0, about }]) },
  },
];

describe('an envelope', () => {
  test('that nothing speaks against is accepted', () => {
    expect(verify({ ...benchWith(), signed })).toMatchObject({ outcome: 'accepted', approvalIds: [] });
    const approved = signJob(riskyJob('danger'));
    expect(verify({ ...benchWith(), signed: approved })).toMatchObject({ approvalIds: ['approval-1'] });
  });

  test.each(cases)('is refused when $says, by the check "$check" and by no other', (row) => {
    const delivery = { ...benchWith(row.bench), signed: row.signed };
    expect(codeOf(delivery, DELIVERY_CHECKS, ENVELOPE_CHECKS)).toBe(row.check);
    const rest = <S>(checks: readonly Check<S>[]) => checks.filter((check) => check.name !== row.check);
    const codeWithout = codeOf(delivery, rest(DELIVERY_CHECKS), rest(ENVELOPE_CHECKS));
    expect(codeWithout).toBe(row.without ?? 'accepted');
  });

  test('is held to every check there is: the cases above name them all', () => {
    const names = [...DELIVERY_CHECKS, ...ENVELOPE_CHECKS].map((check) => check.name);
    expect(new Set(cases.map((row) => row.check))).toEqual(new Set(names));
    expect(new Set(names).size).toBe(names.length);
  });

  test('that is forged or for somebody else is ignored; one that is believed and refused is answered', () => {
    const outcomes = new Map(
      cases.map((row) => [row.check, verify({ ...benchWith(row.bench), signed: row.signed }).outcome]),
    );
    const ignored = [...outcomes].filter(([, outcome]) => outcome === 'ignored').map(([check]) => check);
    expect(ignored).toEqual(['size', 'key', 'signature', 'addressee']);
  });

  test('is not parsed before its signature is verified, nor hashed before its size is known', () => {
    const garbage = { ...signed, payload: new TextEncoder().encode('{"not":"a job"}') };
    const cases = [garbage, signPayload('job', garbage.payload, dispatchKey)];
    const codes = cases.map((one) =>
      codeOf({ ...benchWith(), signed: one }, DELIVERY_CHECKS, ENVELOPE_CHECKS),
    );
    expect(codes).toEqual(['signature', 'parse']);
    expect(DELIVERY_CHECKS[0]?.name).toBe('size');
    const largest = signPayload('job', new Uint8Array(MAX_PAYLOAD_BYTES.job), dispatchKey);
    expect(codeOf({ ...benchWith(), signed: largest }, DELIVERY_CHECKS, ENVELOPE_CHECKS)).toBe('parse');
  });

  test('that was taken here is called so before what speaks against it only for the moment', () => {
    const moments: readonly Partial<AgentState>[] = [
      { lease: null },
      { leaseEpoch: 2 },
      { panic: { epoch: 1, paused: true } },
      { draining: true },
      { policy: policyOf('mode: paused') },
    ];
    for (const moment of moments) {
      const state = stateWith({ idemKeys: new Set([idemOf(jobWith())]), ...moment });
      expect(codeFor(jobWith(), { state })).toBe('duplicate');
    }
  });

  test('is still good at the very ends of its time window', () => {
    for (const exp of [T0 - CLOCK_SKEW_MS, T0 + 300_000 + CLOCK_SKEW_MS]) {
      expect(verify({ ...benchWith(), signed: expiringAt(exp) }).outcome).toBe('accepted');
    }
  });

  test('of argv mode needs its program on the path of the profile, or at the place it names', () => {
    const asked: string[] = [];
    const host = { isDirectory: () => true, isExecutable: (path: string) => asked.push(path) < 0 };
    const argv = (program: string) =>
      signJob(jobWith({ exec: { mode: 'argv', argv: [program], cwd: '/srv', env: {} } }));
    expect(verify({ ...benchWith({ host }), signed: argv('kubectl') })).toMatchObject({ code: 'host' });
    expect(asked).toContain('/usr/bin/kubectl');
    expect(verify({ ...benchWith({ host }), signed: argv('./tool') })).toMatchObject({ code: 'host' });
    expect(asked.at(-1)).toBe('/srv/tool');
  });

  test('is told why the scanner finds it worse, as far as the scanner says', () => {
    const sentenceOf = (verdict: ReturnType<typeof verdictOf>) =>
      verify({ ...benchWith({ classify: () => verdict }), signed });
    const worse = verdictOf('danger');
    expect(sentenceOf(worse)).toMatchObject({ sentence: expect.stringContaining('As the test says.') });
    expect(sentenceOf({ ...worse, reasons: [] })).toMatchObject({ code: 'scanner' });
  });

  test('is scanned as the exact text the shell will read', () => {
    const seen: string[] = [];
    const classify = (command: string) => {
      seen.push(command);
      return verdictOf('safe');
    };
    verify({ ...benchWith({ classify }), signed: signJob(jobWith({ exec: bash('echo "a  b"\n') })) });
    expect(seen).toEqual(['echo "a  b"\n']);
  });

  test('may run exactly as long as the policy of the host lets it', () => {
    expect(codeFor(jobWith(), policy('max_timeout_ms: 10000'))).toBe('accepted');
  });

  test('may set the names that steer nothing, and those the host policy names', () => {
    const env = { DD0C_RUN: 'r', LANG: 'C', LC_ALL: 'C', TZ: 'UTC' };
    expect(codeFor(jobWith({ exec: bash('echo', env) }))).toBe('accepted');
    const named = jobWith({ exec: bash('echo', { REGION: 'eu' }) });
    expect(codeFor(named)).toBe('environment');
    expect(codeFor(named, policy('env_names: [REGION]'))).toBe('accepted');
  });

  const steering = [
    'LD_LIBRARY_PATH',
    'BASH_ENV',
    'ENV',
    'PS4',
    'IFS',
    'PATH',
    'HOME',
    'NODE_OPTIONS',
    'PYTHONPATH',
    'GIT_SSH',
  ];
  test.each(steering)('may not set %s', (name) => {
    expect(codeFor(jobWith({ exec: bash('echo', { [name]: 'x' }) }))).toBe('environment');
  });
});

describe('approvals', () => {
  const other = (overrides: Parameters<typeof approvalFor>[1]) => riskyJob('danger', {}, overrides);
  const rows: readonly (readonly [string, Parameters<typeof signJob>[0], string])[] = [
    ['danger, approved by another person', other({}), 'accepted'],
    ['danger, approved by the requester', other({ approver: 'U1' }), 'approvals'],
    [
      'danger, approved by the only member of the tenant',
      other({ approver: 'U1', forced: 'solo' }),
      'accepted',
    ],
    [
      'danger under the rule "one"',
      approvedJob(jobWith(danger), [approvalFor(jobWith(danger))], 'one'),
      'approvals',
    ],
    ['danger under the rule "auto"', jobWith(danger), 'approvals'],
    ['danger without any approval', approvedJob(jobWith(danger), []), 'approvals'],
    ['caution under the rule "auto"', jobWith(caution), 'approvals'],
    [
      'caution, approved by the requester',
      approvedJob(jobWith(caution), [approvalFor(jobWith(caution), { approver: 'U1' })], 'one'),
      'accepted',
    ],
    ['safe under the rule "auto"', jobWith(), 'accepted'],
    [
      'safe under "auto" with an approval of something else',
      approvedJob(jobWith(), [approvalFor(jobWith(), { step_id: 's2' })], 'auto'),
      'approvals',
    ],
    ['an approval for another run', other({ run_id: 'run-2' }), 'approvals'],
    ['an approval for another revision', other({ run_rev: 2 }), 'approvals'],
    ['an approval for another step', other({ step_id: 's2' }), 'approvals'],
    ['an approval for another attempt', other({ attempt: 2, after: 'unknown' }), 'approvals'],
    ['an approval for another agent', other({ agent_id: 'agent-2' }), 'approvals'],
    ['an approval for another tenant', other({ tenant_id: 'T2' }), 'approvals'],
    ['an approval of another command', other({ exec_sha256: HASH }), 'approvals'],
    ['an approval of a lower risk', other({ risk: 'caution' }), 'approvals'],
    ['an approval naming another requester', other({ requester: 'U3' }), 'approvals'],
    ['an approval that has expired', other({ iat: T0 - 700_000, start_by: T0 - 1 }), 'approvals'],
    ['an approval from the future', other({ iat: T0 + CLOCK_SKEW_MS + 1 }), 'approvals'],
    ['an approval as new as clocks may differ', other({ iat: T0 + CLOCK_SKEW_MS }), 'accepted'],
    ['an approval at its very end', other({ iat: T0 - 600_000, start_by: T0 }), 'accepted'],
    [
      'an approval signed by the dispatch key',
      approvedJob(jobWith(danger), [approvalFor(jobWith(danger), {}, dispatchKey)]),
      'approvals',
    ],
    [
      'an approval signed by a stranger',
      approvedJob(jobWith(danger), [approvalFor(jobWith(danger), {}, keyFrom('x'))]),
      'approvals',
    ],
    [
      'a good approval beside one that cannot be believed',
      approvedJob(jobWith(danger), [
        approvalFor(jobWith(danger)),
        approvalFor(jobWith(danger), {}, keyFrom('x')),
      ]),
      'approvals',
    ],
  ];
  test.each(rows)('%s', (_, job, code) => {
    expect(codeFor(job)).toBe(code);
  });

  test('the host policy may ask for more than the envelope does', () => {
    expect(codeFor(jobWith(), policy('auto_safe: false'))).toBe('approvals');
    const solo = riskyJob('danger', {}, { approver: 'U1', forced: 'solo' });
    expect(codeFor(solo, policy('allow_solo: false'))).toBe('approvals');
  });
});

describe('a second attempt', () => {
  const again = (approval = {}, overrides = {}) =>
    riskyJob('caution', { ...second, ...overrides }, { approval_id: 'approval-2', ...approval });
  const first = { attempt: 1, after: '' } as const;

  test('runs when nobody can know how the first ended and a fresh approval says so', () => {
    expect(codeFor(again(), { state: lostBefore })).toBe('accepted');
  });

  test.each([
    ['by policy', jobWith(second), 'rerun'],
    ['on the approval of the first', again(first), 'approvals'],
    ['on an approval that has started something', again({ approval_id: 'approval-1' }), 'rerun'],
    ['on an approval that says the first did not start', again({ after: 'not-started' }), 'rerun'],
    ['as another first', again(first, { attempt: 1 }), 'rerun'],
  ])('does not run %s', (_, job, code) => {
    expect(codeFor(job, { state: lostBefore })).toBe(code);
  });

  test('needs its approval also where no first attempt was ever seen', () => {
    expect(codeFor(jobWith(second))).toBe('rerun');
    expect(codeFor(again())).toBe('accepted');
    expect(codeFor(again({ after: 'not-started' }))).toBe('accepted');
  });

  test.each([
    [finishedBefore({ exitCode: 0 }), 'Attempt 1 of this step ended with exit code 0 here'],
    [finishedBefore({ exitCode: 3 }), 'Attempt 1 of this step ended with exit code 3 here'],
    [
      finishedBefore({ exitCode: null, signal: 'SIGKILL' }),
      'Attempt 1 of this step was ended by SIGKILL here',
    ],
    [finishedBefore({ timedOut: true }), 'Attempt 1 of this step ran out of time here'],
    [startedBefore, 'Attempt 1 of this step is still running here'],
  ])('is refused by the outcome of the first, whoever approved it (%#)', (state, sentence) => {
    expect(verify({ ...benchWith({ state }), signed: signJob(again()) })).toMatchObject({
      outcome: 'refused',
      code: 'rerun',
      sentence: expect.stringContaining(sentence),
    });
  });
});

function codeFor(job: Parameters<typeof signJob>[0], bench: Partial<Bench> = {}): string {
  return codeOf({ ...benchWith(bench), signed: signJob(job) }, DELIVERY_CHECKS, ENVELOPE_CHECKS);
}

function codeOf(
  delivery: Delivery,
  first: readonly Check<Delivery>[],
  second: readonly Check<Candidate>[],
): string {
  const verification = verify(delivery, first, second);
  return verification.outcome === 'accepted' ? 'accepted' : verification.code;
}

/** A job of the longest life there is. */
function expiringAt(exp: number): Signed {
  return signJob(jobWith({ iat: exp - 300_000, exp }));
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}
