import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ACME_TEAM_ID, type Simulator, TEAM_ID } from '../../../dev/slack/server.ts';
import { openApp, startQuiet } from './sample-app.ts';
import { api } from './spec.ts';

const OPS = 'C0PS000001';
const BUTTON = { type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } };
const BLOCKS = [{ type: 'actions', elements: [BUTTON] }];
const LABEL = { type: 'plain_text', text: 'Title' };
const VIEW = { type: 'modal', title: LABEL, blocks: [{ type: 'divider' }] };

describe('two workspaces', () => {
  let sim: Simulator;
  let app: Awaited<ReturnType<typeof openApp>>;
  let token: string;

  beforeEach(async () => {
    sim = await startQuiet();
    app = await openApp(sim);
    await sim.install('acme', 'wanda', app.installUrl);
    token = sim.team('acme').installation()?.token ?? '';
  });
  afterEach(async () => {
    await sim.close();
    await app.close();
  });

  const acme = () => sim.team('acme');
  const inAcme = (method: string, args: Record<string, unknown> = {}) => api(sim, method, args, { token });

  test('each has its own people and messages, though a channel of both has one id', async () => {
    acme().act('wanda').post('ops', 'of acme');
    sim.act('alice').post('ops', 'of dd0c');
    expect(acme().messages(OPS)).toMatchObject([{ text: 'of acme', name: 'wanda' }]);
    expect(sim.messages(OPS)).toMatchObject([{ text: 'of dd0c', name: 'alice' }]);
    expect(() => acme().act('bob')).toThrow('There is nobody called bob.');
    expect(() => sim.act('walt')).toThrow('There is nobody called walt.');
    expect(() => sim.act('alice').post('platform', 'x')).toThrow('There is no channel platform.');
    expect(sim.team('dd0c')).toBe(sim);
    expect(sim.team(ACME_TEAM_ID)).toBe(acme());
    expect(() => sim.team('umbrella')).toThrow('There is no workspace umbrella.');
  });

  test('a call is answered for the workspace of its token, and noted there', async () => {
    expect(await api(sim, 'auth.test')).toMatchObject({ team_id: TEAM_ID, bot_id: 'B0DD0C0001' });
    expect(await inAcme('auth.test')).toMatchObject({ team_id: ACME_TEAM_ID, bot_id: 'B0ACME0001' });
    await inAcme('chat.postMessage', { channel: OPS, text: 'to acme' });
    expect(sim.messages('ops')).toEqual([]);
    expect(acme().messages('ops')).toMatchObject([{ text: 'to acme', name: 'dd0crun', user: 'U0ACMEB0T1' }]);
    expect(sim.calls('chat.postMessage')).toEqual([]);
    expect(acme().calls('chat.postMessage')).toHaveLength(1);
  });

  test('a token reads and writes nothing of the other workspace', async () => {
    const { ts } = await api(sim, 'chat.postMessage', { channel: OPS, text: 'of dd0c', blocks: BLOCKS });
    expect(await inAcme('chat.update', { channel: OPS, ts, text: 'changed' })).toMatchObject({
      error: 'message_not_found',
    });
    expect(await inAcme('chat.postMessage', { channel: OPS, text: 'x', thread_ts: ts })).toMatchObject({
      error: 'cannot_reply_to_message',
    });
    expect(await inAcme('chat.postMessage', { channel: 'C0PAY00001', text: 'x' })).toMatchObject({
      error: 'channel_not_found',
    });
    expect(await inAcme('users.info', { user: 'U0B0B00001' })).toMatchObject({ error: 'user_not_found' });
    expect(await inAcme('chat.postEphemeral', { channel: OPS, user: 'U0B0B00001', text: 'x' })).toMatchObject(
      { error: 'user_not_in_channel' },
    );
    await sim.act('alice').click('ops', String(ts), 'go');
    const trigger_id = sim.deliveries().at(-1)?.payload.trigger_id;
    expect(await inAcme('views.open', { trigger_id, view: VIEW })).toMatchObject({
      error: 'invalid_trigger_id',
    });
    const opened = await api(sim, 'views.open', { trigger_id, view: VIEW });
    const view_id = (opened.view as { id: string }).id;
    expect(await inAcme('views.update', { view_id, view: VIEW })).toMatchObject({ error: 'not_found' });
    expect(sim.messages('ops')).toMatchObject([{ text: 'of dd0c', versions: { length: 1 } }]);
    expect(acme().messages('ops')).toEqual([]);
    expect(acme().views('wanda')).toEqual([]);
  });

  test('payloads carry the id of the workspace they come from, and so does the person', async () => {
    const { ts } = await inAcme('chat.postMessage', { channel: OPS, text: 'x', blocks: BLOCKS });
    await acme().act('walt').click('ops', String(ts), 'go');
    await acme().act('alice').click('ops', String(ts), 'go');
    await acme().act('walt').shortcut('ops', String(ts));
    await acme().act('walt').slash('ops', '/runbook help');
    await acme().act('walt').react('ops', String(ts), 'eyes');
    const [own, visitor, shortcut, command, event] = acme()
      .deliveries()
      .map((one) => one.payload);
    const team = { id: ACME_TEAM_ID, domain: 'acme-demo' };
    const message = { team: ACME_TEAM_ID, bot_id: 'B0ACME0001' };
    expect(own).toMatchObject({ team, user: { id: 'U0WALT0001', team_id: ACME_TEAM_ID }, message });
    expect(visitor).toMatchObject({ team, user: { id: 'U0AL1CE001', team_id: TEAM_ID } });
    expect(shortcut).toMatchObject({ team, message });
    expect(command).toMatchObject({ team_id: ACME_TEAM_ID, team_domain: 'acme-demo' });
    expect(event).toMatchObject({ team_id: ACME_TEAM_ID, authorizations: [{ team_id: ACME_TEAM_ID }] });
    expect(
      JSON.stringify(
        acme()
          .deliveries()
          .map((one) => one.payload.team),
      ),
    ).not.toContain(TEAM_ID);
    expect(sim.deliveries()).toEqual([]);
  });

  test('the admin of one workspace is an outsider in the other, and Slack says so of the account', async () => {
    const there = (await inAcme('users.info', { user: 'U0AL1CE001' })).user;
    expect(there).toMatchObject({ team_id: TEAM_ID });
    expect(there).not.toHaveProperty('is_admin');
    expect((await api(sim, 'users.info', { user: 'U0WANDA001' })).user).not.toHaveProperty('is_admin');
    expect((await inAcme('users.info', { user: 'U0WANDA001' })).user).toMatchObject({ is_admin: true });
    const said = await sim.act('wanda').slash('ops', '/runbook help');
    expect(said.shown).toContain('not a valid command');
  });

  test('a response_url speaks in the workspace it came from', async () => {
    await acme().act('walt').slash('ops', '/runbook help');
    const url = String(acme().deliveries().at(-1)?.payload.response_url);
    expect(new URL(url).pathname).toContain(`/${ACME_TEAM_ID}/`);
    const body = JSON.stringify({ text: 'for acme', response_type: 'in_channel' });
    expect((await fetch(url, { method: 'POST', body })).status).toBe(200);
    expect(acme().messages('ops')).toMatchObject([{ text: 'for acme', name: 'dd0crun' }]);
    expect(sim.messages('ops')).toEqual([]);
  });

  test('faults planned in one workspace do not happen in the other', async () => {
    acme().faults.set('auth.test', { error: 'fatal_error' });
    expect(await api(sim, 'auth.test')).toMatchObject({ ok: true });
    expect(await inAcme('auth.test')).toMatchObject({ error: 'fatal_error' });
    expect(await inAcme('auth.test')).toMatchObject({ ok: true });
  });

  test('waiting in one workspace hears of changes in the other', async () => {
    const seen = sim.waitFor(() => acme().messages('platform')[0]);
    acme().act('walt').post('platform', 'hello');
    expect(await seen).toMatchObject({ text: 'hello' });
  });

  test('an uninstalled app hears nothing more, and what it left does nothing', async () => {
    const { ts } = await inAcme('chat.postMessage', { channel: OPS, text: 'x', blocks: BLOCKS });
    await acme().act('walt').click('ops', String(ts), 'go');
    const { trigger_id, response_url } = acme().deliveries().at(-1)?.payload ?? {};
    await inAcme('views.open', { trigger_id, view: VIEW });
    await sim.uninstall('acme');
    expect(acme().installation()).toBeNull();
    expect(acme().views('walt')).toEqual([]);
    const before = acme().deliveries().length;
    const walt = acme().act('walt');
    expect((await walt.click('ops', String(ts), 'go')).shown).toContain('not installed');
    expect((await walt.shortcut('ops', String(ts))).shown).toContain('not installed');
    expect((await walt.slash('ops', '/runbook help')).shown).toContain('not a valid command');
    expect(await walt.react('ops', String(ts), 'octagonal_sign')).toMatchObject({ status: 0 });
    expect(acme().deliveries()).toHaveLength(before);
    const late = await fetch(String(response_url), { method: 'POST', body: '{"text":"late"}' });
    expect(late.status).toBe(404);
    expect(await api(sim, 'auth.test')).toMatchObject({ ok: true, team_id: TEAM_ID });
  });

  test('the page is told of the second workspace only where it can be reached', async () => {
    const teams = async (query = '') => {
      const state = await (await fetch(`${sim.url}control/state${query}`)).json();
      return (state as { teams: { key: string; isInstalled: boolean }[] }).teams;
    };
    expect(await teams()).toMatchObject([{ key: 'dd0c' }, { key: 'acme', isInstalled: true }]);
    await sim.uninstall('acme');
    expect(await teams()).toMatchObject([{ key: 'dd0c' }]);
    sim.installUrl = app.installUrl;
    expect(await teams('?team=acme&as=walt')).toMatchObject([
      { key: 'dd0c', isInstalled: true },
      { key: 'acme', isInstalled: false },
    ]);
  });

  test('an act of the page is done in the workspace it names', async () => {
    const post = (body: object) =>
      fetch(`${sim.url}control/act`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ act: 'post', channel: 'ops', ...body }),
      });
    expect((await post({ team: 'acme', as: 'alice', text: 'there' })).status).toBe(200);
    expect((await post({ as: 'alice', text: 'here' })).status).toBe(200);
    expect((await post({ as: 'walt', text: 'nowhere' })).status).toBe(400);
    expect(
      acme()
        .messages('ops')
        .map((one) => one.text),
    ).toEqual(['there']);
    expect(sim.messages('ops').map((one) => one.text)).toEqual(['here']);
  });
});

test('a second simulator knows nothing of the tokens of the first', async () => {
  const [one, two] = await Promise.all([startQuiet(), startQuiet()]);
  const app = await openApp(one);
  await one.install('acme', 'wanda', app.installUrl);
  const token = one.team('acme').installation()?.token ?? '';
  expect(await api(two, 'auth.test', {}, { token })).toMatchObject({ error: 'invalid_auth' });
  await Promise.all([one.close(), two.close(), app.close()]);
});
