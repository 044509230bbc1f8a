import { describe, expect, test } from '@jest/globals';
import type { Typed } from '../../src/audit/subject.ts';
import { parseRecord } from '../../src/protocol/records.ts';
import { decodeSigned } from '../../src/protocol/signed.ts';
import type { Census, Person } from '../../src/tenant/person.ts';
import { pauseTenant, resumeTenant, type TenantDeps, tenantState } from '../../src/tenant/service.ts';
import { tenantKind } from '../../src/tenant/tenant.ts';
import { ABE, ADA, ALICE, admin, CHANNEL, MANY, member, NOW, outsider, TENANT } from '../support/builders.ts';
import { fakeDirectory, memoryLog, tenantRef, testKey } from '../support/fakes.ts';

const PLACE = { channel: CHANNEL, threadTs: null };
const ONE_ADMIN: Census = { members: 2, admins: 1 };
const PEOPLE: Person[] = [member(ALICE), admin(ADA), admin(ABE)];

function workspace(census = MANY) {
  const { log } = memoryLog();
  const told: number[] = [];
  const deps: TenantDeps = {
    log,
    directory: fakeDirectory(PEOPLE, census),
    approveKey: testKey(1),
    nonce: () => Buffer.alloc(16).toString('base64url'),
    onPause: (_, panicEpoch) => void told.push(panicEpoch),
  };
  const pause = (by = ALICE, using = deps) =>
    pauseTenant(using, { tenant: TENANT, by, way: 'command', place: PLACE });
  const resume = (by = ADA, typed = 'resume') => resumeTenant(deps, { tenant: TENANT, by, typed });
  return { deps, log, told, pause, resume, state: () => tenantState(log, TENANT) };
}

describe('stopping everything', () => {
  test('takes one member, raises the epoch and is told at once', async () => {
    const { pause, state, told } = workspace();
    expect(await pause()).toMatchObject({ ok: true });
    expect(await state()).toMatchObject({
      panicEpoch: 1,
      paused: { by: ALICE, at: NOW, way: 'command', place: PLACE },
    });
    expect(told).toEqual([1]);
  });

  test('twice is once: the epoch stays, the first person stays, and it is told again', async () => {
    const { pause, state, told } = workspace();
    await pause();
    expect(await pause(ADA)).toMatchObject({ ok: true, events: [] });
    expect(await state()).toMatchObject({ panicEpoch: 1, paused: { by: ALICE } });
    expect(told).toEqual([1, 1]);
  });

  test('holds when the workspace cannot be asked who this is', async () => {
    const { deps, pause, state } = workspace();
    const directory = { ...deps.directory, person: async () => Promise.reject(new Error('Slack is away')) };
    expect(await pause(ALICE, { ...deps, directory })).toMatchObject({ ok: true });
    expect((await state()).paused?.by).toBe(ALICE);
  });

  test('is not for people from outside: nothing is recorded and nobody is told', async () => {
    const { pause, state, told } = workspace();
    expect(await pause(outsider().user)).toMatchObject({ ok: false, refusal: { code: 'not-a-member' } });
    expect([(await state()).paused, told]).toEqual([null, []]);
  });
});

describe('going on', () => {
  test.each([
    ['a member who is no admin', ALICE, 'resume', 'not-an-admin'],
    ['somebody from outside', outsider().user, 'resume', 'not-an-admin'],
    ['another word', ADA, 'yes', 'not-confirmed'],
    ['the word in capitals', ADA, 'RESUME', 'not-confirmed'],
    ['no word', ADA, '', 'not-confirmed'],
  ])('is refused: %s', async (_, by, typed, code) => {
    const { pause, resume, state } = workspace(ONE_ADMIN);
    await pause();
    expect(await resume(by, typed)).toMatchObject({ ok: false, refusal: { code } });
    expect((await state()).paused).not.toBeNull();
  });

  test('takes the only admin alone', async () => {
    const { pause, resume, state } = workspace(ONE_ADMIN);
    await pause();
    expect(await resume(ADA, ' resume ')).toMatchObject({ ok: true });
    expect(await state()).toMatchObject({
      paused: null,
      panicEpoch: 1,
      lastPause: { by: ALICE, endedBy: [ADA] },
    });
  });

  test('takes two admins where there are two, and not one of them twice', async () => {
    const { pause, resume, state } = workspace();
    await pause();
    expect(await resume()).toMatchObject({ ok: true, events: [{ type: 'tenant.resume-asked', by: ADA }] });
    expect((await state()).paused).not.toBeNull();
    expect(await resume()).toMatchObject({ ok: false, refusal: { code: 'second-admin-needed' } });
    await resume(ABE);
    expect(await state()).toMatchObject({
      paused: null,
      resumeAskedBy: null,
      lastPause: { endedBy: [ADA, ABE] },
    });
  });

  test('is signed for this pause and by these people', async () => {
    const { pause, resume, state } = workspace();
    await pause();
    await resume();
    await resume(ABE);
    const { payload } = decodeSigned((await state()).resume);
    expect(parseRecord('resume', payload)).toMatchObject({
      record: { tenant_id: TENANT, panic_epoch: 1, by: [ADA, ABE], iat: NOW },
    });
  });

  test('when nothing is paused says so', async () => {
    expect(await workspace().resume()).toMatchObject({ ok: false, refusal: { code: 'not-paused' } });
  });

  test('is not possible while the workspace cannot be asked who this is', async () => {
    const { deps, pause, state } = workspace();
    await pause();
    const directory = { ...deps.directory, census: async () => Promise.reject(new Error('Slack is away')) };
    await expect(
      resumeTenant({ ...deps, directory }, { tenant: TENANT, by: ADA, typed: 'resume' }),
    ).rejects.toThrow('away');
    expect((await state()).paused).not.toBeNull();
  });

  test('a pause after a half-given resume starts over: the first yes does not count for it', async () => {
    const { pause, resume, state } = workspace();
    await pause();
    await resume(ADA);
    await resume(ABE);
    await pause();
    expect(await state()).toMatchObject({ panicEpoch: 2, resumeAskedBy: null, resume: null });
    expect(await resume(ABE)).toMatchObject({ events: [{ type: 'tenant.resume-asked' }] });
  });
});

test('opening a workspace twice is once', async () => {
  const { log, state } = workspace();
  const open = () => log.transact(tenantKind, tenantRef(TENANT), { type: 'open' });
  const events = [await open(), await open()].map(
    (outcome) => (outcome.ok ? outcome.events : []) as readonly Typed[],
  );
  expect(events).toEqual([[{ type: 'tenant.opened' }], []]);
  expect((await state()).opened).toBe(true);
});
