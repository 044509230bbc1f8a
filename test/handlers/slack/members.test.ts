import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { VIEWS } from '../../../src/slack/actions.ts';
import { tenantState } from '../../../src/tenant/service.ts';
import { ADA, ALICE, BOB, CHANNEL, TENANT } from '../../support/builders.ts';
import { eventually, startWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const roles = () => tenantState(world.deps.log, TENANT);
const person = (id: string | null) => ({ type: 'users_select', selected_user: id });
const option = (value: string | null) => ({
  type: 'static_select',
  selected_option: value === null ? null : { text: { type: 'plain_text', text: value }, value },
});
interface Filled {
  readonly who?: string | null;
  readonly role?: string | null;
  readonly same?: string | null;
  readonly others?: string;
}
const save = ({ who = null, role = null, same = null, others = 'approver' }: Filled, by: string = ADA) =>
  world.submit(
    VIEWS.members,
    { channel: CHANNEL },
    { person: person(who), role: option(role), same: person(same), default: option(others) },
    by,
  );
const answer = async (...args: Parameters<typeof save>) => JSON.parse((await save(...args)).text);

describe('/runbook members', () => {
  test('shows the roles to a member, without a form', async () => {
    await save({ who: BOB, role: 'responder' });
    await world.command('members', { user: ALICE });
    const [view] = await eventually(world.views, (views) => views.length > 0);
    expect(JSON.stringify(view)).toContain(`<@${BOB}> responder`);
    expect(JSON.stringify(view)).not.toContain('"type":"input"');
    expect(view).not.toHaveProperty('submit');
  });

  test('shows an admin a form too', async () => {
    await world.command('members', { user: ADA });
    const [view] = await eventually(world.views, (views) => views.length > 0);
    expect(JSON.stringify(view)).toContain('"type":"users_select"');
    expect(JSON.stringify(view)).toContain('Nobody has a role of their own yet.');
  });

  test('shows nothing to somebody from outside', async () => {
    expect((await world.command('members', { user: 'UOUT' })).text).toContain('Only full members');
    expect(world.views()).toEqual([]);
  });
});

describe('the form', () => {
  test('saves what an admin says and shows it', async () => {
    expect(await answer({ who: BOB, role: 'responder', others: 'viewer' })).toMatchObject({
      response_action: 'update',
      view: { callback_id: 'members' },
    });
    expect(await roles()).toMatchObject({ members: { [BOB]: { role: 'responder' } }, defaultRole: 'viewer' });
    const again = await answer({ who: BOB, role: 'approver', same: ALICE, others: 'viewer' });
    expect(JSON.stringify(again.view)).toContain(`<@${BOB}> approver, second account of <@${ALICE}>`);
    expect((await roles()).members?.[BOB]).toEqual({ role: 'approver', sameAs: ALICE });
  });

  test('changes the default alone when nobody is chosen', async () => {
    await save({ others: 'responder' });
    expect(await roles()).toMatchObject({ defaultRole: 'responder' });
    expect((await roles()).members).toBeUndefined();
  });

  test.each([
    [{ who: BOB }, 'role'],
    [{ role: 'admin' }, 'person'],
    [{ same: ALICE }, 'person'],
    [{ who: ADA, role: 'viewer' }, 'person'],
    [{ who: BOB, role: 'approver', same: BOB }, 'person'],
    [{ who: BOB, role: 'owner' }, 'role'],
    [{ who: BOB, role: 'approver', others: 'admin' }, 'default'],
  ])('gives %j back into the box %s and saves nothing', async (filled, box) => {
    const { response_action, errors } = await answer(filled);
    expect([response_action, Object.keys(errors)]).toEqual(['errors', [box]]);
    expect((await roles()).members).toBeUndefined();
    expect((await roles()).defaultRole).toBeUndefined();
  });

  test('of somebody who is no admin, however they got it, changes nothing', async () => {
    const { errors } = await answer({ who: BOB, role: 'admin' }, BOB);
    expect(errors.person).toContain('takes the role of admin; yours is approver');
    expect((await answer({ others: 'viewer' }, BOB)).errors.default).toContain('takes the role of admin');
    expect((await roles()).members).toBeUndefined();
  });
});
