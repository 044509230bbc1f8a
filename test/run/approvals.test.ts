import { describe, expect, test } from '@jest/globals';
import { decide } from '../../src/run/decide.ts';
import { APPROVAL_TTL_MS } from '../../src/run/policy.ts';
import type { RunState } from '../../src/run/run.ts';
import {
  ALICE,
  ALONE,
  apply,
  BOB,
  buildPlan,
  buildRun,
  command,
  facts,
  hashOf,
  MANY,
  member,
  NOW,
  outsider,
  PAUSE,
  RECORD,
  S1,
  S2,
} from '../support/builders.ts';

const offered = (risk: 'safe' | 'caution' | 'danger' = 'caution') =>
  buildRun({ plan: buildPlan({ steps: [{ risk }, {}] }) });

/** The code of the refusal, or the status that the step gets. */
function outcome(state: RunState, asked: Parameters<typeof decide>[1], seen = facts()): string {
  const decision = decide(state, asked, seen);
  return decision.ok ? (apply(state, asked, seen).state.steps[0]?.status ?? '') : decision.refusal.code;
}

describe('who may approve', () => {
  test.each([
    { risk: 'safe', by: ALICE, census: MANY, becomes: 'approved', forced: '' },
    { risk: 'caution', by: ALICE, census: MANY, becomes: 'approved', forced: '' },
    { risk: 'caution', by: BOB, census: MANY, becomes: 'approved', forced: '' },
    { risk: 'danger', by: BOB, census: MANY, becomes: 'approved', forced: '' },
    { risk: 'danger', by: ALICE, census: MANY, becomes: 'not-yours-to-approve', forced: undefined },
    { risk: 'danger', by: ALICE, census: ALONE, becomes: 'approved', forced: 'solo' },
    { risk: 'danger', by: BOB, census: ALONE, becomes: 'approved', forced: '' },
  ] as const)(
    '$risk, by $by, with $census.members members: $becomes',
    ({ risk, by, census, becomes, forced }) => {
      const run = offered(risk);
      const asked = command.approve(run, { by: member(by), census, typed: 'api' });
      expect(outcome(run, asked)).toBe(becomes);
      if (becomes === 'approved') {
        expect(apply(run, asked).state.steps[0]?.approval).toMatchObject({
          by,
          forced,
          at: NOW,
          record: RECORD,
        });
      }
    },
  );

  test.each(['safe', 'caution', 'danger'] as const)('nobody from outside, for %s', (risk) => {
    const run = offered(risk);
    expect(outcome(run, command.approve(run, { by: outsider(), typed: 'api' }))).toBe('not-a-member');
  });

  test('nobody: a step that policy approves is approved when it is offered, and only a safe one is', () => {
    const of = (risk: 'safe' | 'caution' | 'danger') =>
      buildRun({ plan: buildPlan({ trust: 'guided', steps: [{ risk }] }) }).steps[0];
    expect(of('safe')).toMatchObject({ status: 'approved', approval: { by: null, record: null } });
    expect(of('caution')?.status).toBe('awaiting-approval');
    expect(of('danger')?.status).toBe('awaiting-approval');
  });
});

describe('what an approval is bound to', () => {
  test.each([
    ['of another step', (run: RunState) => hashOf(run, S2)],
    ['that is empty', () => ''],
    ['in capitals', (run: RunState) => hashOf(run, S1).toUpperCase()],
    ['that is only the beginning', (run: RunState) => hashOf(run, S1).slice(0, 8)],
  ])('not a hash %s', (_, shown) => {
    const run = offered();
    expect(outcome(run, command.approve(run, { shown: shown(run) }))).toBe('not-what-was-shown');
  });

  test('the event names the hash of the bytes', () => {
    const run = offered();
    const { events } = apply(run, command.approve(run));
    expect(events).toEqual([expect.objectContaining({ type: 'step.approved', execSha256: hashOf(run, S1) })]);
  });
});

describe('typed confirmation', () => {
  test.each([
    ['api', 'approved'],
    ['  api  ', 'approved'],
    ['Api', 'not-confirmed'],
    ['ap', 'not-confirmed'],
    ['', 'not-confirmed'],
    [null, 'not-confirmed'],
  ])('%j: %s', (typed, becomes) => {
    const run = offered('danger');
    expect(outcome(run, command.approve(run, { typed }))).toBe(becomes);
  });

  test('takes the same letters however they are composed', () => {
    const run = buildRun({ plan: buildPlan({ steps: [{ risk: 'danger', confirm: 'café' }] }) });
    expect(outcome(run, command.approve(run, { typed: 'cafe\u0301' }))).toBe('approved');
  });
});

describe('an offer', () => {
  test('lapses at its time and not a moment before', () => {
    const run = offered();
    const at = (now: number) => outcome(run, command.approve(run), facts({ now }));
    expect(at(NOW + APPROVAL_TTL_MS - 1)).toBe('approved');
    expect(at(NOW + APPROVAL_TTL_MS)).toBe('approval-expired');
  });

  test('is taken once: the second click changes nothing and names the first person', () => {
    const run = buildRun({ at: 'approved' });
    const decision = decide(run, command.approve(run, { by: member(ALICE) }), facts());
    expect(decision).toMatchObject({ ok: false, refusal: { code: 'already-answered' } });
    expect(JSON.stringify(decision)).toContain(`<@${BOB}>`);
  });

  test.each(['stalled', 'dispatched', 'running', 'succeeded'] as const)(
    'cannot be taken when the step is %s',
    (at) => {
      const run = buildRun({ at });
      expect(outcome(run, command.approve(run))).toBe('already-answered');
    },
  );

  test('cannot be taken for a step that the run has not come to', () => {
    const run = offered();
    expect(outcome(run, command.approve(run, { step: S2 }))).toBe('already-answered');
  });

  test('cannot be taken for a step without a command, nor without a signed record', () => {
    const byHand = buildRun({ at: 'by-hand' });
    expect(outcome(byHand, command.approve(byHand))).toBe('no-command');
    const run = offered();
    expect(outcome(run, command.approve(run, { record: null }))).toBe('no-command');
  });

  test('cannot be taken while the run or the workspace is paused, and says which', () => {
    const run = buildRun({ at: 'paused' });
    const one = decide(run, command.approve(run), facts());
    const all = decide(offered(), command.approve(offered()), facts({ paused: PAUSE }));
    expect(one).toMatchObject({ refusal: { code: 'paused', sentence: expect.stringMatching(/^This run/) } });
    expect(all).toMatchObject({ refusal: { code: 'paused', sentence: expect.stringMatching(/^All runs/) } });
  });
});
