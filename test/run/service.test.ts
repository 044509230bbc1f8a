import { beforeEach, describe, expect, test } from '@jest/globals';
import { agentRef, runbookRef, runRef } from '../../src/audit/streams.ts';
import { sha256Hex } from '../../src/protocol/canonical.ts';
import { runbookId } from '../../src/protocol/ids.ts';
import { runKind } from '../../src/run/kind.ts';
import {
  actOnRun,
  advanceRun,
  approveStep,
  findRun,
  type RunDeps,
  recordReport,
  resumeRun,
  startRun,
} from '../../src/run/service.ts';
import { killRunningSteps, liveRuns } from '../../src/run/stop.ts';
import { parseSha256 } from '../../src/runbook/edit.ts';
import { findRunbook, importRunbook, listRunbooks } from '../../src/runbook/service.ts';
import { runbookKind } from '../../src/runbook/stream.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import type { Directory } from '../../src/tenant/person.ts';
import {
  AGENT,
  ALICE,
  apply,
  BOB,
  buildParse,
  buildRun,
  buildRunbook,
  CHANNEL,
  command,
  facts,
  hashOf,
  member,
  outsider,
  REPORTS,
  RUN,
  RUNBOOK,
  S1,
  saveOf,
  TENANT,
} from '../support/builders.ts';
import {
  fakeDirectory,
  fakeRegistry,
  fakeScanner,
  memoryLog,
  testBundle,
  testKey,
} from '../support/fakes.ts';

const AWAY: Directory = {
  person: async () => Promise.reject(new Error('Slack is away')),
  census: async () => Promise.reject(new Error('Slack is away')),
};
const PLACE = { channel: CHANNEL, threadTs: null };

function room(overrides: Partial<RunDeps> = {}) {
  const { log, put, size } = memoryLog();
  const deps: RunDeps = {
    log,
    directory: fakeDirectory([member(ALICE), member(BOB)]),
    registry: fakeRegistry(),
    scanner: fakeScanner,
    dispatchKey: testKey(1),
    approveKey: testKey(2),
    bundle: testBundle,
    trust: 'copilot',
    newId: () => 'NEW0000001',
    nonce: () => Buffer.alloc(16).toString('base64url'),
    ...overrides,
  };
  const profiles = [{ name: 'default', digest: 'b'.repeat(64) }];
  const description = {
    hostName: 'h',
    version: '1',
    rulesetVersion: 'test',
    rulesetSha256: 'a'.repeat(64),
    policySha256: '',
    profiles,
    pausedBecause: '',
  };
  put(agentKind, agentRef(TENANT, AGENT), { agentId: AGENT, epoch: 1, publicKey: '', description });
  put(runbookKind, runbookRef(TENANT, RUNBOOK), buildRunbook());
  const start = (by = ALICE, shown: string | null = parseSha256(buildParse())) =>
    startRun(deps, { tenant: TENANT, runbook: RUNBOOK, by, shown, values: new Map(), channel: CHANNEL });
  const stand = (state: ReturnType<typeof buildRun>) => put(runKind, runRef(TENANT, RUN), state);
  return { deps, put, size, start, stand, run: () => findRun(log, TENANT, RUN) };
}

let at: ReturnType<typeof room>;
beforeEach(() => {
  at = room();
});

describe('a run is not started', () => {
  test('by somebody from outside, and the draft stays a draft', async () => {
    expect(await at.start(outsider().user)).toMatchObject({ ok: false, refusal: { code: 'not-a-member' } });
    expect((await findRunbook(at.deps.log, TENANT, RUNBOOK))?.status).toBe('draft');
  });

  test('in a workspace that only observes', async () => {
    expect(await room({ trust: 'observe' }).start()).toMatchObject({
      ok: false,
      refusal: { code: 'observe-only' },
    });
  });

  test('without an agent, or with one that has not said which environments it has', async () => {
    const none = room({ registry: { ...fakeRegistry(), agentsOf: async () => [] } });
    expect(await none.start()).toMatchObject({ ok: false, refusal: { code: 'no-agent' } });
    at.put(agentKind, agentRef(TENANT, AGENT), {
      agentId: AGENT,
      epoch: 1,
      publicKey: '',
      description: null,
    });
    expect(await at.start()).toMatchObject({ ok: false, refusal: { code: 'no-agent' } });
  });

  test('from a runbook that was put away, never was, or has no command', async () => {
    for (const state of [
      buildRunbook(buildParse(), { status: 'discarded' }),
      buildRunbook(buildParse([[]])),
    ]) {
      at.put(runbookKind, runbookRef(TENANT, RUNBOOK), state);
      expect(await at.start()).toMatchObject({ ok: false });
    }
  });
});

describe('while the workspace cannot be asked who somebody is', () => {
  const away = () => room({ directory: AWAY });

  test('nothing is approved, skipped, ended or resumed', async () => {
    const { deps, stand, run } = away();
    stand(buildRun());
    const input = { tenant: TENANT, run: RUN, step: S1, by: BOB, shown: hashOf(buildRun(), S1), typed: null };
    await expect(approveStep(deps, input)).rejects.toThrow('away');
    await expect(actOnRun(deps, TENANT, RUN, BOB, { type: 'skip', step: S1 })).rejects.toThrow('away');
    await expect(actOnRun(deps, TENANT, RUN, BOB, { type: 'abort' })).rejects.toThrow('away');
    await expect(resumeRun(deps, TENANT, RUN, BOB, 'resume')).rejects.toThrow('away');
    expect(await run()).toEqual(buildRun());
  });

  test('a run can be paused all the same', async () => {
    const { deps, stand, run } = away();
    stand(buildRun());
    expect(await actOnRun(deps, TENANT, RUN, BOB, { type: 'pause' })).toMatchObject({ ok: true });
    expect(await run()).toMatchObject({ status: 'paused', pausedBy: BOB });
  });
});

describe('stopping what runs', () => {
  test('asks every running step to end, also of a run that was aborted', async () => {
    at.stand(apply(buildRun({ at: 'running' }), command.abort()).state);
    expect(await killRunningSteps(at.deps, TENANT, BOB)).toEqual({ ok: true });
    expect((await at.run())?.steps[0]?.killAskedBy).toBe(BOB);
  });

  test('is refused to somebody from outside', async () => {
    at.stand(buildRun({ at: 'running' }));
    expect(await killRunningSteps(at.deps, TENANT, outsider().user)).toMatchObject({
      refusal: { code: 'not-a-member' },
    });
    expect((await at.run())?.steps[0]?.killAskedBy).toBeNull();
  });

  test('when nothing runs is done at once', async () => {
    at.stand(buildRun());
    expect(await killRunningSteps(at.deps, TENANT, BOB)).toEqual({ ok: true });
  });
});

test('a report that comes twice is recorded once', async () => {
  at.stand(buildRun({ at: 'running' }));
  const say = () =>
    recordReport(at.deps.log, TENANT, {
      run: RUN,
      step: S1,
      attempt: 1,
      envelopeId: 'E1',
      report: REPORTS.succeeded,
    });
  expect(await say()).toMatchObject({
    ok: true,
    events: [{ type: 'step.succeeded' }, { type: 'step.offered' }],
  });
  expect(await say()).toMatchObject({ ok: true, events: [] });
});

test('a run that never was is refused to everybody and moves nowhere', async () => {
  expect(await actOnRun(at.deps, TENANT, RUN, BOB, { type: 'pause' })).toMatchObject({
    refusal: { code: 'no-such-run' },
  });
  expect(await advanceRun(at.deps, TENANT, RUN)).toBe('waiting');
  expect(await at.run()).toBeNull();
});

test.each([
  ['awaiting-approval', 1],
  ['paused', 1],
  ['running', 1],
  ['failed', 0],
  ['aborted', 0],
] as const)('of the runs that are %s, %i are live', async (where, count) => {
  at.stand(buildRun({ at: where }));
  expect(await liveRuns(at.deps, TENANT)).toHaveLength(count);
});

describe('a runbook', () => {
  test('is taken in as it is, from members only', async () => {
    const take = (by: typeof BOB, text: string) =>
      importRunbook(at.deps, { tenant: TENANT, by, text, place: PLACE });
    expect(await take(outsider().user, 'uptime')).toMatchObject({
      ok: false,
      refusal: { code: 'not-a-member' },
    });
    expect(await take(BOB, ' \n')).toMatchObject({ ok: false, refusal: { code: 'empty' } });
    expect(await take(BOB, 'x'.repeat(256 * 1024 + 1))).toMatchObject({
      ok: false,
      refusal: { code: 'too-large' },
    });
    const taken = await take(BOB, ' uptime\r\n');
    if (!taken.ok) throw new Error(taken.refusal.code);
    expect((await findRunbook(at.deps.log, TENANT, taken.runbook))?.source?.text).toBe(' uptime\r\n');
  });

  test('may hold half a character, which is kept as a mark where it stood', async () => {
    const by = BOB;
    const taken = await importRunbook(at.deps, { tenant: TENANT, by, text: 'echo \ud83d x', place: PLACE });
    if (!taken.ok) throw new Error(taken.refusal.code);
    const { text, sha256 } = (await findRunbook(at.deps.log, TENANT, taken.runbook))?.source ?? {};
    expect([text, sha256]).toEqual(['echo \ufffd x', sha256Hex('echo \ufffd x')]);
  });

  test('is taken in, saved and put away by responders, not by viewers', () => {
    const place = { channel: CHANNEL, threadTs: null };
    const receive = {
      type: 'receive',
      source: { text: 'uptime', sha256: '', by: BOB, place },
      by: member(),
    } as const;
    const asked = [
      [runbookKind.initial, receive],
      [buildRunbook(), saveOf(buildParse())],
      [buildRunbook(), { type: 'discard', by: member() }],
    ] as const;
    for (const [state, command] of asked) {
      const as = (role: 'viewer' | 'responder') =>
        runbookKind.decide(state, command, facts({ members: { [BOB]: { role } } }));
      expect(as('responder')).toMatchObject({ ok: true });
      expect(as('viewer')).toMatchObject({ ok: false, refusal: { code: 'role-needed' } });
    }
  });

  test('is found by words of its title in any case and order, and only once it is saved', async () => {
    const find = async (words: string) =>
      (await listRunbooks(at.deps.log, TENANT, words)).map(({ id }) => id);
    expect(await find('')).toEqual([]);
    at.put(runbookKind, runbookRef(TENANT, RUNBOOK), buildRunbook(buildParse(), { status: 'saved' }));
    expect(await find('API  restart')).toEqual([RUNBOOK]);
    expect(await find('api database')).toEqual([]);
  });

  test('is not found any more once a newer version of it is saved', async () => {
    const newer = runbookId('NEWER01');
    const find = async () => (await listRunbooks(at.deps.log, TENANT)).map(({ id }) => id);
    at.put(runbookKind, runbookRef(TENANT, RUNBOOK), buildRunbook(buildParse(), { status: 'saved' }));
    at.put(runbookKind, runbookRef(TENANT, newer), buildRunbook(buildParse(), { basedOn: RUNBOOK }));
    expect(await find()).toEqual([RUNBOOK]);
    const saved = buildRunbook(buildParse(), { status: 'saved', basedOn: RUNBOOK });
    at.put(runbookKind, runbookRef(TENANT, newer), saved);
    expect(await find()).toEqual([newer]);
  });

  const save = saveOf(buildParse());
  const discard = { type: 'discard', by: member() } as const;
  test.each([
    ['save', save, discard],
    ['discard', discard, save],
  ])('that is a draft can be put to %s once; the same again changes nothing', (_, command, other) => {
    const once = runbookKind.decide(buildRunbook(), command, facts());
    if (!once.ok) throw new Error(once.refusal.code);
    const state = once.events.reduce(runbookKind.evolve, buildRunbook());
    expect(runbookKind.decide(state, command, facts())).toEqual({ ok: true, events: [] });
    expect(runbookKind.decide(state, other, facts())).toMatchObject({ ok: false });
  });
});
