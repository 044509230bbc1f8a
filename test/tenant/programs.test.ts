import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Typed } from '../../src/audit/subject.ts';
import { type UserId, userId } from '../../src/protocol/ids.ts';
import type { Census, Person } from '../../src/tenant/person.ts';
import { declaredOf } from '../../src/tenant/program.ts';
import { DECLARE_REASON, type ProgramsChange } from '../../src/tenant/programs.ts';
import { changePrograms, setRoles, tenantState } from '../../src/tenant/service.ts';
import { type TenantState, tenantKind } from '../../src/tenant/tenant.ts';
import { ABE, ADA, ALICE, admin, MANY, member, NOW, outsider, TENANT } from '../support/builders.ts';
import { fakeDirectory, memoryLog, tenantRef } from '../support/fakes.ts';

const NAME = 'cloudctl-status';
const WHY = 'It only calls GET.';
const EVE = userId('UEVE');
const PEOPLE: Person[] = [member(ALICE), admin(ADA), admin(ABE), admin(EVE)];
const ONE_ADMIN: Census = { members: 2, admins: 1 };

function workspace(census = MANY, people = PEOPLE) {
  const { log } = memoryLog();
  const deps = { log, directory: fakeDirectory(people, census) };
  const change = (what: ProgramsChange, by: UserId) => changePrograms(deps, TENANT, by, what);
  return {
    deps,
    declare: (by = ADA, name = NAME, reason = WHY) => change({ type: 'declare-program', name, reason }, by),
    confirm: (by = ABE, name = NAME) => change({ type: 'confirm-program', name }, by),
    withdraw: (by = ABE, name = NAME) => change({ type: 'withdraw-program', name }, by),
    state: () => tenantState(log, TENANT),
    names: async () => [...declaredOf(await tenantState(log, TENANT)).readOnly],
    link: (user: UserId, sameAs: UserId) =>
      setRoles(deps, {
        tenant: TENANT,
        by: ADA,
        member: { user, role: 'admin', sameAs },
        defaultRole: 'approver',
      }),
  };
}

let at: ReturnType<typeof workspace>;
beforeEach(() => {
  at = workspace();
});
const refusal = (code: string) => ({ ok: false, refusal: { code } });

describe('declaring an unknown program read-only', () => {
  test('takes two admins: what one asks for counts for nothing until another confirms it', async () => {
    expect(await at.declare()).toMatchObject({ ok: true });
    expect(await at.names()).toEqual([]);
    expect((await at.state()).programs).toEqual({
      version: 0,
      declared: [],
      asked: [{ name: NAME, reason: WHY, by: ADA, at: NOW }],
    });
    expect(await at.confirm()).toMatchObject({ ok: true });
    expect((await at.state()).programs).toEqual({
      version: 1,
      declared: [{ name: NAME, reason: WHY, by: [ADA, ABE], at: NOW }],
      asked: [],
    });
  });

  test('is not confirmed by the one who asked, however often they say it', async () => {
    await at.declare();
    expect(await at.confirm(ADA)).toMatchObject(refusal('second-admin-needed'));
    expect(await at.declare(ADA)).toMatchObject(refusal('already-asked'));
    expect(await at.names()).toEqual([]);
  });

  test('is not confirmed by a second account of that person, whichever of the two asked', async () => {
    await at.declare(ADA);
    await at.link(EVE, ADA);
    expect(await at.confirm(EVE)).toMatchObject(refusal('second-admin-needed'));
    await at.declare(EVE, 'cloudctl-top');
    expect(await at.confirm(ADA, 'cloudctl-top')).toMatchObject(refusal('second-admin-needed'));
    expect(await at.names()).toEqual([]);
  });

  test.each([
    ['a member who is no admin', ALICE, 'role-needed'],
    ['somebody from outside, admin there or not', outsider().user, 'not-a-member'],
  ])('is not for %s, and neither is confirming or withdrawing', async (_, by, code) => {
    expect(await at.declare(by)).toMatchObject(refusal(code));
    await at.declare();
    expect(await at.confirm(by)).toMatchObject(refusal(code));
    expect(await at.withdraw(by)).toMatchObject(refusal(code));
    expect((await at.state()).programs?.asked).toHaveLength(1);
  });

  test('does not count when whoever asked is no admin any more', async () => {
    await at.declare(EVE);
    const member = { user: EVE, role: 'approver', sameAs: null } as const;
    await setRoles(at.deps, { tenant: TENANT, by: ADA, member, defaultRole: 'approver' });
    expect(await at.confirm(ABE)).toMatchObject(refusal('asker-is-no-admin'));
    expect(await at.names()).toEqual([]);
  });

  test('by the only admin is done at once and names one person', async () => {
    const alone = workspace(ONE_ADMIN);
    expect(await alone.declare()).toMatchObject({ ok: true });
    expect((await alone.state()).programs?.declared).toMatchObject([{ name: NAME, by: [ADA] }]);
  });

  test('does nothing while Slack cannot say who somebody is', async () => {
    const directory = {
      ...at.deps.directory,
      person: async () => Promise.reject(new Error('Slack is away')),
    };
    const what = { type: 'declare-program', name: NAME, reason: WHY } as const;
    await expect(changePrograms({ ...at.deps, directory }, TENANT, ADA, what)).rejects.toThrow('away');
    expect((await at.state()).programs).toBeUndefined();
  });

  test.each([
    '',
    ' ',
    '/bin/x',
    '../x',
    '..',
    'rm',
    'RM',
    'sh',
    'kubectl',
    'zzsh',
    'x.sh',
    "'x'",
    'x y',
    'сloudctl',
    'x\u200b',
  ])('is refused for the name %j, with the reason, also for the only admin', async (name) => {
    const alone = workspace(ONE_ADMIN);
    expect(await alone.declare(ADA, name)).toMatchObject(refusal('not-declarable'));
    expect((await alone.state()).programs).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['blanks', '    '],
    ['too little', 'ok'],
    ['too much', 'x'.repeat(DECLARE_REASON.max + 1)],
  ])('needs a reason: %s is none', async (_, reason) => {
    expect(await at.declare(ADA, NAME, reason)).toMatchObject(refusal('reason-needed'));
  });

  test('takes the name without the blanks around it', async () => {
    await at.declare(ADA, `  ${NAME}\n`);
    await at.confirm();
    expect(await at.names()).toEqual([NAME]);
  });

  test('is sorted by name, once each, at most 100', async () => {
    const alone = workspace(ONE_ADMIN);
    for (let n = 100; n > 0; n--) await alone.declare(ADA, `tool-${n}-x`);
    const names = await alone.names();
    expect(names).toHaveLength(100);
    expect(names).toEqual([...names].sort());
    expect(await alone.declare(ADA, 'tool-5-x')).toMatchObject(refusal('already-declared'));
    expect(await alone.declare(ADA, 'tool-101-x')).toMatchObject(refusal('too-many-programs'));
  });

  test('names that objects have by themselves are names like any other', async () => {
    expect(await at.confirm(ABE, 'constructor')).toMatchObject(refusal('not-asked'));
    await at.declare(ADA, 'constructor');
    await at.confirm(ABE, 'constructor');
    expect(await at.names()).toEqual(['constructor']);
  });
});

describe('withdrawing', () => {
  test('takes one admin, for what is declared and for what is only asked for', async () => {
    await at.declare();
    await at.confirm();
    await at.declare(ADA, 'cloudctl-top');
    expect(await at.withdraw(ABE)).toMatchObject({ ok: true });
    expect(await at.withdraw(ADA, 'cloudctl-top')).toMatchObject({ ok: true });
    expect((await at.state()).programs).toMatchObject({ declared: [], asked: [] });
    expect(await at.confirm(ABE, 'cloudctl-top')).toMatchObject(refusal('not-asked'));
    expect(await at.withdraw()).toMatchObject(refusal('not-declared'));
  });

  test('never takes the version back', async () => {
    const versions: number[] = [];
    for (const act of [at.declare, at.confirm, at.withdraw, at.declare, at.confirm]) {
      await act();
      versions.push((await at.state()).programs?.version ?? -1);
    }
    expect(versions).toEqual([0, 1, 2, 2, 3]);
  });
});

test('everything that was said is in the workspace’s stream, and its state is the fold of it', async () => {
  const { log } = memoryLog();
  const said: Typed[] = [];
  const folded = { state: tenantKind.initial as TenantState };
  const deps = { log, directory: fakeDirectory(PEOPLE, MANY) };
  const what: [UserId, ProgramsChange][] = [
    [ADA, { type: 'declare-program', name: NAME, reason: WHY }],
    [ABE, { type: 'confirm-program', name: NAME }],
    [ABE, { type: 'withdraw-program', name: NAME }],
  ];
  for (const [by, change] of what) {
    const outcome = await changePrograms(deps, TENANT, by, change);
    if (!outcome.ok) throw new Error(outcome.refusal.sentence);
    said.push(...outcome.events);
    folded.state = outcome.events.reduce(tenantKind.evolve, folded.state);
  }
  expect(said).toEqual([
    { type: 'tenant.program-asked', asked: { name: NAME, reason: WHY, by: ADA, at: NOW } },
    { type: 'tenant.program-declared', declaration: { name: NAME, reason: WHY, by: [ADA, ABE], at: NOW } },
    { type: 'tenant.program-withdrawn', name: NAME, by: ABE, at: NOW },
  ]);
  expect((await log.load(tenantKind, tenantRef(TENANT)))?.state).toEqual(folded.state);
});
