import { beforeEach, describe, expect, test } from '@jest/globals';
import { runbookRef, runRef } from '../../src/audit/streams.ts';
import type { SubjectRef } from '../../src/audit/subject.ts';
import { runKind } from '../../src/run/kind.ts';
import type { RunState } from '../../src/run/run.ts';
import { runbookKind } from '../../src/runbook/stream.ts';
import { tenantKind } from '../../src/tenant/tenant.ts';
import { type RenderDeps, renderSubject } from '../../workers/render.ts';
import {
  apply,
  BOB,
  buildParse,
  buildPlan,
  buildRun,
  buildRunbook,
  command,
  member,
  NOW,
  PAUSE,
  REPORTS,
  RUN,
  RUNBOOK,
  TENANT,
  tenantState,
} from '../support/builders.ts';
import {
  fakeClock,
  fakeDirectory,
  fakeLogger,
  fakeSlack,
  memoryLog,
  memoryShown,
  tenantRef,
} from '../support/fakes.ts';

const REF = runRef(TENANT, RUN);

function room() {
  const { log, put } = memoryLog();
  const { slack, calls, answers } = fakeSlack(fakeDirectory([member(BOB)]));
  const { logger, lines } = fakeLogger();
  const marks: number[] = [];
  const deferred: number[] = [];
  const hinted: SubjectRef[] = [];
  const deps: RenderDeps = {
    log,
    slackOf: async () => slack,
    shown: memoryShown(),
    logger,
    clock: fakeClock(),
    markShown: async (_, version) => void marks.push(version),
    deferShow: async (_, until) => void deferred.push(until),
    alone: (_, work) => work().then(() => true),
    hint: (ref) => void hinted.push(ref),
  };
  let version = 0;
  const stand = (state: RunState) => put(runKind, REF, state, ++version);
  const render = (ref = REF) => renderSubject(deps, ref);
  const methods = () =>
    calls
      .splice(0)
      .map((call) =>
        call.method === 'post'
          ? `post ${call.threadTs ?? 'channel'}`
          : call.method === 'update'
            ? `update ${call.ts}`
            : call.method,
      );
  return { deps, slack, put, stand, render, methods, answers, marks, deferred, hinted, lines, calls };
}

let at: ReturnType<typeof room>;
beforeEach(() => {
  at = room();
});

const three = buildPlan({ steps: [{}, {}, {}] });

describe('showing a run', () => {
  test('posts the run first and its step under it, once, and notes what is shown', async () => {
    at.stand(buildRun());
    await at.render();
    expect(at.methods()).toEqual(['post channel', 'post 1.0']);
    expect(at.marks).toEqual([1]);
    await at.render();
    expect(at.methods()).toEqual([]);
  });

  test('changes only what differs, and posts only what is new', async () => {
    const running = buildRun({ at: 'running', plan: three });
    at.stand(running);
    await at.render();
    at.methods();
    at.stand(apply(running, command.report(REPORTS.printed)).state);
    await at.render();
    expect(at.methods()).toEqual(['update 2.0']);
    at.stand(apply(running, command.report(REPORTS.succeeded)).state);
    await at.render();
    expect(at.methods()).toEqual(['update 1.0', 'update 2.0', 'post 1.0']);
  });

  test('shows what changed while Slack was being told, before it lets go', async () => {
    at.stand(buildRun());
    const post = at.slack.post;
    let once = false;
    const slow = {
      ...at.slack,
      post: async (...args: Parameters<typeof post>) => {
        if (!once) at.stand(buildRun({ at: 'approved' }));
        once = true;
        return post(...args);
      },
    };
    await renderSubject({ ...at.deps, slackOf: async () => slow }, REF);
    expect(at.marks).toEqual([1, 2]);
    expect(at.methods()).toEqual(['post channel', 'post 1.0', 'update 1.0', 'update 2.0']);
  });

  test('does nothing while another process shows the same', async () => {
    at.stand(buildRun());
    await renderSubject({ ...at.deps, alone: async () => false }, REF);
    expect([at.methods(), at.marks, at.deferred]).toEqual([[], [], []]);
  });

  test('waits for a workspace that is gone to come back, and marks nothing as shown meanwhile', async () => {
    at.stand(buildRun());
    await renderSubject({ ...at.deps, slackOf: async () => null }, REF);
    expect([at.methods(), at.marks]).toEqual([[], []]);
    expect(at.deferred).toEqual([at.deps.clock.now() + 3_600_000]);
  });

  test('of a run that never was does nothing', async () => {
    await at.render();
    expect([at.methods(), at.marks]).toEqual([[], []]);
  });
});

test('of a runbook that became shorter, the pages that are too many say so and lose their buttons', async () => {
  const ref = runbookRef(TENANT, RUNBOOK);
  const long = buildRunbook(buildParse(Array.from({ length: 60 }, () => ['x'.repeat(500)])));
  at.put(runbookKind, ref, long, 1);
  await at.render(ref);
  const pages = at.methods().length;
  at.put(runbookKind, ref, { ...long, status: 'edited' }, 2);
  await at.render(ref);
  expect(at.methods()).toEqual([]);
  at.put(runbookKind, ref, buildRunbook(), 3);
  await at.render(ref);
  const drawn = at.calls.flatMap((call) => (call.method === 'update' ? [call.message.blocks.length] : []));
  expect(drawn).toEqual([expect.any(Number), ...Array.from({ length: pages - 1 }, () => 1)]);
  at.methods();
  await at.render(ref);
  expect(at.methods()).toEqual([]);
});

describe('when Slack', () => {
  test('asks to wait, the rest waits as long as it says and what was shown stays noted', async () => {
    at.stand(buildRun());
    at.answers.push({ kind: 'shown', ts: '1.0' }, { kind: 'later', waitMs: 30_000 });
    await at.render();
    expect([at.marks, at.deferred]).toEqual([[], [NOW + 30_000]]);
    at.methods();
    await at.render();
    expect(at.methods()).toEqual(['post 1.0']);
    expect(at.marks).toEqual([1]);
  });

  test('refuses a message, it is logged and the others are shown', async () => {
    at.stand(buildRun());
    at.answers.push({ kind: 'shown', ts: '1.0' }, { kind: 'refused', reason: 'msg_too_long' });
    await at.render();
    expect(at.marks).toEqual([1]);
    expect(at.deferred).toEqual([]);
    expect(at.lines).toContainEqual(expect.objectContaining({ key: 's1', reason: 'msg_too_long' }));
  });

  test('cannot be reached, it is tried again soon and nothing is marked as shown', async () => {
    at.stand(buildRun());
    at.answers.push(new Error('ECONNRESET'));
    await at.render();
    expect([at.marks, at.deferred]).toEqual([[], [NOW + 2_000]]);
    expect(at.lines).toContainEqual(expect.objectContaining({ msg: expect.stringContaining('late') }));
    await at.render();
    expect(at.methods()).toEqual(['post channel', 'post 1.0']);
  });
});

describe('a pause', () => {
  test('is shown as a banner that names what still runs', async () => {
    at.put(tenantKind, tenantRef(TENANT), tenantState({ panicEpoch: 1, paused: PAUSE }));
    at.stand(buildRun({ at: 'running' }));
    await at.render(tenantRef(TENANT));
    expect(JSON.stringify(at.calls)).toContain('One step is still running');
  });

  test('asks for its banner again when a run changes under it, and not otherwise', async () => {
    at.stand(buildRun({ at: 'running' }));
    await at.render();
    expect(at.hinted).toEqual([]);
    at.put(tenantKind, tenantRef(TENANT), tenantState({ panicEpoch: 1, paused: PAUSE }));
    await at.render();
    expect(at.hinted).toContainEqual(tenantRef(TENANT));
  });
});
