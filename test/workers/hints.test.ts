import { describe, expect, test } from '@jest/globals';
import { runbookRef, runRef } from '../../src/audit/streams.ts';
import { loadVerifyKey } from '../../src/protocol/keys.ts';
import { openSigned } from '../../src/protocol/records.ts';
import { decodeSigned } from '../../src/protocol/signed.ts';
import { runKind } from '../../src/run/kind.ts';
import { ENVELOPE_TTL_MS } from '../../src/run/policy.ts';
import { approveStep, type RunDeps } from '../../src/run/service.ts';
import { runbookKind } from '../../src/runbook/stream.ts';
import type { Classify } from '../../src/safety/verdict.ts';
import { tenantKind } from '../../src/tenant/tenant.ts';
import { classifyRunbook } from '../../workers/classify.ts';
import { parseRunbook } from '../../workers/parse.ts';
import { advanceStep, type StepDeps } from '../../workers/step.ts';
import {
  BOB,
  buildParse,
  buildRun,
  buildRunbook,
  hashOf,
  member,
  NOW,
  PAUSE,
  RUN,
  RUNBOOK,
  type RunAt,
  S1,
  TENANT,
  tenantState,
  verdict,
} from '../support/builders.ts';
import {
  fakeClock,
  fakeDirectory,
  fakeRegistry,
  fakeScanner,
  memoryLog,
  tenantRef,
  testBundle,
  testKey,
} from '../support/fakes.ts';

describe('a hint to read a runbook', () => {
  const ref = runbookRef(TENANT, RUNBOOK);
  const room = (status: 'received' | 'parsed' | 'draft') => {
    const { log, put } = memoryLog();
    put(
      runbookKind,
      ref,
      buildRunbook(buildParse(), { status, ...(status === 'received' ? { parse: null } : {}), verdicts: [] }),
    );
    const done: string[] = [];
    const extract = (text: string) => {
      done.push(text);
      return buildParse();
    };
    const classify = (text: string) => {
      done.push(text);
      return verdict('safe');
    };
    return {
      log,
      done,
      parse: () => parseRunbook({ log, extract }, ref),
      classify: () => classifyRunbook({ log, classify, refine: false }, ref),
      state: async () => (await log.load(runbookKind, ref))?.state,
    };
  };

  test('leads to its steps, and a second one to nothing', async () => {
    const { parse, done, state } = room('received');
    await parse();
    await parse();
    expect(done).toEqual(['uptime']);
    expect(await state()).toMatchObject({ status: 'parsed', parse: { title: 'Restart the api' } });
  });

  test('leads to its verdicts, and a second one to nothing', async () => {
    const { classify, done, state } = room('parsed');
    await classify();
    await classify();
    expect(done).toEqual(['uptime']);
    expect(await state()).toMatchObject({ status: 'draft', verdicts: [[{ risk: 'safe' }]] });
  });

  test('leads to verdicts that know what its workspace has declared', async () => {
    const { log, put } = memoryLog();
    put(runbookKind, ref, buildRunbook(buildParse(), { status: 'parsed', verdicts: [] }));
    const declared = [{ name: 'uptime-all', reason: 'It only looks.', by: [BOB], at: NOW }];
    const programs = { version: 1, declared, asked: [] };
    put(tenantKind, tenantRef(TENANT), tenantState({ programs }));
    const told: string[][] = [];
    const classify: Classify = (_, known) => {
      told.push([...(known?.readOnly ?? [])]);
      return verdict('safe');
    };
    await classifyRunbook({ log, classify, refine: false }, ref);
    expect(told).toEqual([['uptime-all']]);
  });

  test('that comes too early or too late changes nothing', async () => {
    const early = room('received');
    await early.classify();
    const late = room('draft');
    await late.parse();
    await late.classify();
    expect([early.done, late.done, (await early.state())?.status]).toEqual([[], [], 'received']);
  });
});

describe('a hint to move a run on', () => {
  const ref = runRef(TENANT, RUN);
  function room({ online = true, at = 'approved' }: { online?: boolean; at?: RunAt } = {}) {
    const clock = fakeClock();
    const { log, put } = memoryLog(clock);
    const deferred: number[] = [];
    const deps: StepDeps & RunDeps = {
      log,
      clock,
      directory: fakeDirectory([member(BOB)]),
      registry: fakeRegistry(online),
      scanner: fakeScanner,
      dispatchKey: testKey(1),
      approveKey: testKey(2),
      bundle: testBundle,
      trust: 'copilot',
      newId: () => 'NEW0000001',
      nonce: () => Buffer.alloc(16).toString('base64url'),
      defer: async (_, until) => void deferred.push(until),
    };
    put(runKind, ref, buildRun({ at }));
    const first = async () => (await log.load(runKind, ref))?.state.steps[0];
    return { deps, put, clock, deferred, first, advance: () => advanceStep(deps, ref) };
  }

  test('sends an approved step, signed by the dispatch key, with the yes of the person in it', async () => {
    const { deps, advance, first } = room({ at: 'awaiting-approval' });
    const state = buildRun();
    await approveStep(deps, {
      tenant: TENANT,
      run: RUN,
      step: S1,
      by: BOB,
      shown: hashOf(state, S1),
      typed: null,
    });
    await advance();
    const step = await first();
    expect(step).toMatchObject({
      status: 'dispatched',
      attempt: 1,
      dispatch: { exp: NOW + ENVELOPE_TTL_MS },
    });
    const keyOf = (key: { publicKey: string; keyId: string }) => (id: string) => {
      const loaded = loadVerifyKey(key.publicKey);
      return loaded.ok && id === key.keyId ? loaded.key : undefined;
    };
    const opened = openSigned('job', decodeSigned(step?.dispatch?.envelope), keyOf(testKey(1)));
    if (!opened.ok) throw new Error(opened.sentence);
    expect(opened.record).toMatchObject({
      step_id: 's1',
      attempt: 1,
      seq: 1,
      panic_epoch: 0,
      exec: step?.job?.exec,
      authority: { rule: 'one' },
    });
    const approval = openSigned(
      'approval',
      decodeSigned(opened.record.authority.approvals[0]),
      keyOf(testKey(2)),
    );
    expect(approval).toMatchObject({
      ok: true,
      record: { approver: BOB, exec_sha256: step?.job?.execSha256, decision: 'approve' },
    });
  });

  test('sends it once, however many hints there are', async () => {
    const { advance, first } = room();
    await advance();
    const sent = await first();
    await advance();
    expect(await first()).toEqual(sent);
  });

  test('sends nothing to an agent that is away, and looks again in a second', async () => {
    const { advance, first, deferred } = room({ online: false });
    await advance();
    expect([(await first())?.status, deferred]).toEqual(['approved', [NOW + 1_000]]);
  });

  test('sends nothing in a paused workspace: the approval is taken back', async () => {
    const { advance, first, put } = room();
    put(tenantKind, tenantRef(TENANT), tenantState({ paused: PAUSE, panicEpoch: 1 }));
    await advance();
    expect(await first()).toMatchObject({ status: 'stalled', approval: null });
  });

  test('lets what is past its time lapse', async () => {
    const { advance, first, clock } = room({ at: 'awaiting-approval' });
    clock.advance(15 * 60_000);
    await advance();
    expect((await first())?.status).toBe('stalled');
  });
});
