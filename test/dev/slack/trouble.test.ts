import { createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../dev/slack/server.ts';
import { SECRET, startQuiet } from './sample-app.ts';
import { api } from './spec.ts';

const OPS = 'C0PS000001';
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A simulator whose app answers by `listener`. */
async function withApp(
  listener: RequestListener,
  options: Partial<SimulatorOptions> = {},
): Promise<Simulator> {
  const app = createServer(listener);
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const sim = await startQuiet({
    appUrl: `http://127.0.0.1:${(app.address() as AddressInfo).port}/`,
    ...options,
  });
  cleanups.push(
    () => sim.close(),
    () => new Promise((resolve) => app.close(resolve).closeAllConnections()),
  );
  return sim;
}
const silent: RequestListener = () => undefined;
const ok: RequestListener = (_request, response) => response.end();
const answering =
  (body: object): RequestListener =>
  (_request, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));

describe('when the app fails', () => {
  test('a command without an answer in time shows operation_timeout to the person alone', async () => {
    const sim = await withApp(silent, { timing: { ackMs: 30 } });
    const answer = await sim.act('bob').slash('ops', '/runbook help');
    expect(answer).toMatchObject({ status: 0, shown: '/runbook failed with the error "operation_timeout"' });
    expect(sim.messages('ops', { as: 'bob' })).toMatchObject([
      { name: 'slackbot', visibleTo: sim.person('bob').id },
    ]);
    expect(sim.messages('ops', { as: 'alice' })).toEqual([]);
  });

  test('a command answered with 500, or by nobody, shows dispatch_failed', async () => {
    const sim = await withApp((_request, response) => response.writeHead(500).end('broken'));
    expect((await sim.act('bob').slash('ops', '/runbook')).shown).toContain('dispatch_failed');
    const alone = await startQuiet();
    cleanups.push(() => alone.close());
    expect((await alone.act('bob').slash('ops', '/runbook')).shown).toContain('dispatch_failed');
  });

  test('a failed event is sent three times more with its number and reason; a click never', async () => {
    const sim = await withApp((_request, response) => response.writeHead(503).end(), {
      timing: { eventRetryMs: [0, 1, 2] },
    });
    const ts = sim.act('bob').post('ops', 'x');
    expect((await sim.act('bob').react('ops', ts, 'eyes')).status).toBe(503);
    const all = await sim.waitFor(() => sim.deliveries().length === 4 && sim.deliveries());
    expect(all.map((one) => one.retry)).toEqual([0, 1, 2, 3]);
    expect(new Set(all.map((one) => one.payload.event_id)).size).toBe(1);
    await sim.act('bob').shortcut('ops', ts);
    expect(sim.deliveries().filter((one) => one.kind === 'interaction')).toHaveLength(1);
  });

  test('a modal stays open and says so, when the answer is late, unknown or names no input', async () => {
    for (const listener of [
      silent,
      answering({ response_action: 'dance' }),
      answering({ response_action: 'errors', errors: { nowhere: 'x' } }),
    ]) {
      const sim = await withApp(listener, { timing: { ackMs: 30 } });
      const view = await open(sim);
      const answer = await sim.act('bob').submit(view, { a: 'x' });
      expect(answer.shown).toBe('We had some trouble connecting. Try again?');
      expect(sim.views('bob')[0]?.banner).toBe(answer.shown);
    }
  });

  test('a modal is updated, pushed on or cleared as the app answers', async () => {
    const next = {
      type: 'modal',
      title: { type: 'plain_text', text: 'Next' },
      blocks: [{ type: 'divider' }],
    };
    const updating = await withApp(answering({ response_action: 'update', view: next }));
    await updating.act('bob').submit(await open(updating), { a: 'x' });
    expect(updating.views('bob').map((one) => one.title)).toEqual(['Next']);
    const pushing = await withApp(answering({ response_action: 'push', view: next }));
    await pushing.act('bob').submit(await open(pushing), { a: 'x' });
    expect(pushing.views('bob').map((one) => one.title)).toEqual(['First', 'Next']);
    const clearing = await withApp(answering({ response_action: 'clear' }));
    await clearing.act('bob').submit(await open(clearing), { a: 'x' });
    expect(clearing.views('bob')).toEqual([]);
  });
});

/** Opens a modal with one input for bob. */
async function open(sim: Simulator): Promise<string> {
  const ts = sim.act('bob').post('ops', 'x');
  await sim.act('bob').shortcut('ops', ts);
  const trigger_id = sim.deliveries().at(-1)?.payload.trigger_id;
  const label = { type: 'plain_text', text: 'A' };
  const blocks = [
    { type: 'input', block_id: 'b', label, element: { type: 'plain_text_input', action_id: 'a' } },
  ];
  const title = { type: 'plain_text', text: 'First' };
  await api(sim, 'views.open', { trigger_id, view: { type: 'modal', title, submit: label, blocks } });
  const [view] = sim.views('bob');
  if (!view) throw new Error('no modal was opened');
  return view.id;
}

describe('faults and limits of time', () => {
  test('a planned fault happens the planned number of times', async () => {
    const sim = await withApp(ok);
    const post = () => api(sim, 'chat.postMessage', { channel: OPS, text: 'x' });
    sim.faults.set('chat.postMessage', { error: 'fatal_error' }, 2);
    expect([(await post()).error, (await post()).error, (await post()).ok]).toEqual([
      'fatal_error',
      'fatal_error',
      true,
    ]);
    expect(sim.messages('ops')).toHaveLength(1);
    expect(sim.calls('chat.postMessage').map((one) => one.response.ok)).toEqual([false, false, true]);
  });

  test('429 carries Retry-After in seconds and stores nothing', async () => {
    const sim = await withApp(ok);
    sim.faults.set('chat.postMessage', { status: 429, retryAfter: 7 });
    const headers = { authorization: `Bearer ${sim.token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ channel: OPS, text: 'x' });
    const response = await fetch(`${sim.apiUrl}chat.postMessage`, { method: 'POST', headers, body });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await response.json()).toEqual({ ok: false, error: 'ratelimited' });
    expect(sim.messages('ops')).toEqual([]);
  });

  test('a reset comes after the message was stored, a hang before', async () => {
    const sim = await withApp(ok);
    sim.faults.set('chat.postMessage', { reset: true });
    await expect(api(sim, 'chat.postMessage', { channel: OPS, text: 'stored' })).rejects.toThrow();
    expect(sim.messages('ops').map((one) => one.text)).toEqual(['stored']);
    sim.faults.set('chat.postMessage', { hang: true });
    const hanging = fetch(`${sim.apiUrl}chat.postMessage`, {
      method: 'POST',
      signal: AbortSignal.timeout(50),
    });
    await expect(hanging).rejects.toThrow();
    expect(sim.messages('ops')).toHaveLength(1);
  });

  test('a trigger_id dies after three seconds and a response_url after thirty minutes or five uses', async () => {
    let now = 1_800_000_000_000;
    const sim = await withApp(ok, { now: () => now });
    await sim.act('bob').slash('ops', '/runbook help');
    const { trigger_id, response_url } = sim.deliveries().at(-1)?.payload ?? {};
    const reply = async () => {
      const response = await fetch(String(response_url), {
        method: 'POST',
        body: JSON.stringify({ text: 'hi' }),
      });
      return `${response.status} ${await response.text()}`;
    };
    now += 3_001;
    const title = { type: 'plain_text', text: 'x' };
    const view = { type: 'modal', title, blocks: [{ type: 'divider' }] };
    expect(await api(sim, 'views.open', { trigger_id, view })).toMatchObject({ error: 'expired_trigger_id' });
    const answers = [
      await reply(),
      await reply(),
      await reply(),
      await reply(),
      await reply(),
      await reply(),
    ];
    expect(answers.slice(0, 5)).toEqual(Array(5).fill('200 ok'));
    expect(answers[5]).toBe('404 {"ok":false,"error":"used_url"}');
    expect(sim.messages('ops').every((one) => one.visibleTo === sim.person('bob').id)).toBe(true);
    now += 30 * 60_000;
    expect(await reply()).toContain('expired_url');
  });

  test('an update with text alone drops the blocks and says edited; with blocks it does not', async () => {
    const sim = await withApp(ok);
    const blocks = [{ type: 'divider' }];
    const { ts } = await api(sim, 'chat.postMessage', { channel: OPS, text: 'one', blocks });
    await api(sim, 'chat.update', { channel: OPS, ts, text: 'two', blocks });
    expect(sim.messages('ops')[0]).toMatchObject({ text: 'two', edited: false });
    await api(sim, 'chat.update', { channel: OPS, ts, text: 'three' });
    expect(sim.messages('ops')[0]).toMatchObject({ text: 'three', edited: true, blocks: [] });
    expect(sim.messages('ops')[0]?.versions.map((one) => one.text)).toEqual(['one', 'two', 'three']);
  });
});

describe('who may use the simulator', () => {
  test('it does not start in production', async () => {
    const start = startSimulator({ port: 0, signingSecret: SECRET, environment: 'production' });
    await expect(start).rejects.toThrow('does not start with NODE_ENV=production');
  });

  test('it listens on 127.0.0.1 only and refuses other host names', async () => {
    const sim = await withApp(ok);
    expect(new URL(sim.url).hostname).toBe('127.0.0.1');
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' };
      request({ port: sim.port, host: '127.0.0.1', path: '/', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(400);
  });

  test('a form of another page cannot act', async () => {
    const sim = await withApp(ok);
    const body = JSON.stringify({ act: 'post', as: 'alice', channel: 'ops', text: 'x' });
    const post = (type: string) =>
      fetch(`${sim.url}control/act`, { method: 'POST', headers: { 'content-type': type }, body });
    expect((await post('text/plain')).status).toBe(400);
    expect(sim.messages('ops')).toEqual([]);
    expect((await post('application/json')).status).toBe(200);
    expect(sim.messages('ops')).toHaveLength(1);
  });

  test('waitFor gives up with a sentence', async () => {
    const sim = await withApp(ok);
    await expect(sim.waitFor(() => false, { timeoutMs: 5, what: 'the card' })).rejects.toThrow(
      'the card did not come about in 5 ms',
    );
  });
});
