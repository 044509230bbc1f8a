import { describe, expect, test } from '@jest/globals';
import { decide } from '../../src/run/decide.ts';
import { evolve, initialRun } from '../../src/run/evolve.ts';
import { runKind } from '../../src/run/kind.ts';
import { APPROVAL_TTL_MS, REPORT_MARGIN_MS, START_LEFT_MS } from '../../src/run/policy.ts';
import type { RunCommand, RunState } from '../../src/run/run.ts';
import {
  ABE,
  ADA,
  ALICE,
  admin,
  apply,
  buildPlan,
  buildRun,
  command,
  DISPATCH,
  facts,
  MANY,
  member,
  NOW,
  outsider,
  PAUSE,
  REPORTS,
  RESULT,
  S1,
} from '../support/builders.ts';

const code = (state: RunState, asked: RunCommand, seen = facts()) => {
  const decision = decide(state, asked, seen);
  return decision.ok ? 'ok' : decision.refusal.code;
};
const first = (state: RunState) => state.steps[0]?.status;
const types = (state: RunState, asked: RunCommand, seen = facts()) =>
  apply(state, asked, seen).events.map(({ type }) => type);
const tick: RunCommand = { type: 'tick' };

describe('starting', () => {
  test('offers the first step with a time by which it lapses', () => {
    const { events } = apply(initialRun, command.start());
    expect(events).toMatchObject([
      { type: 'run.started' },
      { type: 'step.offered', step: S1, expiresAt: NOW + APPROVAL_TTL_MS },
    ]);
  });

  test('happens once: the same start again changes nothing', () => {
    expect(types(buildRun(), command.start())).toEqual([]);
  });

  test.each([
    ['not-a-member', command.start(buildPlan(), outsider()), facts()],
    ['observe-only', command.start(buildPlan({ trust: 'observe' })), facts()],
    ['paused', command.start(), facts({ paused: PAUSE })],
  ])('is refused: %s', (refusal, asked, seen) => {
    expect(code(initialRun, asked, seen)).toBe(refusal);
  });

  test.each<RunCommand>([command.pause(), command.abort(), command.on('skip'), command.dispatch(initialRun)])(
    'is needed before $type',
    (asked) => expect(code(initialRun, asked)).toBe('no-such-run'),
  );
});

describe('reports', () => {
  test.each([
    ['dispatched', 'started', 'running'],
    ['dispatched', 'succeeded', 'succeeded'],
    ['dispatched', 'failed', 'failed'],
    ['dispatched', 'rejected', 'rejected'],
    ['dispatched', 'unknown', 'unknown'],
    ['dispatched', 'notStarted', 'stalled'],
    ['dispatched', 'rerun', 'unknown'],
    ['running', 'rejected', 'rejected'],
    ['unknown', 'rejected', 'rejected'],
    ['unknown', 'notStarted', 'stalled'],
    ['running', 'printed', 'running'],
    ['running', 'succeeded', 'succeeded'],
    ['unknown', 'succeeded', 'succeeded'],
    ['unknown', 'failed', 'failed'],
  ] as const)('a step that is %s and is said to have %s becomes %s', (at, said, becomes) => {
    const { state } = apply(buildRun({ at }), command.report(REPORTS[said]));
    expect(first(state)).toBe(becomes);
  });

  test.each([
    ['running', 'started'],
    ['succeeded', 'succeeded'],
    ['succeeded', 'unknown'],
    ['rejected', 'started'],
    ['unknown', 'unknown'],
    ['unknown', 'started'],
    ['unknown', 'printed'],
    ['unknown', 'rerun'],
    ['running', 'notStarted'],
  ] as const)('a step that is %s stays so when it is said to have %s', (at, said) => {
    expect(types(buildRun({ at }), command.report(REPORTS[said]))).toEqual([]);
  });

  test('an exit code of 0 does not make a success of a step that ran out of time', () => {
    const late = { kind: 'finished', result: { ...RESULT, timedOut: true } } as const;
    expect(types(buildRun({ at: 'running' }), command.report(late))).toEqual(['step.failed', 'run.failed']);
  });

  test('a step that a signal ended has failed', () => {
    const ended = { kind: 'finished', result: { ...RESULT, exitCode: null, signal: 'SIGKILL' } } as const;
    expect(types(buildRun({ at: 'running' }), command.report(ended))).toEqual(['step.failed', 'run.failed']);
  });
});

describe('the end', () => {
  test('comes when every step is settled', () => {
    const last = buildRun({ at: 'running', plan: buildPlan({ steps: [{}] }) });
    expect(types(last, command.report(REPORTS.succeeded))).toEqual(['step.succeeded', 'run.succeeded']);
  });

  test('comes when the last step finishes while the workspace is paused', () => {
    const last = buildRun({ at: 'running', plan: buildPlan({ steps: [{}] }) });
    const seen = facts({ paused: PAUSE });
    expect(apply(last, command.report(REPORTS.succeeded), seen).state.status).toBe('succeeded');
  });

  test.each([
    ['failed', 'failed'],
    ['rejected', 'failed'],
  ] as const)('comes with a step that is %s: nothing else starts', (at, status) => {
    const run = buildRun({ at });
    expect(run.status).toBe(status);
    expect(run.steps[1]?.status).toBe('waiting');
    expect(run.endedAt).toBe(NOW);
  });

  test('stays: a late report settles the step, never the run', () => {
    const aborted = apply(buildRun({ at: 'unknown' }), command.abort()).state;
    const { state } = apply(aborted, command.report(REPORTS.succeeded));
    expect([first(state), state.status]).toEqual(['succeeded', 'aborted']);
  });

  test.each<RunCommand>([
    command.approve(buildRun()),
    command.dispatch(buildRun()),
    command.on('skip'),
    command.on('done'),
    command.on('ask-again'),
    command.pause(),
    command.resume(),
    command.abort(),
    command.settle('succeeded'),
  ])('refuses $type', (asked) => {
    for (const at of ['failed', 'rejected', 'aborted'] as const) {
      expect(code(buildRun({ at }), asked)).toBe('run-ended');
    }
  });

  test('does not keep anybody from stopping a step that outlives its run', () => {
    const { state } = apply(buildRun({ at: 'running' }), command.abort());
    expect(state.status).toBe('aborted');
    expect(types(state, command.on('kill'))).toEqual(['step.kill-asked']);
    expect(first(apply(state, command.report(REPORTS.failed)).state)).toBe('failed');
  });
});

describe('what a person does to a step', () => {
  test.each([
    ['awaiting-approval', 'skip', 'skipped'],
    ['by-hand', 'skip', 'skipped'],
    ['stalled', 'skip', 'skipped'],
    ['by-hand', 'done', 'done'],
    ['stalled', 'ask-again', 'awaiting-approval'],
  ] as const)('a step that is %s, on %s, becomes %s', (at, act, becomes) => {
    const { state } = apply(buildRun({ at }), command.on(act));
    expect(first(state)).toBe(becomes);
  });

  test.each([
    ['approved', 'skip', 'not-now'],
    ['dispatched', 'skip', 'not-now'],
    ['running', 'skip', 'not-now'],
    ['awaiting-approval', 'done', 'not-now'],
    ['awaiting-approval', 'ask-again', 'already-answered'],
    ['approved', 'ask-again', 'already-answered'],
    ['awaiting-approval', 'kill', 'not-running'],
    ['dispatched', 'kill', 'not-running'],
    ['paused', 'ask-again', 'paused'],
  ] as const)('a step that is %s, on %s, is left alone: %s', (at, act, refusal) => {
    expect(code(buildRun({ at }), command.on(act))).toBe(refusal);
  });

  test.each(['skip', 'done', 'ask-again', 'kill'] as const)('nobody from outside can %s', (act) => {
    expect(code(buildRun(), command.on(act, S1, outsider()))).toBe('not-a-member');
  });

  test('skipping offers the next step, and it stays traceable who did it', () => {
    const { state, events } = apply(buildRun(), command.on('skip', S1, member(ALICE)));
    expect(events.map(({ type }) => type)).toEqual(['step.skipped', 'step.offered']);
    expect(state.steps[0]?.closedBy).toBe(ALICE);
  });

  test('asking to stop a step twice is one request', () => {
    const { state } = apply(buildRun({ at: 'running' }), command.on('kill'));
    expect(types(state, command.on('kill'))).toEqual([]);
  });
});

describe('a pause of the run', () => {
  test('takes back an approval that was not used, and leaves what runs alone', () => {
    expect(types(buildRun({ at: 'approved' }), command.pause())).toEqual(['run.paused', 'step.stalled']);
    expect(types(buildRun({ at: 'running' }), command.pause())).toEqual(['run.paused']);
  });

  test('takes one member, no outsider, and twice is once', () => {
    expect(code(buildRun(), command.pause(outsider()))).toBe('not-a-member');
    expect(types(buildRun({ at: 'paused' }), command.pause())).toEqual([]);
  });

  test('lets a running step end and offers nothing after it', () => {
    const { state } = apply(buildRun({ at: 'running' }), command.pause());
    expect(types(state, command.report(REPORTS.succeeded))).toEqual(['step.succeeded']);
  });

  test('ends with an admin, or with two where there are two', () => {
    const paused = buildRun({ at: 'paused' });
    expect(types(paused, command.resume())).toEqual(['run.resumed']);
    const asked = apply(paused, command.resume(admin(ADA), 'resume', MANY));
    expect(asked.events).toMatchObject([{ type: 'run.resume-asked', by: ADA }]);
    expect(code(asked.state, command.resume(admin(ADA), 'resume', MANY))).toBe('second-admin-needed');
    expect(types(asked.state, command.resume(admin(ABE), 'resume', MANY))).toEqual(['run.resumed']);
  });

  test.each([
    ['not-an-admin', command.resume(member())],
    ['not-a-member', command.resume(outsider())],
    ['not-confirmed', command.resume(admin(), 'go')],
  ])('does not end: %s', (refusal, asked) => {
    expect(code(buildRun({ at: 'paused' }), asked)).toBe(refusal);
  });

  test('does not end into a paused workspace: nothing is offered', () => {
    const paused = apply(buildRun({ at: 'running' }), command.pause()).state;
    const waiting = apply(paused, command.report(REPORTS.succeeded)).state;
    expect(types(waiting, command.resume(), facts({ paused: PAUSE }))).toEqual(['run.resumed']);
  });
});

describe('a pause of the workspace', () => {
  test('takes back an unused approval at the next look', () => {
    expect(types(buildRun({ at: 'approved' }), tick, facts({ paused: PAUSE }))).toEqual(['step.stalled']);
  });

  test('takes it back also when it had ended before anybody looked', () => {
    const since = facts({ panicEpoch: 1 });
    const run = buildRun({ at: 'approved' });
    expect(types(run, tick, since)).toEqual(['step.stalled']);
    expect(types(run, command.dispatch(run, { panicEpoch: 1 }), since)).toEqual(['step.stalled']);
  });

  test('takes back what policy approved as well', () => {
    const plan = buildPlan({ steps: [{ risk: 'safe' }], trust: 'guided' });
    const { state } = apply(initialRun, command.start(plan));
    expect(state.steps[0]?.status).toBe('approved');
    expect(types(state, tick, facts({ panicEpoch: 1 }))).toEqual(['step.stalled']);
    expect(types(state, command.dispatch(state))).toEqual(['step.dispatched']);
  });

  test('holds the next step back, and a look after it offers the step', () => {
    const seen = facts({ paused: PAUSE });
    const { state } = apply(buildRun({ at: 'running' }), command.report(REPORTS.succeeded), seen);
    expect(state.steps[1]?.status).toBe('waiting');
    expect(types(state, tick, seen)).toEqual([]);
    expect(types(state, tick)).toEqual(['step.offered']);
  });
});

describe('time', () => {
  test.each([
    ['awaiting-approval', NOW + APPROVAL_TTL_MS, 'step.stalled'],
    ['dispatched', DISPATCH.exp + REPORT_MARGIN_MS, 'step.unknown'],
    ['running', NOW + DISPATCH.timeoutMs + REPORT_MARGIN_MS, 'step.unknown'],
  ] as const)('a step that is %s lapses at its time and not before', (at, due, event) => {
    const run = buildRun({ at });
    expect(runKind.dueAt(run)).toBe(due);
    expect(types(run, tick, facts({ now: due - 1 }))).toEqual([]);
    expect(types(run, tick, facts({ now: due }))[0]).toBe(event);
  });

  test('an approval that nobody used lapses, and the step asks again', () => {
    const run = buildRun({ at: 'approved' });
    expect(runKind.dueAt(run)).toBe(NOW);
    const at = (now: number) => types(run, tick, facts({ now }));
    expect(at(NOW + APPROVAL_TTL_MS - START_LEFT_MS - 1)).toEqual([]);
    expect(at(NOW + APPROVAL_TTL_MS - START_LEFT_MS)).toEqual(['step.stalled']);
  });

  test('a quiet agent halts the run, and also settles a step whose run was aborted', () => {
    const due = NOW + DISPATCH.timeoutMs + REPORT_MARGIN_MS;
    const run = buildRun({ at: 'running' });
    expect(types(run, tick, facts({ now: due }))).toEqual(['step.unknown', 'run.halted']);
    const aborted = apply(run, command.abort()).state;
    expect(runKind.dueAt(aborted)).toBe(due);
    expect(types(aborted, tick, facts({ now: due }))).toEqual(['step.unknown']);
  });

  test.each(['stalled', 'by-hand', 'failed', 'unknown', 'aborted'] as const)(
    'a run at %s waits for people without limit',
    (at) => {
      const run = buildRun({ at });
      expect(runKind.dueAt(run)).toBeNull();
      expect(types(run, tick, facts({ now: NOW + 365 * 86_400_000 }))).toEqual([]);
    },
  );

  test('nobody looks at a paused run, and what it offered has lapsed when it goes on', () => {
    const paused = buildRun({ at: 'paused' });
    expect(runKind.dueAt(paused)).toBeNull();
    const late = facts({ now: NOW + APPROVAL_TTL_MS });
    const { state } = apply(paused, command.resume(), late);
    expect(types(state, tick, late)).toEqual(['step.stalled']);
  });

  test('a step that a pause of the workspace holds back is looked at again', () => {
    const { state } = apply(
      buildRun({ at: 'running' }),
      command.report(REPORTS.succeeded),
      facts({ paused: PAUSE }),
    );
    expect(runKind.dueAt(state)).toBe(state.changedAt);
  });
});

test('a fact that the tables do not allow is a fault, not a state', () => {
  expect(() =>
    evolve(buildRun(), { type: 'step.started', step: S1, attempt: 1, startedAt: NOW, at: NOW }),
  ).toThrow('No transition from awaiting-approval by step.started.');
});
