/** What agents and gateways say of envelopes that did not arrive, are recorded nowhere, or ended otherwise than recorded. */
import { describe, expect, test } from '@jest/globals';
import { stepId } from '../../src/protocol/ids.ts';
import { decide } from '../../src/run/decide.ts';
import { initialRun } from '../../src/run/evolve.ts';
import { runKind } from '../../src/run/kind.ts';
import { APPROVAL_TTL_MS, REPORT_MARGIN_MS } from '../../src/run/policy.ts';
import type { RunCommand, RunState } from '../../src/run/run.ts';
import {
  apply,
  buildPlan,
  buildRun,
  command,
  DISPATCH,
  facts,
  hashOf,
  NOW,
  PAUSE,
  REPORTS,
  RESULT,
  type RunAt,
  S1,
  S2,
} from '../support/builders.ts';

const first = (state: RunState) => state.steps[0];
const moved = (state: RunState, ...asked: RunCommand[]) =>
  asked.reduce((now, one) => apply(now, one).state, state);
const types = (state: RunState, asked: RunCommand, seen = facts()) =>
  apply(state, asked, seen).events.map(({ type }) => type);
const code = (state: RunState, asked: RunCommand, seen = facts()) => {
  const decision = decide(state, asked, seen);
  return decision.ok ? 'ok' : decision.refusal.code;
};
const dispatched = (plan = buildPlan({ steps: [{}, {}] })) => buildRun({ at: 'dispatched', plan });
const E2 = { ...DISPATCH, envelopeId: 'E2', seq: 2, leaseEpoch: 2 };
const sentAgain = (state: RunState) => moved(state, command.dispatch(state, { dispatch: E2 }));
const silent = () =>
  apply(dispatched(), { type: 'tick' }, facts({ now: DISPATCH.exp + REPORT_MARGIN_MS })).state;

const NEVER_CAME = ['fenced', 'missing', 'withheld'] as const;
const MAY_HAVE_RUN = ['started', 'succeeded', 'failed', 'unknown'] as const;

describe.each(NEVER_CAME)('an envelope that did not reach the agent (%s)', (how) => {
  const report = command.report(REPORTS[how]);

  test('is made anew as the same attempt, under the same approval', () => {
    const before = dispatched();
    const { state, events } = apply(before, report);
    expect(events).toEqual([{ type: 'step.not-delivered', step: S1, attempt: 1, at: NOW }]);
    expect(first(state)).toMatchObject({
      status: 'approved',
      attempt: 0,
      approval: first(before)?.approval,
      dispatch: null,
    });
    expect(hashOf(state, S1)).toBe(hashOf(before, S1));
    expect(first(sentAgain(state))).toMatchObject({ status: 'dispatched', attempt: 1, dispatch: E2 });
  });

  test('said again, changes nothing more', () => {
    const state = moved(dispatched(), report);
    expect(types(state, report)).toEqual([]);
    expect(types(sentAgain(state), report)).toEqual([]);
  });

  test('is not made anew when its approval has ended or was taken back meanwhile', () => {
    const state = moved(dispatched(), report);
    const late = facts({ now: NOW + APPROVAL_TTL_MS });
    expect(types(state, { type: 'tick' }, late)).toEqual(['step.stalled']);
    expect(code(state, command.dispatch(state), late)).toBe('approval-expired');
    for (const seen of [
      facts({ paused: PAUSE, panicEpoch: 1 }),
      facts({ panicEpoch: 1 }),
      facts({ defaultRole: 'viewer' }),
    ])
      expect(types(state, { type: 'tick' }, seen)).toEqual(['step.stalled']);
  });

  test('has to be asked for again when its run was paused meanwhile', () => {
    const paused = moved(dispatched(), command.pause());
    const { state, events } = apply(paused, report);
    expect(events.map(({ type }) => type)).toEqual(['step.not-started']);
    expect(first(state)).toMatchObject({
      status: 'stalled',
      attempt: 1,
      approval: null,
      trouble: 'This step did not reach the agent, so nothing ran.',
    });
    expect(code(state, command.dispatch(state))).not.toBe('ok');
    const resumed = moved(state, command.resume(), command.on('ask-again'));
    expect(first(resumed)?.job?.exec.env.DD0C_ATTEMPT).toBe('2');
  });

  test('ends nothing and starts nothing in a run that was aborted meanwhile', () => {
    const { state, events } = apply(moved(dispatched(), command.abort()), report);
    expect(events.map(({ type }) => type)).toEqual(['step.not-started']);
    expect([state.status, runKind.status(state), runKind.dueAt(state)]).toEqual(['aborted', 'aborted', null]);
  });

  test('is none that the agent has said it started: that attempt is never made anew', () => {
    const step = first(moved(buildRun({ at: 'running' }), report));
    expect(step?.attempt).toBe(1);
    expect(['running', 'unknown']).toContain(step?.status);
  });
});

describe('whether an envelope may still arrive', () => {
  test.each([0, 1])('is open while the agent was last granted lease %i: nothing follows', (leaseEpoch) => {
    const missing = { kind: 'missing', seqMark: 0, leaseEpoch } as const;
    expect(types(dispatched(), command.report(missing))).toEqual([]);
  });

  test('is for its own connection to say, and for no other', () => {
    expect(types(dispatched(), command.report({ kind: 'withheld', leaseEpoch: 2 }))).toEqual([]);
  });

  test('is settled after its time ran out, when the agent had never said a word of it', () => {
    const run = silent();
    expect(run.status).toBe('needs-person');
    const { state, events } = apply(run, command.report(REPORTS.missing));
    expect(events.map(({ type }) => type)).toEqual(['step.not-started', 'run.continued']);
    expect(first(state)).toMatchObject({ status: 'stalled', attempt: 1 });
  });

  test('is not settled so when the agent had said that it started, or that it lost it', () => {
    const late = facts({ now: NOW + DISPATCH.timeoutMs + REPORT_MARGIN_MS });
    for (const run of [
      buildRun({ at: 'unknown' }),
      moved(dispatched(), command.report(REPORTS.unknown)),
      apply(buildRun({ at: 'running' }), { type: 'tick' }, late).state,
    ])
      for (const report of [REPORTS.missing, REPORTS.withheld])
        expect([run.status, types(run, command.report(report))]).toEqual(['needs-person', []]);
  });

  test('does not matter any more once a person asked for the step again', () => {
    const reopened = moved(silent(), command.settle('rerun'));
    expect(types(reopened, command.report(REPORTS.missing))).toEqual([]);
    expect(types(reopened, command.report(REPORTS.gap))).toEqual([]);
  });

  test('is counted by attempt: silence on the first says nothing of the second', () => {
    const reopened = moved(silent(), command.settle('rerun'));
    const again = sentAgain(moved(reopened, command.approve(reopened)));
    const lost = moved(again, command.report(REPORTS.unknown, { attempt: 2, envelopeId: 'E2' }));
    const missing = { kind: 'missing', seqMark: 0, leaseEpoch: 3 } as const;
    expect(types(lost, command.report(missing, { attempt: 2, envelopeId: 'E2' }))).toEqual([]);
  });
});

describe('a step that the agent has had and its journal does not know', () => {
  test.each([
    ['dispatched', REPORTS.gap],
    ['running', REPORTS.gap],
    ['running', REPORTS.missing],
  ] as const)('and that is %s, may have run: a person has to look', (at, report) => {
    const { state, events } = apply(buildRun({ at }), command.report(report));
    expect(events).toMatchObject([{ type: 'step.unknown', code: 'journal-gap' }, { type: 'run.halted' }]);
    expect(first(state)?.trouble).toContain('It may have run');
    expect(types(state, command.report(report))).toEqual([]);
  });
});

describe('an attempt whose sending is recorded nowhere', () => {
  const AT = [
    'awaiting-approval',
    'approved',
    'stalled',
    'not-delivered',
  ] as const satisfies readonly RunAt[];

  describe.each(AT)('of a step that is %s', (at) => {
    test.each(MAY_HAVE_RUN)('and has %s by the word of the agent, needs a person', (report) => {
      const { state, events } = apply(
        buildRun({ at }),
        command.report(REPORTS[report], { envelopeId: 'E9' }),
      );
      expect(events).toMatchObject([{ type: 'step.recovered', attempt: 1 }, { type: 'run.halted' }]);
      expect(first(state)).toMatchObject({
        status: 'unknown',
        attempt: 1,
        approval: null,
        expiresAt: null,
        dispatch: null,
        trouble: expect.stringContaining('that is not what is recorded'),
      });
      for (const asked of [command.approve(state), command.dispatch(state), command.on('skip')])
        expect(code(state, asked)).not.toBe('ok');
      expect(types(state, command.report(REPORTS[report], { envelopeId: 'E9' }))).toEqual([]);
    });

    test.each([...NEVER_CAME, 'gap', 'printed', 'rejected', 'notStarted', 'rerun'] as const)(
      'and did not run by the word of the agent (%s), is nothing to us',
      (report) => {
        expect(types(buildRun({ at }), command.report(REPORTS[report], { envelopeId: 'E9' }))).toEqual([]);
      },
    );
  });

  test('is refused when it cannot be: there is no such step, or attempts are not counted so', () => {
    expect(code(buildRun(), command.report(REPORTS.started, { attempt: 0 }))).toBe('no-such-step');
    expect(code(buildRun(), command.report(REPORTS.started, { step: stepId('s9') }))).toBe('no-such-step');
    expect(code(initialRun, command.report(REPORTS.started))).toBe('no-such-step');
  });

  test('has its number: the next one that a person asks for has a higher one', () => {
    const run = moved(buildRun(), command.report(REPORTS.started, { attempt: 4, envelopeId: 'E9' }));
    const reopened = moved(run, command.settle('rerun', { attempt: 4 }));
    expect(first(reopened)?.job?.exec.env.DD0C_ATTEMPT).toBe('5');
    const approved = moved(reopened, command.approve(reopened));
    expect(first(sentAgain(approved))).toMatchObject({ attempt: 5, dispatch: E2 });
  });

  test('beside one that is on its way, takes its place: nothing is believed of the one that was sent', () => {
    const run = moved(dispatched(), command.report(REPORTS.started, { envelopeId: 'E9' }));
    expect([run.status, first(run)?.status]).toEqual(['needs-person', 'unknown']);
    for (const report of [...NEVER_CAME, 'gap', 'rejected', 'notStarted', 'unknown'] as const)
      expect(types(run, command.report(REPORTS[report]))).toEqual([]);
  });

  test('beside one that runs is kept for a person to see, and the record stays', () => {
    const { state, events } = apply(
      buildRun({ at: 'running' }),
      command.report(REPORTS.succeeded, { envelopeId: 'E9' }),
    );
    expect(events).toMatchObject([{ type: 'step.contradicted', attempt: 1 }]);
    expect(first(state)).toMatchObject({
      status: 'running',
      contradiction: expect.stringContaining('attempt 1 of this step ended with exit code 0'),
    });
    expect(types(state, command.report(REPORTS.succeeded))).toEqual(['step.succeeded', 'step.offered']);
  });

  test('of a step that the run has not come to halts the run, and nobody approves another meanwhile', () => {
    const { state } = apply(buildRun(), command.report(REPORTS.started, { step: S2, envelopeId: 'E9' }));
    expect([state.status, first(state)?.status, state.steps[1]?.status]).toEqual([
      'needs-person',
      'awaiting-approval',
      'unknown',
    ]);
    expect(code(state, command.approve(state))).toBe('needs-person');
    const approved = moved(
      buildRun({ at: 'approved' }),
      command.report(REPORTS.started, { step: S2, envelopeId: 'E9' }),
    );
    expect(code(approved, command.dispatch(approved))).not.toBe('ok');
    const settled = moved(state, command.settle('succeeded', { step: S2 }));
    expect([settled.status, code(settled, command.approve(settled))]).toEqual(['running', 'ok']);
  });

  test('ends with a later word only when a person has asked for it again; else it is kept beside', () => {
    const run = moved(buildRun(), command.report(REPORTS.started, { envelopeId: 'E9' }));
    const { state, events } = apply(run, command.report(REPORTS.succeeded, { envelopeId: 'E9' }));
    expect(events.map(({ type }) => type)).toEqual(['step.contradicted']);
    expect(first(state)?.status).toBe('unknown');
    const marked = moved(run, command.settle('succeeded'));
    expect(types(marked, command.report(REPORTS.succeeded, { envelopeId: 'E9' }))).toEqual([]);
    expect(types(marked, command.report(REPORTS.failed, { envelopeId: 'E9' }))).toEqual([
      'step.contradicted',
    ]);
    const reopened = moved(run, command.settle('rerun'));
    expect(first(moved(reopened, command.report(REPORTS.succeeded, { envelopeId: 'E9' })))).toMatchObject({
      status: 'succeeded',
      approval: null,
    });
  });

  test('is seen in a run that is paused or has ended, which stays so', () => {
    for (const [run, status] of [
      [moved(buildRun(), command.pause()), 'paused'],
      [moved(buildRun(), command.abort()), 'aborted'],
    ] as const) {
      const state = moved(run, command.report(REPORTS.failed, { envelopeId: 'E9' }));
      expect([state.status, first(state)?.status]).toEqual([status, 'unknown']);
    }
  });
});

describe('an agent that says another thing than what is recorded', () => {
  const late = (exitCode: number) => ({ kind: 'finished', result: { ...RESULT, exitCode } }) as const;
  const skipped = () => {
    const stalled = buildRun({ at: 'not-started' });
    return moved(stalled, command.on('skip'));
  };

  test.each([
    ['succeeded', buildRun({ at: 'succeeded' }), late(1)],
    ['failed', buildRun({ at: 'failed' }), late(0)],
    ['rejected', buildRun({ at: 'rejected' }), late(0)],
    ['skipped', skipped(), late(0)],
    ['succeeded', buildRun({ at: 'marked' }), late(1)],
  ])('of a step that %s: the record stays, and a person sees both', (status, run, report) => {
    const { state, events } = apply(run, command.report(report));
    expect(events.map(({ type }) => type)).toEqual(['step.contradicted']);
    expect(first(state)).toMatchObject({ status, contradiction: expect.stringContaining('exit code') });
    expect(first(state)?.trouble).toBe(first(run)?.trouble);
    expect(types(state, command.report(report))).toEqual([]);
    expect(state.status).toBe(run.status);
  });

  test.each([
    [{ ...RESULT, exitCode: null, signal: 'SIGKILL' }, 'was ended by SIGKILL'],
    [{ ...RESULT, exitCode: null, signal: 'SIGTERM', timedOut: true }, 'ran out of time'],
    [{ ...RESULT, sha256: 'd'.repeat(64) }, 'ended with exit code 0'],
    [{ ...RESULT, finishedAt: RESULT.finishedAt + 1 }, 'ended with exit code 0'],
  ])('is quoted: %#', (result, words) => {
    const state = moved(buildRun({ at: 'succeeded' }), command.report({ kind: 'finished', result }));
    expect(first(state)?.contradiction).toContain(words);
  });

  test.each(MAY_HAVE_RUN)(
    'of a step recorded as not started (%s): nothing starts before a person looks',
    (report) => {
      const offered = moved(buildRun({ at: 'not-started' }), command.on('ask-again'));
      const approved = moved(offered, command.approve(offered));
      for (const run of [offered, approved]) {
        const state = moved(run, command.report(REPORTS[report]));
        expect(first(state)).toMatchObject({ status: 'unknown', attempt: 1, approval: null });
        expect(state.status).toBe('needs-person');
      }
    },
  );

  test('of an earlier attempt than the one that waits to start: nothing starts before a person looks', () => {
    const reopened = moved(buildRun({ at: 'unknown' }), command.settle('rerun'));
    const again = sentAgain(moved(reopened, command.approve(reopened)));
    const notStarted = moved(again, command.report(REPORTS.notStarted, { attempt: 2, envelopeId: 'E2' }));
    const { state } = apply(notStarted, command.report(REPORTS.succeeded));
    expect(first(state)).toMatchObject({
      status: 'unknown',
      attempt: 2,
      trouble: expect.stringContaining('attempt 1'),
    });
    expect(types(state, command.report(REPORTS.succeeded))).toEqual([]);
  });

  test('of an earlier attempt than the one that is on its way or runs: that one goes on', () => {
    const reopened = moved(buildRun({ at: 'unknown' }), command.settle('rerun'));
    const again = sentAgain(moved(reopened, command.approve(reopened)));
    const running = moved(again, command.report(REPORTS.started, { attempt: 2, envelopeId: 'E2' }));
    for (const run of [again, running]) {
      expect(types(run, command.report(REPORTS.succeeded))).toEqual(['step.contradicted']);
      for (const report of [REPORTS.started, REPORTS.unknown, REPORTS.missing, REPORTS.rejected])
        expect(types(run, command.report(report))).toEqual([]);
    }
  });

  test('of an attempt that was made anew: the dead envelope cannot have run, so a person looks', () => {
    const anew = sentAgain(moved(dispatched(), command.report(REPORTS.missing)));
    expect(types(anew, command.report(REPORTS.started))).toEqual(['step.recovered', 'run.halted']);
    expect(types(anew, command.report(REPORTS.rejected))).toEqual([]);
  });

  test('of the attempt before one that did not arrive settles it, once a person had asked for it again', () => {
    const reopened = moved(buildRun({ at: 'unknown' }), command.settle('rerun'));
    const again = sentAgain(moved(reopened, command.approve(reopened)));
    const back = moved(
      again,
      command.report({ ...REPORTS.missing, leaseEpoch: 3 }, { attempt: 2, envelopeId: 'E2' }),
    );
    expect(first(back)).toMatchObject({ status: 'approved', attempt: 1, dispatch: null });
    expect(first(moved(back, command.report(REPORTS.succeeded)))).toMatchObject({
      status: 'succeeded',
      approval: null,
    });
  });
});
