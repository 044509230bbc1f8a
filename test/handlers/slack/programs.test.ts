import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { VIEWS } from '../../../src/slack/actions.ts';
import { tenantState } from '../../../src/tenant/service.ts';
import { faultsOfView } from '../../support/block-kit.ts';
import { ABE, ADA, ALICE, CHANNEL, TENANT } from '../../support/builders.ts';
import { eventually, startWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const NAME = 'cloudctl-status';
const programs = async () => (await tenantState(world.deps.log, TENANT)).programs;
const option = (value: string) => ({
  type: 'static_select',
  selected_option: value === '' ? null : { text: { type: 'plain_text', text: value }, value },
});
interface Filled {
  readonly name?: string;
  readonly reason?: string;
  readonly confirm?: string;
  readonly withdraw?: string;
}
const save = async ({ name = '', reason = '', confirm = '', withdraw = '' }: Filled, by: string = ADA) => {
  const boxes = { name, reason, confirm: option(confirm), withdraw: option(withdraw) };
  return JSON.parse((await world.submit(VIEWS.programs, { channel: CHANNEL }, boxes, by)).text);
};
const declare = () => save({ name: NAME, reason: 'It only calls GET.' });
const opened = async (user: string) => {
  await world.command('programs', { user });
  const [view] = await eventually(world.views, (views) => views.length > 0);
  expect(faultsOfView(view)).toEqual([]);
  return JSON.stringify(view);
};

describe('/runbook programs', () => {
  test('shows a member what is declared, by whom and why, without a form', async () => {
    await declare();
    await save({ confirm: NAME }, ABE);
    const view = await opened(ALICE);
    expect(view).toContain(`\`${NAME}\` by <@${ADA}> and <@${ABE}>, <!date^`);
    expect(view).toContain('It only calls GET.');
    expect(view).not.toContain('"type":"input"');
  });

  test('shows an admin a form, with menus only where there is something to choose', async () => {
    const view = await opened(ADA);
    expect(view).toContain('No program is declared.');
    expect(view).toContain('"block_id":"name"');
    expect(view).not.toContain('static_select');
  });

  test('shows nothing to somebody from outside', async () => {
    expect((await world.command('programs', { user: 'UOUT' })).text).toContain('Only full members');
    expect(world.views()).toEqual([]);
  });
});

describe('the form', () => {
  test('keeps what one admin asks for until another confirms it, and shows both', async () => {
    const asked = await declare();
    expect([asked.response_action, faultsOfView(asked.view)]).toEqual(['update', []]);
    expect(JSON.stringify(asked.view)).toContain('Waits for a second admin.');
    expect((await programs())?.declared).toEqual([]);
    const confirmed = await save({ confirm: NAME }, ABE);
    expect(JSON.stringify(confirmed.view)).not.toContain('Waits for a second admin.');
    expect(await programs()).toMatchObject({ declared: [{ name: NAME, by: [ADA, ABE] }], asked: [] });
  });

  test('gives a confirmation by the same person back', async () => {
    await declare();
    expect((await save({ confirm: NAME }, ADA)).errors.confirm).toContain('A second admin has to confirm');
    expect((await programs())?.declared).toEqual([]);
  });

  test('withdraws by one admin', async () => {
    await declare();
    await save({ confirm: NAME }, ABE);
    expect(await save({ withdraw: NAME }, ABE)).toMatchObject({ response_action: 'update' });
    expect((await programs())?.declared).toEqual([]);
  });

  test.each<[Filled, string]>([
    [{}, 'name'],
    [{ name: 'rm', reason: 'harmless' }, 'name'],
    [{ name: '../x', reason: 'harmless' }, 'name'],
    [{ name: 'my-tool' }, 'reason'],
    [{ reason: 'It only looks.' }, 'name'],
    [{ name: 'my-tool', reason: 'It only looks.', withdraw: NAME }, 'withdraw'],
    [{ confirm: NAME, withdraw: NAME }, 'withdraw'],
    [{ confirm: 'my-tool' }, 'confirm'],
    [{ withdraw: 'my-tool' }, 'withdraw'],
  ])('gives %j back into the box %s and changes nothing', async (filled, box) => {
    await declare();
    const before = await programs();
    const { response_action, errors } = await save(filled, ABE);
    expect([response_action, Object.keys(errors)]).toEqual(['errors', [box]]);
    expect(await programs()).toEqual(before);
  });

  test('of somebody who is no admin, however they got it, changes nothing', async () => {
    const { errors } = await save({ name: NAME, reason: 'It only looks.' }, ALICE);
    expect(errors.name).toContain('takes the role of admin');
    expect(await programs()).toBeUndefined();
  });
});
