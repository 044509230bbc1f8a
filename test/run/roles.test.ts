import { describe, expect, test } from '@jest/globals';
import { userId } from '../../src/protocol/ids.ts';
import { decide } from '../../src/run/decide.ts';
import { initialRun } from '../../src/run/evolve.ts';
import { APPROVAL_TTL_MS } from '../../src/run/policy.ts';
import type { RunCommand, RunState } from '../../src/run/run.ts';
import { ROLES, type Role } from '../../src/tenant/role.ts';
import {
  ADA,
  ALICE,
  ALONE,
  admin,
  apply,
  BOB,
  buildPlan,
  buildRun,
  command,
  facts,
  MANY,
  member,
  NOW,
  RECORD,
  S1,
} from '../support/builders.ts';

const code = (state: RunState, asked: RunCommand, seen = facts()) => {
  const decision = decide(state, asked, seen);
  return decision.ok ? 'ok' : decision.refusal.code;
};
const bobIs = (role: Role) => facts({ members: { [BOB]: { role } } });
const tick: RunCommand = { type: 'tick' };

/** What each act takes, in a run where it can be done. */
const ACTS: readonly (readonly [string, RunState, RunCommand, Role])[] = [
  ['pause', buildRun(), command.pause(), 'viewer'],
  ['start', initialRun, command.start(buildPlan(), member()), 'responder'],
  ['skip', buildRun(), command.on('skip'), 'responder'],
  ['done', buildRun({ at: 'by-hand' }), command.on('done'), 'responder'],
  ['ask again', buildRun({ at: 'stalled' }), command.on('ask-again'), 'responder'],
  ['kill', buildRun({ at: 'running' }), command.on('kill'), 'responder'],
  ['abort', buildRun(), command.abort(), 'responder'],
  ['approve', buildRun(), command.approve(buildRun()), 'approver'],
  ['settle', buildRun({ at: 'unknown' }), command.settle('failed'), 'approver'],
];

describe.each(ACTS)('to %s', (_, run, asked, needed) => {
  test.each(ROLES)(`as %s, where it takes ${needed}`, (role) => {
    const may = ROLES.indexOf(role) >= ROLES.indexOf(needed);
    expect(code(run, asked, bobIs(role))).toBe(may ? 'ok' : 'role-needed');
  });
});

test('a refusal says which role is needed, who can give it, and that nothing changed', () => {
  const decision = decide(buildRun(), command.approve(buildRun()), bobIs('viewer'));
  expect(decision).toMatchObject({
    refusal: {
      sentence:
        'Approving a step takes the role of approver; yours is viewer. Nothing was changed. An admin can give you that role with `/runbook members`.',
    },
  });
});

describe('the role', () => {
  const paused = buildRun({ at: 'paused' });
  test('of whoever is not named is the default, and approver when no default was set', () => {
    expect(code(buildRun(), command.approve(buildRun()))).toBe('ok');
    expect(code(buildRun(), command.approve(buildRun()), facts({ defaultRole: 'responder' }))).toBe(
      'role-needed',
    );
  });

  test('of an admin of Slack is admin, unless an admin here said otherwise', () => {
    expect(code(paused, command.resume(admin(ADA)), facts({ defaultRole: 'viewer' }))).toBe('ok');
    expect(
      code(paused, command.resume(admin(ADA)), facts({ members: { [ADA]: { role: 'responder' } } })),
    ).toBe('not-an-admin');
  });

  test('of admin is what resuming takes, also for somebody whom Slack does not name one', () => {
    expect(code(paused, command.resume(member(BOB)), bobIs('approver'))).toBe('not-an-admin');
    expect(code(paused, command.resume(member(BOB)), bobIs('admin'))).toBe('ok');
  });

  test('of somebody from outside is none, whatever anybody gave them', () => {
    const out = { user: BOB, standing: 'outsider', admin: true } as const;
    expect(code(buildRun(), command.approve(buildRun(), { by: out }), bobIs('admin'))).toBe('not-a-member');
    expect(code(buildRun(), command.pause(out), bobIs('admin'))).toBe('not-a-member');
  });

  test('is not taken from a name that every object has', () => {
    const odd = member(userId('constructor'));
    expect(code(buildRun(), command.approve(buildRun(), { by: odd }), facts({ members: {} }))).toBe('ok');
  });
});

describe('two accounts of one person', () => {
  const second = userId('UALICE2');
  const linked = facts({ members: { [second]: { role: 'approver', sameAs: ALICE } } });
  const danger = buildRun({ plan: buildPlan({ steps: [{ risk: 'danger' }] }) });
  const asked = command.approve(danger, { by: member(second), typed: 'api', census: MANY });

  test('are not two people: the second cannot approve what the first asked for', () => {
    expect(code(danger, asked)).toBe('ok');
    expect(code(danger, asked, linked)).toBe('not-yours-to-approve');
  });

  test('nor the first what the second asked for', () => {
    const plan = { ...buildPlan({ steps: [{ risk: 'danger' }] }), requester: second };
    const run = apply(initialRun, command.start(plan, member(second))).state;
    expect(code(run, command.approve(run, { by: member(ALICE), typed: 'api' }), linked)).toBe(
      'not-yours-to-approve',
    );
  });

  test('are one in a workspace of one person, who may approve alone', () => {
    const { state } = apply(danger, { ...asked, census: ALONE }, linked);
    expect(state.steps[0]?.approval).toMatchObject({
      by: second,
      forced: 'solo',
      as: { approver: ALICE, requester: ALICE },
    });
  });

  test('are one admin when a pause ends', () => {
    const roles = facts({
      members: { [ALICE]: { role: 'admin' }, [second]: { role: 'admin', sameAs: ALICE } },
    });
    const paused = buildRun({ at: 'paused' });
    const half = apply(paused, command.resume(member(ALICE), 'resume', MANY), roles).state;
    expect(code(half, command.resume(member(second), 'resume', MANY), roles)).toBe('second-admin-needed');
  });
});

describe('an approval that was not used yet', () => {
  const approved = (by = member(BOB)) =>
    apply(buildRun(), command.approve(buildRun(), { by, record: RECORD })).state;
  const void_ = (run: RunState, seen: ReturnType<typeof facts>) => {
    for (const asked of [tick, command.dispatch(run)]) {
      const { state, events } = apply(run, asked, seen);
      expect(events.map(({ type }) => type)).toEqual(['step.stalled']);
      expect(state.steps[0]).toMatchObject({ status: 'stalled', approval: null, attempt: 0 });
      expect(state.steps[0]?.trouble).toContain('the approval is void. Nothing ran.');
    }
  };

  test.each(['viewer', 'responder'] as const)('is void once its giver is %s: nothing is sent', (role) => {
    void_(approved(), bobIs(role));
  });

  test('is void once nobody may approve who is not named, but for whom Slack named an admin', () => {
    const seen = facts({ defaultRole: 'viewer' });
    void_(approved(), seen);
    expect(code(approved(admin(ADA)), command.dispatch(approved()), seen)).toBe('ok');
    expect(apply(approved(admin(ADA)), tick, seen).events).toEqual([]);
  });

  test('is void once its giver turns out to be the requester, or another person than was thought', () => {
    void_(approved(), facts({ members: { [BOB]: { role: 'approver', sameAs: ALICE } } }));
    void_(approved(), facts({ members: { [ALICE]: { role: 'approver', sameAs: ADA } } }));
  });

  test('holds while its giver may approve, and says why it was asked again only as long as it matters', () => {
    for (const role of ['approver', 'admin'] as const)
      expect(code(approved(), command.dispatch(approved()), bobIs(role))).toBe('ok');
    const voided = apply(approved(), tick, bobIs('viewer')).state;
    const offered = apply(voided, command.on('ask-again', S1, member(ALICE))).state;
    const lapsed = apply(offered, tick, facts({ now: NOW + APPROVAL_TTL_MS })).state;
    expect(lapsed.steps[0]?.trouble).toBeNull();
  });

  test('from before roles were kept still holds', () => {
    const { as: _, ...old } = approved().steps[0]?.approval ?? { by: null };
    const state = approved();
    const run = {
      ...state,
      steps: state.steps.map((step) => (step.id === S1 ? { ...step, approval: old as never } : step)),
    };
    expect(code(run, command.dispatch(run))).toBe('ok');
  });
});

describe('a run from before the app was removed', () => {
  const removed = { removedAt: NOW };

  test.each(['awaiting-approval', 'approved', 'stalled', 'by-hand', 'unknown', 'paused', 'running'] as const)(
    'and stood at %s is over, also when the app is installed again',
    (at) => {
      const { state, events } = apply(buildRun({ at }), tick, facts(removed));
      expect(events).toEqual([{ type: 'run.aborted', by: null, at: NOW }]);
      expect(state.status).toBe('aborted');
    },
  );

  test('can be moved by nobody before it is looked at, but be stopped', () => {
    const seen = facts(removed);
    const run = buildRun();
    for (const asked of [command.approve(run), command.on('skip'), command.pause()])
      expect(code(run, asked, seen)).toBe('app-removed');
    expect(code(buildRun({ at: 'approved' }), command.dispatch(buildRun({ at: 'approved' })), seen)).toBe(
      'app-removed',
    );
    expect(code(run, command.abort(), seen)).toBe('ok');
    expect(code(buildRun({ at: 'running' }), command.on('kill'), seen)).toBe('ok');
  });

  test('offers nothing when its running step ends', () => {
    const { events } = apply(
      buildRun({ at: 'running' }),
      command.report({ kind: 'unknown', sentence: 'Lost.' }),
      facts(removed),
    );
    expect(events.map(({ type }) => type)).toEqual(['step.unknown', 'run.aborted']);
  });

  test('is not meant by a run from after it', () => {
    expect(apply(buildRun(), tick, facts({ removedAt: NOW - 1 })).events).toEqual([]);
  });
});
