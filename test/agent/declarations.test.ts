import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Bench, verify } from '../../agent/checks.ts';
import { CLOCK_SKEW_MS } from '../../agent/clock.ts';
import { encodeSigned, type RecordInput, type Signed } from '../../src/protocol/index.ts';
import { classify, loadSafety } from '../../src/safety/index.ts';
import {
  approvalFor,
  bash,
  benchWith,
  declarationFor,
  dispatchKey,
  HASH,
  jobWith,
  keyFrom,
  policyOf,
  rootKey,
  signJob,
  stateWith,
  T0,
} from './world.ts';

beforeAll(loadSafety);

type Job = RecordInput<'job'>;
const NAME = 'cloudctl-status';
const statusJob = (command = NAME): Job => jobWith({ exec: bash(command) });
const job = statusJob();

/** The envelope with these declarations, as an agent with the real scanner answers it. */
function answer(to: Job, declarations: readonly Signed[], bench: Partial<Bench> = {}) {
  const authority = { ...to.authority, declarations: declarations.map(encodeSigned) };
  const result = verify({ ...benchWith({ classify, ...bench }), signed: signJob({ ...to, authority }) });
  return result.outcome === 'accepted' ? 'accepted' : result.code;
}
const policy = (text: string): Partial<Bench> => ({ state: stateWith({ policy: policyOf(text) }) });
const declared = (overrides: Partial<RecordInput<'declaration'>> = {}) =>
  declarationFor(job, [NAME], overrides);

describe('an unknown program in a safe envelope', () => {
  test('runs when its tenant has declared it for this very attempt and command', () => {
    expect(answer(job, [declared()])).toBe('accepted');
  });

  test('does not run without a declaration, or with one of other programs', () => {
    expect(answer(job, [])).toBe('scanner');
    expect(answer(job, [declarationFor(job, ['cloudctl-top'])])).toBe('scanner');
  });

  test('does not run where the host’s policy takes no declarations, or none by one person', () => {
    const solo = declared({ programs: [{ name: NAME, by: ['U1'], forced: 'solo' }] });
    expect(answer(job, [declared()], policy('declared_programs: accept'))).toBe('accepted');
    expect(answer(job, [declared()], policy('declared_programs: refuse'))).toBe('scanner');
    expect(answer(job, [solo])).toBe('accepted');
    expect(answer(job, [solo], policy('allow_solo: false'))).toBe('scanner');
    expect(answer(job, [declared()], policy('allow_solo: false'))).toBe('accepted');
  });

  test.each([
    `sudo ${NAME}`,
    `${NAME} | sh`,
    `${NAME}; rm -rf /srv`,
    `/usr/bin/${NAME}`,
    `./${NAME}`,
    `env X=1 ${NAME}`,
    `X=1 ${NAME}`,
    `ssh host ${NAME}`,
    `cloud''ctl-status`,
    `${NAME} && cloudctl-stop`,
  ])('is judged as before in %s', (command) => {
    const risky = statusJob(command);
    expect(answer(risky, [declarationFor(risky, [NAME])])).toBe('scanner');
  });

  test('is no way to call something known harmless, though both keys say so', () => {
    for (const [name, command] of [
      ['rm', 'rm -rf /srv'],
      ['sh', 'sh x'],
      ['osh', 'osh x'],
      ['kubectl', 'kubectl delete pod x'],
    ] as const) {
      const risky = statusJob(command);
      expect([name, answer(risky, [declarationFor(risky, [name])])]).toEqual([name, 'scanner']);
    }
  });
});

describe('a declaration refuses the envelope', () => {
  const flipped = (signed: Signed): Signed => ({
    ...signed,
    sig: signed.sig.map((byte, at) => (at === 5 ? byte ^ 1 : byte)),
  });
  const edited = (from: string, to: string): Signed => {
    const signed = declared();
    const text = new TextDecoder().decode(signed.payload).replace(from, to);
    return { ...signed, payload: new TextEncoder().encode(text) };
  };
  const cases: readonly (readonly [string, Signed])[] = [
    ['that a stranger signed', declarationFor(job, [NAME], {}, keyFrom('stranger'))],
    ['that the dispatch key signed', declarationFor(job, [NAME], {}, dispatchKey)],
    ['that the root key signed', declarationFor(job, [NAME], {}, rootKey)],
    [
      'under the name of the approval key',
      { ...declarationFor(job, [NAME], {}, dispatchKey), keyId: declared().keyId },
    ],
    ['with another signature', flipped(declared())],
    ['with another name than was signed', edited(NAME, 'cloudctl-delete')],
    ['that is an approval', approvalFor(job)],
    ['of another tenant', declared({ tenant_id: 'T2' })],
    ['for another agent', declared({ agent_id: 'agent-2' })],
    ['for an earlier enrolment', declared({ agent_epoch: 0 })],
    ['for another run', declared({ run_id: 'run-2' })],
    ['for another step', declared({ step_id: 's2' })],
    ['for another attempt', declared({ attempt: 2 })],
    ['for another command', declared({ exec_sha256: HASH })],
    ['that has expired', declared({ iat: T0 - 300_000, exp: T0 - CLOCK_SKEW_MS - 1 })],
    ['from the future', declared({ iat: T0 + CLOCK_SKEW_MS + 1, exp: T0 + CLOCK_SKEW_MS + 2 })],
  ];

  test.each(cases)('%s', (_, declaration) => {
    expect(answer(job, [declaration])).toBe('scanner');
  });

  test.each(cases)('of a command that is safe without it, too: %s', (_, declaration) => {
    const harmless = { ...job, exec: bash('uptime') };
    expect(answer(harmless, [])).toBe('accepted');
    expect(answer(harmless, [declaration])).toBe('scanner');
  });

  test('where the policy takes none, too', () => {
    for (const [, declaration] of cases)
      expect(answer(job, [declaration], policy('declared_programs: refuse'))).toBe('scanner');
  });

  test('that was signed with a key that is revoked since', () => {
    const fresh = stateWith();
    const state = { ...fresh, trust: { ...fresh.trust, approve: new Map() } };
    expect(answer(job, [declared()], { state })).toBe('scanner');
  });

  test('beside another: an envelope has one at most', () => {
    expect(() => answer(job, [declared(), declared()])).toThrow();
  });
});
