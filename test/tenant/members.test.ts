import { describe, expect, test } from '@jest/globals';
import { TENANT_STREAM } from '../../src/audit/log.ts';
import { parseRecord } from '../../src/protocol/records.ts';
import { decodeSigned } from '../../src/protocol/signed.ts';
import { createTally } from '../../src/tenant/census.ts';
import type { RolesChange } from '../../src/tenant/members.ts';
import { roleOf, subjectOf } from '../../src/tenant/roles.ts';
import {
  installTenant,
  pauseTenant,
  resumeTenant,
  setRoles,
  type TenantDeps,
  tenantState,
} from '../../src/tenant/service.ts';
import { tenantKind } from '../../src/tenant/tenant.ts';
import {
  ABE,
  ADA,
  ALICE,
  ALONE,
  admin,
  BOB,
  CHANNEL,
  member,
  NOW,
  outsider,
  TENANT,
} from '../support/builders.ts';
import { fakeDirectory, memoryLog, testKey } from '../support/fakes.ts';

const PLACE = { channel: CHANNEL, threadTs: null };
const PEOPLE = [member(ALICE), member(BOB), admin(ADA), admin(ABE)];

function workspace() {
  const { log } = memoryLog();
  const told: number[] = [];
  const deps: TenantDeps = {
    log,
    directory: fakeDirectory(PEOPLE, ALONE),
    approveKey: testKey(1),
    nonce: () => Buffer.alloc(16).toString('base64url'),
    onPause: (_, panicEpoch) => void told.push(panicEpoch),
  };
  const set = (
    by: typeof ADA,
    who: RolesChange['member'],
    defaultRole: RolesChange['defaultRole'] = 'approver',
  ) => setRoles(deps, { tenant: TENANT, by, member: who, defaultRole });
  return {
    deps,
    told,
    set,
    give: (
      by: typeof ADA,
      user: typeof ADA,
      role: 'viewer' | 'approver' | 'admin',
      sameAs: typeof ADA | null = null,
    ) => set(by, { user, role, sameAs }),
    install: (by: typeof ADA | null) => installTenant(deps, { tenant: TENANT, by, bot: BOB }),
    uninstall: () =>
      log.transact(tenantKind, { tenant: TENANT, stream: TENANT_STREAM }, { type: 'uninstall' }),
    pause: () => pauseTenant(deps, { tenant: TENANT, by: ALICE, way: 'command', place: PLACE }),
    state: () => tenantState(log, TENANT),
  };
}

describe('roles', () => {
  test('are given by an admin, in one fact each, with the name of who gave them', async () => {
    const { set, state } = workspace();
    const outcome = await set(ADA, { user: BOB, role: 'responder', sameAs: null }, 'viewer');
    expect(outcome).toMatchObject({
      ok: true,
      events: [
        { type: 'tenant.member-set', user: BOB, member: { role: 'responder' }, by: ADA, at: NOW },
        { type: 'tenant.default-role-set', role: 'viewer', by: ADA, at: NOW },
      ],
    });
    const roles = await state();
    expect([BOB, ALICE].map((user) => roleOf(member(user), roles))).toEqual(['responder', 'viewer']);
  });

  test('said again are nothing new', async () => {
    const { give } = workspace();
    await give(ADA, BOB, 'viewer');
    expect(await give(ADA, BOB, 'viewer')).toMatchObject({ ok: true, events: [] });
  });

  test.each([
    ['a member who is no admin', BOB, 'role-needed'],
    ['somebody from outside', outsider().user, 'not-a-member'],
  ])('are not given by %s', async (_, by, code) => {
    const { give, state } = workspace();
    expect(await give(by, ALICE, 'admin')).toMatchObject({ ok: false, refusal: { code } });
    expect((await state()).members).toBeUndefined();
  });

  test('of admin cannot be put down by oneself, only by another admin, who then stays', async () => {
    const { give, set, state } = workspace();
    expect(await give(ADA, ADA, 'viewer')).toMatchObject({ ok: false, refusal: { code: 'last-admin' } });
    expect(await give(ADA, ABE, 'viewer')).toMatchObject({ ok: true });
    expect(await give(ABE, ADA, 'viewer')).toMatchObject({ ok: false, refusal: { code: 'role-needed' } });
    expect(await set(ADA, null, 'viewer')).toMatchObject({ ok: true });
    expect(roleOf(admin(ADA), await state())).toBe('admin');
  });

  test('say that an account is a second one of a person, and take that back', async () => {
    const { give, state } = workspace();
    await give(ADA, BOB, 'approver', ALICE);
    expect(subjectOf(BOB, await state())).toBe(ALICE);
    await give(ADA, BOB, 'approver');
    expect(subjectOf(BOB, await state())).toBe(BOB);
  });

  test('never say so of an account of itself, nor in a chain', async () => {
    const { give } = workspace();
    expect(await give(ADA, BOB, 'approver', BOB)).toMatchObject({ refusal: { code: 'same-account' } });
    await give(ADA, BOB, 'approver', ALICE);
    expect(await give(ADA, ALICE, 'approver', ABE)).toMatchObject({ refusal: { code: 'second-of-second' } });
    expect(await give(ADA, ABE, 'approver', BOB)).toMatchObject({ refusal: { code: 'second-of-second' } });
  });
});

describe('a census', () => {
  const count = (people: typeof PEOPLE, roles: Parameters<typeof createTally>[0]) => {
    const tally = createTally(roles);
    for (const person of people) if (tally.add(person)) break;
    return tally.census();
  };

  test('counts admins by their roles here', () => {
    expect(count(PEOPLE, {})).toEqual({ members: 2, admins: 2 });
    expect(count(PEOPLE, { members: { [ABE]: { role: 'viewer' } } })).toEqual({ members: 2, admins: 1 });
    expect(count([member(ALICE), member(BOB)], { members: { [BOB]: { role: 'admin' } } })).toEqual({
      members: 2,
      admins: 1,
    });
  });

  test('counts two accounts of one person once, and nobody from outside', () => {
    const roles = { members: { [ABE]: { role: 'admin' as const, sameAs: ADA } } };
    expect(count([admin(ADA), admin(ABE), outsider()], roles)).toEqual({ members: 1, admins: 1 });
  });

  test('of nobody is no lone member', () => {
    expect(count([], {})).toEqual({ members: 2, admins: 0 });
  });
});

describe('installing', () => {
  test('makes the first installer admin, and no later one', async () => {
    const { install, state } = workspace();
    expect(await install(ALICE)).toMatchObject({
      events: [{ type: 'tenant.installed', by: ALICE, admin: true }],
    });
    expect(await install(ALICE)).toMatchObject({ ok: true, events: [] });
    expect(await install(BOB)).toMatchObject({ ok: true, events: [] });
    const roles = await state();
    expect([ALICE, BOB].map((user) => roleOf(member(user), roles))).toEqual(['admin', 'approver']);
  });

  test('by an operator makes nobody admin', async () => {
    const { install, state } = workspace();
    expect(await install(null)).toMatchObject({ ok: true, events: [] });
    expect((await state()).members).toBeUndefined();
  });
});

describe('removing the app', () => {
  test('pauses everything under a new epoch, once', async () => {
    const { uninstall, state } = workspace();
    await uninstall();
    await uninstall();
    expect(await state()).toMatchObject({ panicEpoch: 1, removed: true, removedAt: NOW, resume: null });
    expect((await state()).paused).toEqual({ by: null, at: NOW, way: 'uninstall', place: null });
  });

  test('ends with the next installation, by a signed record for that pause', async () => {
    const { install, uninstall, state } = workspace();
    await install(ALICE);
    await uninstall();
    await install(BOB);
    const now = await state();
    expect(now).toMatchObject({
      paused: null,
      removed: false,
      removedAt: NOW,
      panicEpoch: 1,
      lastPause: null,
    });
    expect(roleOf(member(BOB), now)).toBe('approver');
    expect(parseRecord('resume', decodeSigned(now.resume).payload)).toMatchObject({
      record: { tenant_id: TENANT, panic_epoch: 1, by: [BOB] },
    });
  });

  test('leaves a pause of somebody’s as it is: installing again does not end it', async () => {
    const { deps, pause, install, uninstall, state } = workspace();
    await pause();
    await uninstall();
    await install(ALICE);
    expect(await state()).toMatchObject({
      paused: { by: ALICE, way: 'command' },
      panicEpoch: 2,
      resume: null,
    });
    await resumeTenant(deps, { tenant: TENANT, by: ADA, typed: 'resume' });
    expect(parseRecord('resume', decodeSigned((await state()).resume).payload)).toMatchObject({
      record: { panic_epoch: 2 },
    });
  });

  test('and an installation that nobody signs for stays paused until an admin resumes', async () => {
    const { deps, uninstall, state } = workspace();
    await uninstall();
    await installTenant(deps, { tenant: TENANT, by: null });
    expect((await state()).paused?.way).toBe('uninstall');
    await resumeTenant(deps, { tenant: TENANT, by: ADA, typed: 'resume' });
    expect((await state()).paused).toBeNull();
  });
});
