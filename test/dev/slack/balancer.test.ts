import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Simulator, SimulatorOptions } from '../../../dev/slack/server.ts';
import { startQuiet } from './sample-app.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server process of the app. It counts its requests, and can be ended. */
async function instance(listener: RequestListener = (_request, response) => response.end()) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(String(request.headers['content-type']));
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  cleanups.push(end);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`, seen, end };
}

async function start(urls: readonly string[], options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const sim = await startQuiet({ timing: { eventRetryMs: [] }, ...options });
  cleanups.push(() => sim.close());
  sim.connect(urls);
  return sim;
}

const reset: RequestListener = (request) => request.socket.resetAndDestroy();

describe('several servers of the app', () => {
  test('are served in turn', async () => {
    const [one, two] = [await instance(), await instance()];
    const sim = await start([one.url, two.url]);
    for (let count = 0; count < 4; count++) await sim.act('bob').slash('ops', '/runbook help');
    expect([one.seen.length, two.seen.length]).toEqual([2, 2]);
  });

  test('where one is gone the next gets every request, clicks too, and nobody notices', async () => {
    const [one, two, three] = [await instance(), await instance(), await instance()];
    const sim = await start([one.url, two.url, three.url]);
    await sim.act('bob').slash('ops', '/runbook help');
    await one.end();
    await three.end();
    for (let count = 0; count < 3; count++) {
      const answer = await sim.act('bob').slash('ops', '/runbook help');
      expect(answer).toMatchObject({ status: 200, shown: null });
    }
    expect(two.seen).toHaveLength(3);
    expect(sim.deliveries().every((one) => one.status === 200)).toBe(true);
  });

  test('a click that was perhaps handled is not sent to the next; an event is', async () => {
    const [broken, good] = [await instance(reset), await instance()];
    const sim = await start([broken.url, good.url]);
    const ts = sim.act('bob').post('ops', 'x');
    const answer = await sim.act('bob').shortcut('ops', ts);
    expect(answer).toMatchObject({
      status: 0,
      shown: 'This shortcut did not work: the app did not respond.',
    });
    expect([broken.seen.length, good.seen.length]).toEqual([1, 0]);
    sim.connect([broken.url, good.url]);
    expect((await sim.act('bob').slash('ops', '/runbook help')).shown).toContain('dispatch_failed');
    expect([broken.seen.length, good.seen.length]).toEqual([2, 0]);
    sim.connect([broken.url, good.url]);
    expect(await sim.act('bob').react('ops', ts, 'eyes')).toMatchObject({ status: 200 });
    expect([broken.seen.length, good.seen.length]).toEqual([3, 1]);
  });

  test('an answer is an answer: an error of one is not hidden by another', async () => {
    const [failing, good] = [
      await instance((_request, response) => response.writeHead(500).end()),
      await instance(),
    ];
    const sim = await start([failing.url, good.url]);
    expect((await sim.act('bob').slash('ops', '/runbook help')).status).toBe(500);
    expect(good.seen).toHaveLength(0);
  });

  test('a slow answer is waited for three seconds in all, and goes to nobody else', async () => {
    const [slow, good] = [await instance(() => undefined), await instance()];
    const sim = await start([slow.url, good.url], { timing: { ackMs: 40, eventRetryMs: [] } });
    expect((await sim.act('bob').slash('ops', '/runbook help')).shown).toContain('operation_timeout');
    const ts = sim.act('bob').post('ops', 'x');
    await sim.act('bob').react('ops', ts, 'eyes');
    expect(slow.seen.length + good.seen.length).toBe(2);
  });

  test('with nobody there the person is told, and with one again it goes on', async () => {
    const one = await instance();
    const sim = await start([one.url]);
    await one.end();
    expect((await sim.act('bob').slash('ops', '/runbook help')).shown).toContain('dispatch_failed');
    const two = await instance();
    sim.connect(two.url);
    expect(await sim.act('bob').slash('ops', '/runbook help')).toMatchObject({ status: 200 });
    sim.connect([]);
    expect((await sim.act('bob').slash('ops', '/runbook help')).shown).toContain('dispatch_failed');
    expect(() => sim.connect('nonsense')).toThrow('Invalid URL');
  });

  test('redirects of the app are not followed', async () => {
    const other = await instance();
    const moved = await instance((_request, response) =>
      response.writeHead(302, { location: other.url }).end(),
    );
    const sim = await start([moved.url]);
    expect((await sim.act('bob').slash('ops', '/runbook help')).status).toBe(302);
    expect(other.seen).toHaveLength(0);
  });
});
