/** An approval that does not hold any more, for a reason outside the run: nothing is sent on it. */
import { describe, expect, test } from '@jest/globals';
import { runRef } from '../../src/audit/streams.ts';
import type { Bundle } from '../../src/protocol/trust.ts';
import { runKind } from '../../src/run/kind.ts';
import { advanceRun, approveStep, findRun, type RunDeps } from '../../src/run/service.ts';
import { apply, BOB, buildRun, hashOf, member, RUN, S1, TENANT } from '../support/builders.ts';
import {
  fakeDirectory,
  fakeRegistry,
  fakeScanner,
  memoryLog,
  testBundle,
  testKey,
} from '../support/fakes.ts';

const approver = testKey(2);
const revoked = testBundle({ version: 2, approve: [testKey(5)], revoked: [approver.keyId] });

/** A step that Bob has approved, where the processes of the server have heard of this bundle. */
async function approved(bundle: () => Bundle = testBundle, agentEpoch = 1) {
  const { log, put } = memoryLog();
  const registry = { ...fakeRegistry(), nextSeq: async () => ({ seq: 1, leaseEpoch: 1, agentEpoch }) };
  const deps: RunDeps = {
    log,
    directory: fakeDirectory([member(BOB)]),
    registry,
    scanner: fakeScanner,
    dispatchKey: testKey(1),
    approveKey: approver,
    bundle,
    trust: 'copilot',
    newId: () => 'NEW0000001',
    nonce: () => Buffer.alloc(16).toString('base64url'),
  };
  const offered = buildRun();
  put(runKind, runRef(TENANT, RUN), offered);
  const yes = { tenant: TENANT, run: RUN, step: S1, by: BOB, shown: hashOf(offered, S1), typed: null };
  expect((await approveStep(deps, yes)).ok).toBe(true);
  const step = async () => (await findRun(log, TENANT, RUN))?.steps[0];
  return { advance: () => advanceRun(deps, TENANT, RUN), step };
}

describe('an approval', () => {
  test('whose key counts is sent, with the version of the bundle that names it', async () => {
    const { advance, step } = await approved(() => testBundle({ version: 7 }));
    expect(await advance()).toBe('moved');
    expect(await step()).toMatchObject({ status: 'dispatched', dispatch: { bundleVersion: 7 } });
  });

  test('whose key was revoked is void: nothing is sent, and somebody is asked again', async () => {
    const { advance, step } = await approved(() => revoked);
    expect(await advance()).toBe('moved');
    expect(await step()).toMatchObject({
      status: 'stalled',
      attempt: 0,
      dispatch: null,
      trouble: expect.stringMatching(/was revoked.*Nothing ran/),
    });
  });

  test('whose key this process has not heard of waits until it has', async () => {
    let bundle = testBundle({ approve: [testKey(5)] });
    const { advance, step } = await approved(() => bundle);
    expect(await advance()).toBe('waiting');
    expect(await step()).toMatchObject({ status: 'approved', dispatch: null });
    bundle = testBundle({ version: 2, approve: [approver, testKey(5)] });
    expect(await advance()).toBe('moved');
    expect(await step()).toMatchObject({ status: 'dispatched' });
  });

  test.each([0, 2])('for a run of another enrolment of its agent (%i) is void', async (agentEpoch) => {
    const { advance, step } = await approved(testBundle, agentEpoch);
    expect(await advance()).toBe('moved');
    expect(await step()).toMatchObject({
      status: 'stalled',
      attempt: 0,
      dispatch: null,
      trouble: expect.stringMatching(/enrolled again.*start it anew/),
    });
  });

  test('is void only while it waits: a step that was offered, sent or ended stays as it is', () => {
    for (const at of ['awaiting-approval', 'dispatched', 'running', 'succeeded'] as const)
      expect(() => apply(buildRun({ at }), { type: 'void', step: S1, why: 'key-revoked' })).toThrow(
        'refused',
      );
  });
});
