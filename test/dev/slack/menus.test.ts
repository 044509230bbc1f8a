import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../../dev/slack/server.ts';
import { openApp, startQuiet } from './sample-app.ts';
import { api } from './spec.ts';

const OPS = 'C0PS000001';
const BOB = 'U0B0B00001';
const label = { type: 'plain_text', text: 'Label' };
const option = (value: string) => ({ text: { type: 'plain_text', text: value.toUpperCase() }, value });
const role = { type: 'static_select', action_id: 'role', options: [option('viewer'), option('approver')] };
const person = { type: 'users_select', action_id: 'person' };
const place = { type: 'conversations_select', action_id: 'place' };
const input = (block_id: string, element: object, more: object = {}) => ({
  type: 'input',
  block_id,
  label,
  element,
  ...more,
});

describe('menus of people, channels and options', () => {
  let sim: Simulator;
  let app: Awaited<ReturnType<typeof openApp>>;

  beforeEach(async () => {
    sim = await startQuiet();
    app = await openApp(sim);
  });
  afterEach(async () => {
    await sim.close();
    await app.close();
  });

  /** Opens a modal with these blocks for alice. */
  async function open(blocks: object[]): Promise<string> {
    await sim.act('alice').slash('ops', '/runbook help');
    const trigger_id = sim.deliveries().at(-1)?.payload.trigger_id;
    const view = { type: 'modal', title: label, submit: label, blocks };
    const opened = await api(sim, 'views.open', { trigger_id, view });
    expect(opened).toMatchObject({ ok: true });
    return (opened.view as { id: string }).id;
  }
  const sent = () => sim.deliveries().at(-1)?.payload;

  test('a modal sends the ids of what was chosen, given by id or name', async () => {
    const blocks = [
      input('who', person),
      input('where', place),
      input('what', role),
      input('all', { type: 'multi_users_select', action_id: 'all' }),
    ];
    const view = await open(blocks);
    await sim.act('alice').submit(view, {
      who: 'bob',
      where: '#payments',
      role: 'approver',
      all: [BOB, 'alice'],
    });
    expect(sent()).toMatchObject({
      type: 'view_submission',
      view: {
        state: {
          values: {
            who: { person: { type: 'users_select', selected_user: BOB } },
            where: { place: { type: 'conversations_select', selected_conversation: 'C0PAY00001' } },
            what: { role: { type: 'static_select', selected_option: option('approver') } },
            all: { all: { type: 'multi_users_select', selected_users: [BOB, 'U0AL1CE001'] } },
          },
        },
      },
    });
  });

  test('what is not offered cannot be chosen, and nothing is sent', async () => {
    const view = await open([input('who', person), input('where', place), input('what', role)]);
    const alice = sim.act('alice');
    const before = sim.deliveries().length;
    await expect(alice.submit(view, { who: 'walt' })).rejects.toThrow('The menu of people has no walt.');
    await expect(alice.submit(view, { who: 'dan' })).rejects.toThrow('The menu of people has no dan.');
    await expect(alice.submit(view, { where: 'C0ACME0001' })).rejects.toThrow('has no C0ACME0001.');
    await expect(alice.submit(view, { what: 'owner' })).rejects.toThrow(
      'The menu has no choice owner. There are: viewer, approver.',
    );
    expect(sim.deliveries()).toHaveLength(before);
  });

  test('a required menu left empty is not sent; an optional one is sent as null', async () => {
    const view = await open([input('who', person), input('where', place, { optional: true })]);
    const answer = await sim.act('alice').submit(view, {});
    expect(answer.body).toMatchObject({ errors: { who: 'Please complete this required field.' } });
    expect(sent()?.type).not.toBe('view_submission');
    await sim.act('alice').submit(view, { who: BOB });
    expect(sent()).toMatchObject({
      view: { state: { values: { where: { place: { selected_conversation: null } } } } },
    });
  });

  test('what is chosen at first counts until it is changed or emptied', async () => {
    const first = { ...person, initial_user: BOB };
    const channel = { ...place, initial_conversation: OPS };
    const chosen = { ...role, initial_option: option('viewer') };
    const blocks = [
      input('who', first),
      input('where', channel, { optional: true }),
      input('what', chosen, { optional: true }),
    ];
    const view = await open(blocks);
    await sim.act('alice').submit(view, { where: '', what: null });
    expect(sent()).toMatchObject({
      view: {
        state: {
          values: {
            who: { person: { selected_user: BOB } },
            where: { place: { selected_conversation: null } },
            what: { role: { selected_option: null } },
          },
        },
      },
    });
  });

  test('a menu beside text in a modal tells the app at once, and its choice is in the state', async () => {
    const section = { type: 'section', block_id: 'row', text: label, accessory: person };
    const view = await open([section, input('what', role)]);
    await sim.act('alice').clickInView(view, { actionId: 'person', value: 'bob' }, { what: 'viewer' });
    expect(sent()).toMatchObject({
      type: 'block_actions',
      actions: [{ action_id: 'person', block_id: 'row', type: 'users_select', selected_user: BOB }],
      view: {
        state: {
          values: {
            row: { person: { selected_user: BOB } },
            what: { role: { selected_option: option('viewer') } },
          },
        },
      },
    });
  });

  test('menus of a message say what was chosen, in the action and in the state of the others', async () => {
    const other = { ...role, initial_option: option('viewer') };
    const blocks = [{ type: 'actions', block_id: 'b', elements: [person, place, other] }];
    const { ts } = await api(sim, 'chat.postMessage', { channel: OPS, text: 'x', blocks });
    await sim.act('alice').click('ops', String(ts), { actionId: 'place', value: 'general' });
    expect(sent()).toMatchObject({
      actions: [{ action_id: 'place', selected_conversation: 'C0GEN00001' }],
      state: {
        values: {
          b: {
            person: { selected_user: null },
            place: { selected_conversation: 'C0GEN00001' },
            role: { selected_option: option('viewer') },
          },
        },
      },
    });
    const click = sim.act('alice').click('ops', String(ts), { actionId: 'role', value: 'owner' });
    await expect(click).rejects.toThrow('The menu has no choice owner.');
  });
});
