import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyInstance } from '../../dev/audit.ts';
import { cardOf, connectPager, startFromCard } from '../../dev/page.ts';
import { type Pager, startPager } from '../../dev/pagerduty.ts';
import type { Simulator } from '../../dev/slack/server.ts';
import { postRunbook, runState, walk } from '../../dev/walk.ts';
import { ACTIONS } from '../../src/slack/actions.ts';
import { BACKENDS } from '../support/redis.ts';
import { runbook, startTestInstance, type TestInstance } from './support.ts';

const LIMIT = { timeoutMs: 15_000 };
const MIB = 1024 * 1024;

describe.each(BACKENDS)('with the queues on %s, a page', (queues) => {
  let instance: TestInstance;
  let sim: Simulator;
  let pager: Pager;

  beforeAll(async () => {
    instance = await startTestInstance({ queues });
    sim = instance.simulator;
    pager = await connectPager(sim, 'alice');
    const text = runbook('DiskFull on <host>', 'echo cleaned <host>');
    const preview = await postRunbook(sim, text, 'alice');
    await sim.act('alice').click('ops', preview.ts, ACTIONS.saveRunbook);
    await sim.waitFor(() => JSON.stringify(sim.messages('ops')).includes('Saved by') || undefined, LIMIT);
  }, 90_000);

  afterAll(async () => {
    await instance.end();
  }, 90_000);

  const events = async () => (await verifyInstance(instance.ownerUrl, instance.dataDir)).events;
  const cards = () => sim.messages('ops').filter(({ text }) => text.startsWith('Page'));

  const page = { id: 'PFULL', title: '[FIRING:1] DiskFull host:web-1', service: 'shop' };

  test('becomes a card with the runbook that fits, a run that a person starts, and an end', async () => {
    expect((await pager.ping()).status).toBe(200);
    expect((await pager.trigger(page)).status).toBe(202);
    const card = await cardOf(sim, 'DiskFull host:web-1', ACTIONS.startFromPage);
    expect(JSON.stringify(card.blocks)).toContain('alert name “DiskFull” in title');

    const run = await startFromCard(sim, 'DiskFull host:web-1', {}, 'alice');
    expect((await runState(instance, run)).plan).toMatchObject({ requester: sim.person('alice').id });
    const state = await walk(instance, sim, run, () => ({ do: 'approve', as: 'alice' }));
    expect(state.status).toBe('succeeded');
    expect(state.steps[0]?.result?.head).toContain('cleaned web-1');
    // From here on only the sweep knows what is to be done.
    await instance.emptyQueues();

    await pager.resolve(page);
    const closed = await cardOf(sim, 'DiskFull host:web-1', '*Resolved*');
    expect(closed.ts).toBe(card.ts);
    expect(JSON.stringify(closed.blocks)).not.toContain(ACTIONS.startFromPage);
  }, 60_000);

  test('can be given another runbook, after a look at its steps', async () => {
    await pager.trigger({ id: 'POTHER', title: 'Nothing we know of' });
    const card = await cardOf(sim, 'Nothing we know of', ACTIONS.chooseRunbook);
    expect(JSON.stringify(card.blocks)).toContain('No match, because the one saved runbook does not have');
    await sim.act('bob').click('ops', card.ts, ACTIONS.chooseRunbook);
    const menu = await sim.waitFor(() => sim.views('bob').at(-1), LIMIT);
    const value = /"value":"(v1\.[0-9A-Z]+)"/.exec(JSON.stringify(menu.blocks))?.[1] ?? '';
    await sim.act('bob').submit(menu.id, { runbook: value });
    const form = await sim.waitFor(
      () => sim.views('bob').find(({ callbackId }) => callbackId === 'start_run'),
      LIMIT,
    );
    await sim.act('bob').submit(form.id, { host: 'web-9' });
    await cardOf(sim, 'Nothing we know of', 'started run');
  }, 60_000);

  test('that nobody signed leaves no trace in Slack', async () => {
    const before = cards().length;
    const { url } = pager;
    const forger = startPager({ url, secrets: ['not-the-secret-of-anybody'] });
    expect((await forger.trigger({ id: 'PFORGED', title: 'Forged' })).status).toBe(401);
    await pager.trigger({ id: 'PAFTER', title: 'After the forgery' });
    await cardOf(sim, 'After the forgery', ACTIONS.chooseRunbook);
    expect(cards()).toHaveLength(before + 1);
  }, 60_000);

  test('that comes again, or is larger than any page, changes nothing', async () => {
    const text = pager.body('incident.triggered', { id: 'PTWICE', title: 'Comes twice' });
    expect((await pager.deliver(text)).status).toBe(202);
    await cardOf(sim, 'Comes twice', ACTIONS.chooseRunbook);
    const before = cards().length;
    const known = await events();
    expect(await Promise.all([pager.deliver(text), pager.deliver(text)])).toMatchObject([
      { status: 202 },
      { status: 202 },
    ]);
    const large = pager.body('incident.triggered', { id: 'PLARGE', title: 'x'.repeat(5 * MIB) });
    expect((await pager.deliver(large)).status).toBe(413);
    expect(await events()).toBe(known);
    expect(cards()).toHaveLength(before);
  }, 60_000);

  test('leaves a chain of records that verifies', async () => {
    const { findings } = await verifyInstance(instance.ownerUrl, instance.dataDir);
    expect(findings).toEqual([]);
  }, 60_000);
});
