import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { answerHealth, answerReadiness, type Health } from '../../handlers/health.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

async function ask(path: '/healthz' | '/readyz', given: Partial<Health> = {}) {
  const health: Health = { stage: 'serving', needs: {}, wants: {}, dues: {}, ...given };
  server = createServer((req, res) => {
    if (req.url === '/healthz') answerHealth(res);
    else void answerReadiness(health, res);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, body: await answer.json(), cache: answer.headers.get('cache-control') };
}

const there = async () => true;
const away = async () => {
  throw new Error('postgresql://app:secret@host/db refused');
};

describe('readiness', () => {
  test('is given while everything that is needed is there', async () => {
    expect(await ask('/readyz', { needs: { database: there }, wants: { queue: there } })).toEqual({
      status: 200,
      body: { status: 'ready', database: 'ok', queue: 'ok' },
      cache: 'no-store',
    });
  });

  test('names what a person has to see to, and is given all the same', async () => {
    const { status, body } = await ask('/readyz', { dues: { keys: () => true, certificate: () => false } });
    expect([status, body]).toEqual([200, { status: 'ready', keys: 'due', certificate: 'ok' }]);
  });

  test('is taken back while the database is away, without a word about its address', async () => {
    const { status, body } = await ask('/readyz', { needs: { database: away } });
    expect([status, body]).toEqual([503, { status: 'not ready', database: 'away' }]);
  });

  test('holds while only the queue is away: clicks and the stop sign still work', async () => {
    const { status, body } = await ask('/readyz', { needs: { database: there }, wants: { queue: away } });
    expect([status, body]).toEqual([200, { status: 'ready', database: 'ok', queue: 'away' }]);
  });

  test('is taken back from the moment the process was asked to end', async () => {
    const { status, body } = await ask('/readyz', { stage: 'ending', needs: { database: there } });
    expect([status, body]).toEqual([503, { status: 'ending', database: 'ok' }]);
  });

  test('is not given before everything is wired', async () => {
    const { status, body } = await ask('/readyz', { stage: 'starting', needs: { database: there } });
    expect([status, body]).toEqual([503, { status: 'starting', database: 'ok' }]);
  });

  test('counts a look that hangs as away', async () => {
    const hangs = () => new Promise<boolean>(() => undefined);
    const { status, body } = await ask('/readyz', { needs: { database: hangs } });
    expect([status, body]).toEqual([503, { status: 'not ready', database: 'away' }]);
  });
});

test('being alive says nothing of what is around', async () => {
  expect(await ask('/healthz')).toMatchObject({ status: 200, body: { status: 'alive' } });
});
