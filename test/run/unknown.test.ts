import { describe, expect, test } from '@jest/globals';
import { execSha256 } from '../../src/protocol/envelope.ts';
import { decide } from '../../src/run/decide.ts';
import { evolve, initialRun } from '../../src/run/evolve.ts';
import { LIVE_STATUSES, runKind } from '../../src/run/kind.ts';
import { APPROVAL_TTL_MS } from '../../src/run/policy.ts';
import type { RunCommand, RunEvent, RunState } from '../../src/run/run.ts';
import {
  ALICE,
  admin,
  apply,
  BOB,
  buildPlan,
  buildRun,
  command,
  DISPATCH,
  facts,
  hashOf,
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
const types = (state: RunState, asked: RunCommand, seen = facts()) =>
  apply(state, asked, seen).events.map(({ type }) => type);
const moved = (state: RunState, ...asked: RunCommand[]) =>
  asked.reduce((now, one) => apply(now, one).state, state);
const first = (state: RunState) => state.steps[0];
const unknown = (plan = buildPlan({ steps: [{}, {}] })) => buildRun({ at: 'unknown', plan });
const tick: RunCommand = { type: 'tick' };

describe('an outcome that nobody can know', () => {
  test('halts the run: it needs a person, stays live and starts nothing', () => {
    const run = unknown();
    expect([run.status, run.haltedAt, run.endedAt, run.steps[1]?.status]).toEqual([
      'needs-person',
      NOW,
      null,
      'waiting',
    ]);
    expect(LIVE_STATUSES).toContain(runKind.status(run) as never);
    expect(runKind.dueAt(run)).toBeNull();
    for (const asked of [command.approve(run), command.dispatch(run), command.on('skip'), command.on('done')])
      expect(code(run, asked)).not.toBe('ok');
    expect(types(run, tick, facts({ now: NOW + 365 * 86_400_000 }))).toEqual([]);
  });

  test('can still be aborted, paused and resumed; after a pause the run needs a person again', () => {
    expect(types(unknown(), command.abort())).toEqual(['run.aborted']);
    const paused = apply(unknown(), command.pause());
    expect(paused.events.map(({ type }) => type)).toEqual(['run.paused']);
    expect(types(paused.state, command.resume())).toEqual(['run.resumed', 'run.halted']);
  });

  test('that comes while the run is paused waits for the pause to end', () => {
    const paused = moved(buildRun({ at: 'running' }), command.pause(), command.report(REPORTS.unknown));
    expect([paused.status, first(paused)?.status]).toEqual(['paused', 'unknown']);
    expect(types(paused, command.resume())).toEqual(['run.resumed', 'run.halted']);
  });

  test.each([
    ['succeeded', ['step.succeeded', 'run.continued', 'step.offered'], 'running'],
    ['failed', ['step.failed', 'run.failed'], 'failed'],
    ['rejected', ['step.rejected', 'run.failed'], 'failed'],
    ['notStarted', ['step.not-started', 'run.continued'], 'running'],
  ] as const)('is settled by a late word of the agent: %s', (said, events, status) => {
    const { state, events: found } = apply(unknown(), command.report(REPORTS[said]));
    expect([found.map(({ type }) => type), state.status]).toEqual([events, status]);
  });
});

describe('a person’s word on it', () => {
  test.each([
    ['succeeded', ['step.marked-succeeded', 'run.continued', 'step.offered']],
    ['failed', ['step.marked-failed', 'run.failed']],
    ['rerun', ['step.reopened', 'run.continued']],
  ] as const)('%s is recorded with name and reason: %j', (choice, events) => {
    const { state, events: found } = apply(unknown(), command.settle(choice, { reason: '  I looked.  ' }));
    expect(found.map(({ type }) => type)).toEqual(events);
    const ruling = { choice, attempt: 1, by: BOB, reason: 'I looked.', at: NOW };
    expect(found[0]).toMatchObject({ ruling });
    expect(first(state)?.ruling).toEqual(ruling);
  });

  test('that the last step succeeded ends the run', () => {
    const last = unknown(buildPlan({ steps: [{}] }));
    expect(types(last, command.settle('succeeded')).at(-1)).toBe('run.succeeded');
  });

  test.each(['', ' ', 'no', 'x'.repeat(301)])('takes a reason, and %j is none', (reason) => {
    expect(code(unknown(), command.settle('succeeded', { reason }))).toBe('no-reason');
  });

  test.each(['yes', 'x'.repeat(300)])('takes %j', (reason) => {
    expect(code(unknown(), command.settle('failed', { reason }))).toBe('ok');
  });

  test('takes an approver', () => {
    const seen = (role: 'viewer' | 'responder' | 'approver') => facts({ members: { [BOB]: { role } } });
    const asked = command.settle('succeeded');
    expect(code(unknown(), asked, seen('approver'))).toBe('ok');
    expect(code(unknown(), asked, seen('responder'))).toBe('role-needed');
    expect(code(unknown(), asked, seen('viewer'))).toBe('role-needed');
    expect(code(unknown(), command.settle('succeeded', { by: outsider() }))).toBe('not-a-member');
  });

  test('counts once: of two people who speak at once the second is told who was first', () => {
    for (const choice of ['succeeded', 'failed', 'rerun'] as const) {
      const { state } = apply(unknown(), command.settle(choice));
      for (const second of ['succeeded', 'failed', 'rerun'] as const) {
        const late = decide(state, command.settle(second, { by: member(ALICE) }), facts());
        expect(late.ok ? '' : late.refusal.code).toMatch(/^already-answered$|^run-ended$/);
        if (!late.ok && late.refusal.code === 'already-answered')
          expect(late.refusal.sentence).toContain(`<@${BOB}>`);
      }
    }
  });

  test.each(['awaiting-approval', 'approved', 'dispatched', 'running', 'stalled', 'paused'] as const)(
    'is not asked for while the step is %s',
    (at) => {
      expect(code(buildRun({ at }), command.settle('succeeded'))).toBe('already-answered');
    },
  );

  test('on an attempt that another followed says nothing of the newer one', () => {
    const again = reDispatched();
    const lost = moved(again, command.report(REPORTS.unknown, { attempt: 2, envelopeId: 'E2' }));
    expect(code(lost, command.settle('succeeded', { attempt: 1 }))).toBe('already-answered');
    expect(code(lost, command.settle('succeeded', { attempt: 2 }))).toBe('ok');
  });

  test('while everything or the run is paused can be how it ended, and not to run it again', () => {
    const paused = moved(unknown(), command.pause());
    expect(code(paused, command.settle('rerun'))).toBe('paused');
    expect(code(unknown(), command.settle('rerun'), facts({ paused: PAUSE }))).toBe('paused');
    const { state } = apply(paused, command.settle('succeeded'));
    expect([state.status, first(state)?.status, state.steps[1]?.status]).toEqual([
      'paused',
      'succeeded',
      'waiting',
    ]);
    expect(types(paused, command.settle('failed'))).toEqual(['step.marked-failed', 'run.failed']);
  });

  test('is not overruled by what the agent says later', () => {
    const marked = moved(unknown(), command.settle('succeeded'));
    expect(types(marked, command.report(REPORTS.failed))).toEqual(['step.contradicted']);
    expect(first(moved(marked, command.report(REPORTS.failed)))?.status).toBe('succeeded');
    expect(types(marked, command.report(REPORTS.succeeded))).toEqual([]);
  });
});

/** A run whose first step was sent a second time, after a person asked and another approved. */
function reDispatched(): RunState {
  const reopened = moved(unknown(), command.settle('rerun'));
  const approved = moved(reopened, command.approve(reopened));
  return moved(approved, command.dispatch(approved, { dispatch: { ...DISPATCH, envelopeId: 'E2', seq: 2 } }));
}

describe('a step that is to run again', () => {
  const reopened = moved(unknown(), command.settle('rerun'));

  test('is offered with a time by which it lapses, whatever the trust', () => {
    const auto = buildRun({ plan: buildPlan({ trust: 'guided', steps: [{ risk: 'safe' }] }) });
    const safe = moved(auto, command.dispatch(auto), command.report(REPORTS.unknown));
    const { state } = apply(safe, command.settle('rerun'));
    expect(first(state)).toMatchObject({
      status: 'awaiting-approval',
      approval: null,
      expiresAt: NOW + APPROVAL_TTL_MS,
    });
    expect(types(state, tick)).toEqual([]);
    expect(code(state, command.approve(state))).toBe('ok');
  });

  test('carries nothing over that could act on its next attempt', () => {
    const killed = moved(buildRun({ at: 'running' }), command.on('kill'), command.report(REPORTS.unknown));
    const state = moved(killed, command.settle('rerun'));
    expect(first(state)).toMatchObject({ killAskedBy: null, startedAt: null, printed: null, approval: null });
  });

  test('has bytes of its own: the approval that was shown for the first attempt is none for this one', () => {
    const job = first(reopened)?.job;
    expect(job?.exec.env.DD0C_ATTEMPT).toBe('2');
    expect(job?.execSha256).toBe(job && execSha256(job.exec));
    expect(job?.command).toBe(first(unknown())?.job?.command);
    expect(code(reopened, command.approve(reopened, { shown: hashOf(unknown(), S1) }))).toBe(
      'not-what-was-shown',
    );
  });

  test('takes an approval by the usual rule: not the requester’s own for danger', () => {
    const danger = unknown(buildPlan({ steps: [{ risk: 'danger' }] }));
    const { state } = apply(danger, command.settle('rerun', { by: member(ALICE) }));
    expect(code(state, command.approve(state, { by: member(ALICE), typed: 'api' }))).toBe(
      'not-yours-to-approve',
    );
    expect(code(state, command.approve(state, { typed: null }))).toBe('not-confirmed');
    expect(code(state, command.approve(state, { typed: 'api' }))).toBe('ok');
  });

  test('is sent as the next attempt, once', () => {
    const again = reDispatched();
    expect(first(again)).toMatchObject({ status: 'dispatched', attempt: 2 });
    expect(code(again, command.dispatch(again))).toBe('already-answered');
  });

  test.each(['awaiting-approval', 'approved', 'stalled'] as const)(
    'and is %s is settled by a late outcome of the first attempt: the offer is withdrawn',
    (at) => {
      const approved = () => moved(reopened, command.approve(reopened));
      const stalled = () => apply(reopened, tick, facts({ now: NOW + APPROVAL_TTL_MS })).state;
      const run = { 'awaiting-approval': () => reopened, approved, stalled }[at]();
      expect(first(run)?.status).toBe(at);
      for (const said of ['succeeded', 'failed'] as const) {
        const { state } = apply(run, command.report(REPORTS[said]));
        expect(first(state)).toMatchObject({ status: said, approval: null, expiresAt: null });
        expect(code(state, command.approve(run))).not.toBe('ok');
        expect(code(state, command.dispatch(run))).not.toBe('ok');
      }
      expect(types(run, command.report(REPORTS.unknown))).toEqual([]);
      expect(types(run, command.report(REPORTS.started))).toEqual([]);
    },
  );

  test('and was sent again is not moved by what is said of the first attempt', () => {
    for (const said of Object.values(REPORTS))
      expect(first(moved(reDispatched(), command.report(said)))).toMatchObject({
        status: 'dispatched',
        attempt: 2,
      });
  });

  test('and is refused because the first attempt ended after all, needs a person once more', () => {
    const { state } = apply(reDispatched(), command.report(REPORTS.rerun, { attempt: 2, envelopeId: 'E2' }));
    expect([state.status, first(state)?.status, first(state)?.trouble]).toEqual([
      'needs-person',
      'unknown',
      REPORTS.rerun.sentence,
    ]);
  });
});

describe('a step that provably did not start', () => {
  test.each(['not-started', 'time', 'seq', 'panic', 'standstill', 'capacity'])(
    'because of %s does not end the run: it is asked for again, and never by itself',
    (why) => {
      const sent = buildRun({ at: 'dispatched', plan: buildPlan({ trust: 'guided', steps: [{}] }) });
      const { state } = apply(sent, command.report({ kind: 'rejected', code: why, sentence: 'No.' }));
      expect([state.status, first(state)?.status, first(state)?.trouble]).toEqual([
        'running',
        'stalled',
        'No.',
      ]);
      expect(types(state, tick)).toEqual([]);
      const offered = moved(state, command.on('ask-again'));
      expect(first(offered)).toMatchObject({ status: 'awaiting-approval', attempt: 1, approval: null });
      expect(first(offered)?.job?.exec.env.DD0C_ATTEMPT).toBe('2');
    },
  );

  test.each(['policy', 'scanner', 'approvals', 'profile', 'spawn'])(
    'because of %s ends it: asking again would change nothing',
    (why) => {
      const report = command.report({ kind: 'rejected', code: why, sentence: 'No.' });
      expect(types(buildRun({ at: 'dispatched' }), report)).toEqual(['step.rejected', 'run.failed']);
    },
  );

  test('needs a person after all when the agent says that it ran', () => {
    for (const said of [REPORTS.started, REPORTS.succeeded, REPORTS.failed, REPORTS.unknown])
      expect(types(buildRun({ at: 'not-started' }), command.report(said))).toEqual([
        'step.recovered',
        'run.halted',
      ]);
  });
});

test('a log from before this still folds: its unknown outcome had ended the run, and it stays so', () => {
  const run = buildRun({ at: 'running' });
  const old: RunEvent[] = [
    { type: 'step.unknown', step: S1, attempt: 1, code: 'agent-silent', sentence: 'Lost.', at: NOW },
    { type: 'run.stopped', at: NOW },
    { type: 'step.succeeded', step: S1, attempt: 1, result: RESULT, at: NOW },
  ];
  const state = old.reduce(evolve, run);
  expect([state.status, state.endedAt, first(state)?.status]).toEqual(['unknown', NOW, 'succeeded']);
  expect(Object.keys(state)).toEqual(Object.keys(initialRun));
  expect(first(state)).not.toHaveProperty('ruling');
  expect(code(old.slice(0, 2).reduce(evolve, run), command.settle('rerun', { by: admin() }))).toBe(
    'run-ended',
  );
});
