import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Simulator } from '../../../dev/slack/server.ts';
import { startQuiet, startSampleApp } from './sample-app.ts';

describe('a Bolt app in the simulator', () => {
  let sim: Simulator;
  let app: Awaited<ReturnType<typeof startSampleApp>>;

  beforeAll(async () => {
    sim = await startQuiet();
    app = await startSampleApp(sim);
  });
  afterAll(async () => {
    await app.stop();
    await sim.close();
  });

  async function turn(channel = 'ops') {
    const alice = sim.act('alice');
    const ts = alice.post(channel, 'Restart & check\n```\nkubectl get pods\n```');
    const answer = await alice.shortcut(channel, ts);
    const card = await sim.waitFor(() => sim.thread(channel, ts)[1], { what: 'the reply in the thread' });
    return { ts, answer, card };
  }

  test('a shortcut carries the message and its rich text, and the reply stands in the thread', async () => {
    const { answer, card, ts } = await turn();
    expect(answer).toEqual({ status: 200, body: '', shown: null });
    const sent = sim.deliveries().find((one) => one.payload.type === 'message_action')?.payload;
    expect(sent?.message).toMatchObject({
      text: 'Restart &amp; check\n```kubectl get pods```',
      blocks: [{ type: 'rich_text' }],
    });
    expect(card).toMatchObject({ name: 'dd0crun', threadTs: ts, visibleTo: null });
  });

  test('a message with replies carries its own thread_ts, as Slack sends it', async () => {
    const { ts } = await turn();
    await sim.act('bob').shortcut('ops', ts);
    const sent = sim.deliveries().at(-1)?.payload;
    expect(sent?.message).toMatchObject({ ts, thread_ts: ts });
  });

  test('a click updates the message in place and keeps the old version', async () => {
    const { card } = await turn();
    await sim.act('bob').click('ops', card.ts, { actionId: 'approve', value: 'v1.one' });
    const updated = await sim.waitFor(() =>
      sim.messages('ops').find((one) => one.ts === card.ts && one.text.startsWith('Approved')),
    );
    expect(updated.versions).toHaveLength(2);
    expect(updated.edited).toBe(false);
    await expect(sim.act('bob').click('ops', card.ts, 'approve')).rejects.toThrow('No element');
    const late = await sim.act('bob').click('ops', card.ts, 'approve', { stale: true });
    expect(late.status).toBe(200);
  });

  test('an outsider’s click reaches the app with their own team and only they see the answer', async () => {
    const { card } = await turn('payments');
    await sim.act('eve').click('payments', card.ts, 'approve');
    const told = await sim.waitFor(() =>
      sim.messages('payments', { as: 'eve' }).find((one) => one.text.startsWith('Only members')),
    );
    expect(told.visibleTo).toBe(sim.person('eve').id);
    expect(sim.messages('payments', { as: 'bob' }).some((one) => one.ts === told.ts)).toBe(false);
    expect(sim.messages('payments').find((one) => one.ts === card.ts)?.versions).toHaveLength(1);
  });

  test('a modal shows the app’s errors, sends no empty required input, and closes when accepted', async () => {
    const { card } = await turn();
    const bob = sim.act('bob');
    await bob.click('ops', card.ts, 'abort');
    const view = await sim.waitFor(() => sim.views('bob')[0]);
    const sent = () => sim.deliveries().filter((one) => one.payload.type === 'view_submission').length;
    const before = sent();
    await bob.submit(view.id, {});
    expect(sim.views('bob')[0]?.errors).toEqual({ name: 'Please complete this required field.' });
    expect(sent()).toBe(before);
    await bob.submit(view.id, { typed: 'payments' });
    expect(sim.views('bob')[0]?.errors).toEqual({ name: 'Type payments-api to confirm.' });
    await bob.submit(view.id, { name: 'payments-api', reason: 'wrong host' });
    expect(sim.views('bob')).toEqual([]);
    const values = sim.deliveries().at(-1)?.payload.view;
    expect(values).toMatchObject({
      state: { values: { why: { reason: { type: 'plain_text_input', value: 'wrong host' } } } },
    });
    await expect(bob.submit(view.id, {})).rejects.toThrow('no open modal');
  });

  test('a slash command is answered to the person alone, and refused to outsiders by Slack itself', async () => {
    const answer = await sim.act('alice').slash('ops', '/runbook help me & <you>');
    expect(answer).toMatchObject({ status: 200, body: 'You said: help me &amp; &lt;you&gt;' });
    expect(sim.messages('ops', { as: 'alice' }).at(-1)?.visibleTo).toBe(sim.person('alice').id);
    const commands = () => sim.deliveries().filter((one) => one.kind === 'command').length;
    const before = commands();
    expect((await sim.act('eve').slash('ops', '/runbook help')).shown).toContain('not a valid command');
    expect(commands()).toBe(before);
  });

  test('a reaction is an event the first time only', async () => {
    const ts = sim.act('alice').post('payments', 'deploying now');
    expect((await sim.act('bob').react('payments', ts, '🛑')).status).toBe(200);
    await sim.waitFor(() => sim.messages('payments').find((one) => one.text.startsWith('Paused by')));
    expect(await sim.act('bob').react('payments', ts, 'octagonal_sign')).toEqual({
      status: 0,
      body: null,
      shown: null,
    });
    expect(sim.messages('payments').filter((one) => one.text.startsWith('Paused by'))).toHaveLength(1);
    expect(sim.deliveries().at(-1)?.payload).toMatchObject({ event: { reaction: 'octagonal_sign' } });
  });
});
