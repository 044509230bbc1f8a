import { describe, expect, test } from '@jest/globals';
import { decide } from '../../src/run/decide.ts';
import { APPROVAL_TTL_MS } from '../../src/run/policy.ts';
import { apply, buildRun, command, DISPATCH, facts, hashOf, NOW, PAUSE, S2 } from '../support/builders.ts';

const approved = () => buildRun({ at: 'approved' });
const code = (...args: Parameters<typeof decide>) => {
  const decision = decide(...args);
  return decision.ok ? 'ok' : decision.refusal.code;
};

describe('an envelope leaves', () => {
  test('once, for an approved step, and counts as its first attempt', () => {
    const { state, events } = apply(approved(), command.dispatch(approved()));
    expect(events).toMatchObject([{ type: 'step.dispatched', attempt: 1, dispatch: DISPATCH }]);
    expect(code(state, command.dispatch(state), facts())).toBe('already-answered');
  });

  test('until five seconds before the approval ends and not at that moment', () => {
    const at = (now: number) => code(approved(), command.dispatch(approved()), facts({ now }));
    expect(at(NOW + APPROVAL_TTL_MS - 5_001)).toBe('ok');
    expect(at(NOW + APPROVAL_TTL_MS - 5_000)).toBe('approval-expired');
  });
});

describe('no envelope leaves', () => {
  test('for bytes other than the approved ones', () => {
    const run = approved();
    expect(code(run, command.dispatch(run, { execSha256: hashOf(run, S2) }), facts())).toBe(
      'not-what-was-approved',
    );
  });

  test('while the workspace is paused', () => {
    expect(code(approved(), command.dispatch(approved()), facts({ paused: PAUSE }))).toBe('paused');
  });

  test.each([0, 2])('when it was signed for epoch %i and the workspace stands at 1', (panicEpoch) => {
    const run = approved();
    expect(code(run, command.dispatch(run, { panicEpoch }), facts({ panicEpoch: 1 }))).toBe('paused');
  });

  test('for a run that is paused: the pause took the approval back', () => {
    const { state } = apply(approved(), command.pause());
    expect(state.steps[0]).toMatchObject({ status: 'stalled', approval: null });
    expect(code(state, command.dispatch(state), facts())).toBe('already-answered');
  });

  test.each(['awaiting-approval', 'stalled', 'by-hand', 'running', 'unknown', 'aborted'] as const)(
    'for a step that is %s',
    (at) => {
      const run = buildRun({ at });
      expect(code(run, command.dispatch(run), facts())).not.toBe('ok');
    },
  );

  test('for a step that comes later', () => {
    const run = approved();
    expect(code(run, command.dispatch(run, { step: S2 }), facts())).toBe('already-answered');
  });
});
