import { describe, expect, test } from '@jest/globals';
import { corePorts } from '../../../handlers/grpc/core-ports.ts';
import type { Hello, Report } from '../../../handlers/grpc/ports.ts';
import { agentRef, runRef } from '../../../src/audit/streams.ts';
import type { Connected } from '../../../src/platform/agent-registry.ts';
import { agentId, tenantId } from '../../../src/protocol/ids.ts';
import { type Bundle, openSigned } from '../../../src/protocol/index.ts';
import { runKind } from '../../../src/run/kind.ts';
import type { RunState } from '../../../src/run/run.ts';
import { agentKind } from '../../../src/tenant/agent.ts';
import { tenantKind } from '../../../src/tenant/tenant.ts';
import { NONCE, publicOf } from '../../agent/world.ts';
import {
  AGENT,
  apply,
  buildPlan,
  buildRun,
  command,
  DISPATCH,
  NOW,
  REPORTS,
  RUN,
  S1,
  TENANT,
  tenantState,
} from '../../support/builders.ts';
import { fakeClock, fakeLogger, memoryLog, tenantRef, testBundle, testKey } from '../../support/fakes.ts';

const GRANTED: Connected = { kind: 'granted', leaseEpoch: 2, seqMark: 0 };

/** Ports over a log that holds one run. */
function room({
  run = buildRun(),
  granted = GRANTED,
  agentEpoch = 1,
  bundle = testBundle(),
}: {
  run?: RunState;
  granted?: Connected;
  agentEpoch?: number;
  bundle?: Bundle;
} = {}) {
  const clock = fakeClock();
  const { log, put } = memoryLog(clock);
  const { logger, lines } = fakeLogger();
  put(runKind, runRef(TENANT, RUN), run);
  put(tenantKind, tenantRef(TENANT), tenantState({ panicEpoch: 4 }));
  const identity = { tenantId: TENANT, publicKey: '', agentEpoch };
  const ports = corePorts({
    log,
    agents: {
      find: async (agent) => (agent === AGENT ? identity : null),
      connect: async () => granted,
      renew: async (_, leaseEpoch, seqMark) => (leaseEpoch === 2 ? { seqMark: Math.max(seqMark, 5) } : null),
      release: async () => undefined,
      redeem: async () => ({ ok: false, sentence: 'No tokens here.' }),
    },
    dispatchKey: testKey(1),
    approveKey: testKey(2),
    bundle: () => bundle,
    clock,
    logger,
    onChange: () => () => undefined,
  });
  const step = async () => (await log.load(runKind, runRef(TENANT, RUN)))?.state.steps[0];
  const standings = async (leaseEpoch = 1) =>
    (await ports.waitingJobs(AGENT, leaseEpoch)).map(({ standing }) => standing);
  const about = { runId: RUN, stepId: S1, attempt: 1, envelopeId: DISPATCH.envelopeId };
  const record = (report: object, leaseEpoch = 2) =>
    ports.record(AGENT, { ...about, ...report } as Report, leaseEpoch);
  return { ports, log, clock, lines, step, standings, about, record };
}

const sent = buildRun({ at: 'dispatched' });

describe('what waits for an agent', () => {
  test('is the envelope of a step that was sent and has not started, under the lease it was signed for', async () => {
    const { ports, standings, about } = room({ run: sent });
    expect(await ports.waitingJobs(AGENT, 1)).toMatchObject([{ about, standing: 'ready' }]);
    expect(await standings(2)).toEqual([]);
    expect(await room({ run: buildRun({ at: 'running' }) }).standings()).toEqual([]);
  });

  test('is never to be handed out when its run was paused or aborted meanwhile, or its time is over', async () => {
    const paused = apply(sent, command.pause()).state;
    expect(await room({ run: paused }).standings()).toEqual(['over']);
    expect(await room({ run: apply(sent, command.abort()).state }).standings()).toEqual(['over']);
    expect(await room({ run: apply(paused, command.resume()).state }).standings()).toEqual(['ready']);
    const { clock, standings } = room({ run: sent });
    clock.advance(DISPATCH.exp - NOW - 1);
    expect(await standings()).toEqual(['ready']);
    clock.advance(1);
    expect(await standings()).toEqual(['over']);
  });

  test('is held while this server has no bundle that names its keys, or one that revokes them', async () => {
    const approved = buildRun({ at: 'approved' });
    const signed = (keyId: string, bundleVersion: number) => {
      const dispatch = { ...DISPATCH, envelope: { ...DISPATCH.envelope, keyId }, bundleVersion };
      return apply(approved, command.dispatch(approved, { dispatch })).state;
    };
    const { keyId } = testKey(1);
    const approver = approved.steps[0]?.approval?.record?.keyId ?? '';
    expect(await room({ run: signed(keyId, 1) }).standings()).toEqual(['ready']);
    expect(await room({ run: signed(keyId, 2) }).standings()).toEqual(['held']);
    for (const revoked of [keyId, approver]) {
      const bundle = testBundle({ revoked: [revoked] });
      expect(await room({ run: signed(keyId, 1), bundle }).standings()).toEqual(['held']);
    }
  });

  test('and was withheld is made anew, unless its run does not go on', async () => {
    const { ports, step, about } = room({ run: sent });
    await ports.withheld(AGENT, about, 2);
    expect((await step())?.status).toBe('dispatched');
    await ports.withheld(AGENT, about, 1);
    expect(await step()).toMatchObject({ status: 'approved', attempt: 0 });
    const paused = room({ run: apply(sent, command.pause()).state });
    await paused.ports.withheld(AGENT, about, 1);
    expect(await paused.step()).toMatchObject({ status: 'stalled', attempt: 1 });
  });

  test('is the wish to end a step also when its run was aborted', async () => {
    const aborted = apply(buildRun({ at: 'running' }), command.abort()).state;
    const { ports } = room({ run: apply(aborted, command.on('kill')).state });
    expect(await ports.killsAsked(AGENT)).toEqual(['E1']);
    expect(await room({ run: aborted }).ports.killsAsked(AGENT)).toEqual([]);
  });

  test('is nothing of another agent', async () => {
    const run = buildRun({ at: 'dispatched', plan: { ...buildPlan(), agentId: agentId('a2') } });
    const { standings, ports } = room({ run });
    expect([await standings(), await ports.killsAsked(AGENT)]).toEqual([[], []]);
    await expect(ports.waitingJobs(agentId('a3'), 1)).rejects.toThrow('not enrolled');
  });
});

describe('a connection', () => {
  const hello = {
    v: 1,
    typ: 'hello',
    agentId: AGENT,
    tenantId: TENANT,
    agentEpoch: 1,
    nonce: 'AAAA',
    leaseNonce: NONCE,
    seqMark: 0,
    leaseEpoch: 1,
    bundleVersion: 1,
    journalHead: '',
    panicEpoch: 0,
    paused: false,
    pausedBecause: '',
    policySha256: '',
    rulesetVersion: '1',
    rulesetSha256: 'a'.repeat(64),
    version: '1',
    hostName: 'h',
    profiles: [],
  } as Hello;

  test('is granted a lease that says where the agent stands', async () => {
    const connecting = await room().ports.connect(AGENT, hello);
    if (!connecting.ok) throw new Error(connecting.sentence);
    const { lease, leaseEpoch } = connecting.connection;
    const opened = openSigned('lease', lease, () => publicOf(testKey(1)));
    expect([leaseEpoch, opened]).toMatchObject([
      2,
      {
        ok: true,
        record: {
          tenant_id: TENANT,
          agent_id: AGENT,
          lease_epoch: 2,
          nonce: NONCE,
          now: NOW,
          ttl_ms: 10_000,
          panic_epoch: 4,
          bundle_version: 1,
        },
      },
    ]);
  });

  test.each([
    ['dispatched', 1],
    ['running', 1],
    ['unknown', 1],
    ['reopened', 1],
    ['approved', 0],
    ['not-delivered', 0],
    ['recovered', 0],
    ['not-started', 0],
    ['succeeded', 0],
    ['failed', 0],
  ] as const)('has to account for a step that is %s: %i', async (at, count) => {
    const { ports, about } = room({ run: buildRun({ at }) });
    const connecting = await ports.connect(AGENT, hello);
    expect(connecting).toMatchObject({ ok: true, connection: { open: count === 1 ? [about] : [] } });
  });

  test('has to account also for what its run left behind when it was aborted', async () => {
    const { ports } = room({ run: apply(buildRun({ at: 'running' }), command.abort()).state });
    expect(await ports.connect(AGENT, hello)).toMatchObject({ connection: { open: [{ envelopeId: 'E1' }] } });
  });

  test.each([
    [{ kind: 'rolled-back', seqMark: 9 }, 'older than what was heard'],
    [{ kind: 'unknown' }, 'enrolled again'],
  ] as const)('is refused with a sentence: %j', async (granted, words) => {
    const { ports, log } = room({ granted });
    expect(await ports.connect(AGENT, hello)).toMatchObject({
      ok: false,
      sentence: expect.stringContaining(words),
    });
    const said = (await log.load(agentKind, agentRef(TENANT, AGENT)))?.state.description?.pausedBecause;
    expect(said).toContain(granted.kind === 'rolled-back' ? words : '');
  });

  test('that is not the newest is given no lease', async () => {
    const { ports } = room();
    expect(await ports.renew(AGENT, 1, NONCE, 0)).toBeNull();
    expect(await ports.renew(agentId('nobody'), 2, NONCE, 0)).toBeNull();
    const lease = await ports.renew(AGENT, 2, NONCE, 3);
    const opened = lease && openSigned('lease', lease, () => publicOf(testKey(1)));
    expect(opened).toMatchObject({ ok: true, record: { lease_epoch: 2, seq_mark: 5 } });
  });
});

describe('a report', () => {
  const result = REPORTS.succeeded.result;
  test.each([
    [{ kind: 'started', startedAt: NOW }, 'running'],
    [{ kind: 'finished', ...result }, 'succeeded'],
    [{ kind: 'finished', ...result, exitCode: 1 }, 'failed'],
    [{ kind: 'rejected', code: 'policy', sentence: 'No.' }, 'rejected'],
    [{ kind: 'unknown', sentence: 'Lost.' }, 'unknown'],
    [{ kind: 'missing', seqMark: 0 }, 'approved'],
    [{ kind: 'missing', seqMark: 1 }, 'unknown'],
    [{ kind: 'output', tail: 'half', bytes: 4 }, 'dispatched'],
  ])('is recorded: %j', async (report, status) => {
    const { record, step } = room({ run: sent });
    await record(report);
    expect((await step())?.status).toBe(status);
  });

  test('that nothing is known of an envelope counts by the connection it came over', async () => {
    const { record, step } = room({ run: sent });
    await record({ kind: 'missing', seqMark: 0 }, 1);
    expect((await step())?.status).toBe('dispatched');
  });

  test('that nothing is known of an envelope proves nothing from a journal that is newer than it', async () => {
    const { record, step } = room({ run: sent, agentEpoch: 2 });
    await record({ kind: 'missing', seqMark: 0 });
    expect(await step()).toMatchObject({
      status: 'unknown',
      trouble: expect.stringContaining('enrolled again'),
    });
  });

  test('on a run of another agent, or on none, changes nothing and is written down', async () => {
    const run = buildRun({ at: 'dispatched', plan: { ...buildPlan(), agentId: agentId('a2') } });
    const { record, step, lines, ports, about } = room({ run });
    await record({ kind: 'started', startedAt: NOW });
    await ports.record(AGENT, { ...about, runId: 'RUN9', kind: 'started', startedAt: NOW } as never, 2);
    expect((await step())?.status).toBe('dispatched');
    expect(lines.filter(({ msg }) => String(msg).includes('not its own'))).toHaveLength(2);
  });

  test('on a step that the run does not have is refused and written down', async () => {
    const { ports, about, lines } = room({ run: sent });
    await ports.record(AGENT, { ...about, stepId: 's9', kind: 'started', startedAt: NOW } as never, 2);
    expect(lines.at(-1)?.msg).toContain('was refused');
  });
});

test('a tenant stands as its record says, and the end of a pause is believed by agents that come later', async () => {
  expect(await room().ports.tenantPause(TENANT)).toEqual({ epoch: 4, paused: false, resume: null });
  expect(await room().ports.tenantPause(tenantId('T9'))).toMatchObject({ epoch: 0 });
});
