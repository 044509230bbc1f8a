import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import bolt from '@slack/bolt';
import { WebSocket } from 'ws';
import { ACME_TEAM_ID, type Simulator } from '../../../dev/slack/server.ts';
import { openApp, startQuiet, wireSampleApp } from './sample-app.ts';
import { api } from './spec.ts';

const cleanups: (() => Promise<unknown> | unknown)[] = [];
let sim: Simulator;
beforeEach(() => start(3_000));
async function start(ackMs: number): Promise<void> {
  const started = await startQuiet({ timing: { ackMs, eventRetryMs: [0] } });
  cleanups.push(() => started.close());
  sim = started;
}
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Opens one socket by hand; every frame is kept, and `reply` says what to send back. */
async function socket(reply: (envelope: Record<string, unknown>) => unknown = () => null) {
  const { url } = await api(sim, 'apps.connections.open', {}, { token: sim.appToken });
  const client = new WebSocket(String(url));
  const frames: Record<string, unknown>[] = [];
  client.on('message', (data) => {
    const frame = JSON.parse(String(data));
    frames.push(frame);
    const answer = reply(frame);
    if (answer !== null) client.send(JSON.stringify(answer));
  });
  cleanups.push(() => client.terminate());
  const before = sim.sockets();
  await Promise.race([once(client, 'open'), once(client, 'error')]);
  await sim.waitFor(() => sim.sockets() > before || frames.length > 0);
  return { client, frames, url: String(url) };
}

const acking = (payload?: unknown) => (envelope: Record<string, unknown>) =>
  envelope.envelope_id === undefined
    ? null
    : { envelope_id: envelope.envelope_id, ...(payload ? { payload } : {}) };

describe('a Bolt app on Socket Mode, unchanged', () => {
  let app: bolt.App;

  beforeEach(async () => {
    const clientOptions = { slackApiUrl: sim.apiUrl, retryConfig: { retries: 0 } };
    const receiver = new bolt.SocketModeReceiver({
      appToken: sim.appToken,
      logLevel: bolt.LogLevel.ERROR,
      clientPingTimeout: 500,
      installerOptions: { clientOptions },
    });
    app = new bolt.App({ token: sim.token, receiver, logLevel: bolt.LogLevel.ERROR, clientOptions });
    wireSampleApp(app);
    await app.start();
    cleanups.push(async () => {
      await app.stop();
      await sim.waitFor(() => sim.sockets() === 0, { what: 'the end of the socket' });
    });
    await sim.waitFor(() => sim.sockets() === 1, { what: 'the socket' });
  });

  test('shortcut, click, modal, command and reaction go over the socket and are answered', async () => {
    const alice = sim.act('alice');
    const ts = alice.post('ops', 'Restart it');
    expect(await alice.shortcut('ops', ts)).toEqual({ status: 200, body: '', shown: null });
    const card = await sim.waitFor(() => sim.thread('ops', ts)[1], { what: 'the reply' });
    await alice.click('ops', card.ts, 'abort');
    const view = await sim.waitFor(() => sim.views('alice')[0], { what: 'the modal' });
    await alice.submit(view.id, { typed: 'payments' });
    expect(sim.views('alice')[0]?.errors).toEqual({ name: 'Type payments-api to confirm.' });
    await alice.submit(view.id, { typed: 'payments-api' });
    expect(sim.views('alice')).toEqual([]);
    await alice.slash('ops', '/runbook help me');
    expect(sim.messages('ops', { as: 'alice' }).at(-1)?.text).toBe('You said: help me');
    await alice.react('ops', ts, 'octagonal_sign');
    await sim.waitFor(() => sim.messages('ops').find((one) => one.text.startsWith('Paused by')));
    expect(new Set(sim.deliveries().map((one) => one.via))).toEqual(new Set(['socket']));
  });

  test('a client that is asked to comes back by another socket', async () => {
    sim.disconnectSockets();
    expect(sim.sockets()).toBe(0);
    await sim.waitFor(() => sim.sockets() === 1, { what: 'the new socket' });
    expect(await sim.act('bob').slash('ops', '/runbook again')).toMatchObject({ status: 200 });
  });
});

describe('the socket', () => {
  test('says hello, then envelopes with what the HTTP request would have held', async () => {
    const { frames } = await socket(acking());
    const ts = sim.act('bob').post('ops', 'x');
    await sim.act('bob').shortcut('ops', ts);
    await sim.act('bob').react('ops', ts, 'eyes');
    await sim.act('bob').slash('ops', '/runbook help');
    const [hello, ...envelopes] = frames;
    expect(hello).toMatchObject({
      type: 'hello',
      num_connections: 1,
      connection_info: { app_id: 'A0DD0C0001' },
    });
    expect(envelopes).toMatchObject([
      { type: 'interactive', accepts_response_payload: false, payload: { type: 'message_action' } },
      { type: 'events_api', accepts_response_payload: false, retry_attempt: 0, payload: { event: {} } },
      { type: 'slash_commands', accepts_response_payload: true, payload: { command: '/runbook' } },
    ]);
    expect(new Set(envelopes.map((one) => one.envelope_id)).size).toBe(3);
    expect(sim.deliveries().map((one) => one.payload)).toEqual(envelopes.map((one) => one.payload));
  });

  test('an acknowledgement carries an answer only where Slack takes one', async () => {
    await socket(acking({ text: 'said', response_action: 'clear' }));
    expect(await sim.act('bob').slash('ops', '/runbook help')).toMatchObject({ body: { text: 'said' } });
    expect(sim.messages('ops', { as: 'bob' })).toMatchObject([{ text: 'said' }]);
    const ts = sim.act('bob').post('ops', 'x');
    expect(await sim.act('bob').shortcut('ops', ts)).toEqual({ status: 200, body: '', shown: null });
  });

  test('no acknowledgement, another’s, or a socket that breaks is no answer, and a click is not sent again', async () => {
    const { client } = await socket((frame) => (frame.type === 'hello' ? null : { envelope_id: 'other' }));
    const ts = sim.act('bob').post('ops', 'x');
    const arrived = once(client, 'message');
    const silent = sim.act('bob').shortcut('ops', ts);
    await arrived;
    client.terminate();
    expect((await silent).shown).toContain('the app did not respond');
    expect(sim.deliveries()).toMatchObject([{ via: 'socket', status: 0, retry: 0 }]);
  });

  test('an event without an answer is sent again with its number', async () => {
    await start(50);
    const { frames } = await socket((frame) =>
      frame.retry_attempt === 1 ? { envelope_id: frame.envelope_id } : null,
    );
    const ts = sim.act('bob').post('ops', 'x');
    await sim.act('bob').react('ops', ts, 'eyes');
    await sim.waitFor(() => sim.deliveries().length === 2);
    expect(frames.slice(1)).toMatchObject([
      { retry_attempt: 0, retry_reason: '' },
      { retry_attempt: 1, retry_reason: 'http_timeout' },
    ]);
  });

  test('carries every workspace, and several sockets share the work', async () => {
    const app = await openApp(sim);
    cleanups.push(() => app.close());
    await sim.install('acme', 'wanda', app.installUrl);
    const [one, two] = [await socket(acking()), await socket(acking())];
    await sim.team('acme').act('walt').slash('ops', '/runbook help');
    await sim.act('bob').slash('ops', '/runbook help');
    expect(one.frames.slice(1)).toMatchObject([{ payload: { team_id: ACME_TEAM_ID } }]);
    expect(two.frames.slice(1)).toMatchObject([{ payload: { team_id: sim.teamId } }]);
    expect(app.requests).toEqual([]);
  });

  test('when the last one closes, deliveries go by HTTP again', async () => {
    const app = await openApp(sim);
    cleanups.push(() => app.close());
    const { client } = await socket(acking());
    await sim.act('bob').slash('ops', '/runbook help');
    expect(app.requests).toHaveLength(0);
    client.close();
    await sim.waitFor(() => sim.sockets() === 0);
    await sim.act('bob').slash('ops', '/runbook help');
    expect(app.requests).toHaveLength(1);
    expect(sim.deliveries().map((one) => one.via)).toEqual(['socket', 'http']);
  });

  test('a disconnect names its reason, and nothing more goes over that socket', async () => {
    const { client, frames } = await socket(acking());
    const goodbye = once(client, 'message');
    sim.disconnectSockets('link_disabled');
    await sim.act('bob').slash('ops', '/runbook help');
    expect(sim.deliveries()[0]?.via).toBe('http');
    await goodbye;
    expect(frames.slice(1)).toMatchObject([{ type: 'disconnect', reason: 'link_disabled' }]);
  });

  test('opens by the app token alone, each address once', async () => {
    const open = (token?: string) =>
      api(sim, 'apps.connections.open', {}, token === undefined ? {} : { token });
    expect(await open()).toEqual({ ok: false, error: 'invalid_auth' });
    expect(await open('xapp-guess')).toEqual({ ok: false, error: 'invalid_auth' });
    expect(await (await fetch(`${sim.apiUrl}apps.connections.open`, { method: 'POST' })).json()).toEqual({
      ok: false,
      error: 'not_authed',
    });
    const { url } = await socket();
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/link\/\?ticket=/);
    for (const address of [url, url.replace(/ticket=[^&]*/, 'ticket=guess')]) {
      const client = new WebSocket(address);
      const [error] = await once(client, 'error');
      expect(String(error)).toContain('404');
    }
    expect(sim.sockets()).toBe(1);
  });
});
