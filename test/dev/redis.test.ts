import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { plainAccount, reachablePath, removeData } from '../../dev/account.ts';
import { runningProcess } from '../../dev/lock.ts';
import { RedisError, type RunningRedis, startRedis, stopRedis } from '../../dev/redis.ts';
import { describeWithRedis } from '../support/redis.ts';

const account = plainAccount();

async function ask<T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined); // what fails is told by the question
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

describeWithRedis('a Redis of a data folder', () => {
  let dataDir = '';
  let server: RunningRedis;
  const home = () => join(reachablePath(dataDir, account), 'redis');

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'dd0c-redis-'));
    server = await startRedis({ dataDir, account });
  });

  afterAll(async () => {
    await stopRedis(dataDir, account);
    removeData(dataDir);
  });

  test('answers on the loopback address, to its password alone', async () => {
    expect(await ask(server.url, (client) => client.ping())).toBe('PONG');
    expect(await ask(server.url, (client) => client.config('GET', 'bind'))).toEqual(['bind', '127.0.0.1']);
    await expect(ask(`redis://127.0.0.1:${server.port}`, (client) => client.get('a'))).rejects.toThrow(
      /NOAUTH|closed/,
    );
  });

  test('keeps its password to its account, and never runs as root', () => {
    const { mode, uid } = statSync(join(home(), 'redis.conf'));
    expect([mode & 0o777, uid]).toEqual([0o600, account?.uid ?? process.getuid?.()]);
    for (const file of ['log', 'pid']) expect(statSync(join(home(), file)).mode & 0o077).toBe(0);
    expect(runningProcess(server.pid)?.command).not.toContain(new URL(server.url).password);
    if (process.platform === 'linux') expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
  });

  test('writes no data to disk, and throws none away when it is full', async () => {
    await ask(server.url, (client) => client.set('kept', 'in memory'));
    await server.stop();
    expect(readdirSync(home()).toSorted()).toEqual(['log', 'pid', 'redis.conf']);
    server = await startRedis({ dataDir, account });
    expect(await ask(server.url, (client) => client.get('kept'))).toBeNull();
    expect(await ask(server.url, (client) => client.config('GET', 'maxmemory-policy'))).toContain(
      'noeviction',
    );
  });

  test('that an earlier run left behind is stopped by the next start, which has the same URL', async () => {
    const first = server;
    server = await startRedis({ dataDir, account });
    expect(runningProcess(first.pid)).toBeNull();
    expect(server.url).toBe(first.url);
    expect(await ask(server.url, (client) => client.ping())).toBe('PONG');
  });

  test('takes another port when somebody else took its own', async () => {
    await server.stop();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(server.port, '127.0.0.1', resolve));
    const first = server;
    server = await startRedis({ dataDir, account });
    other.close();
    expect(server.port).not.toBe(first.port);
    expect(await ask(server.url, (client) => client.ping())).toBe('PONG');
  });

  test('is not mistaken for a process that was given its id', async () => {
    await server.stop();
    writeFileSync(join(home(), 'pid'), `${process.pid}\n`);
    expect(await stopRedis(dataDir, account)).toBe(false);
    server = await startRedis({ dataDir, account });
    expect(server.pid).not.toBe(process.pid);
  });

  test('stops when told, and again without harm', async () => {
    expect(await stopRedis(dataDir, account)).toBe(true);
    expect(runningProcess(server.pid)).toBeNull();
    await server.stop();
    expect(await stopRedis(dataDir, account)).toBe(false);
    expect(await stopRedis(join(dataDir, 'missing'), account)).toBe(false);
  });

  test('that cannot start is reported in one sentence that names the log', async () => {
    const failure = await startRedis({ dataDir, account, program: '/bin/false' }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(RedisError);
    expect(failure).toMatchObject({
      code: 'redis.start',
      message: expect.stringContaining(join(home(), 'log')),
    });
    expect(readFileSync(join(home(), 'log'), 'utf8')).toBe('');
  });
});

test('a machine without redis-server is told what that means and what to do', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'dd0c-redis-'));
  const failure = await startRedis({ dataDir, account, program: 'redis-server-that-is-not-there' }).catch(
    (error: unknown) => error,
  );
  removeData(dataDir);
  expect(failure).toMatchObject({
    code: 'redis.missing',
    message: expect.stringMatching(/not installed.*apt-get install redis-server.*REDIS_URL/s),
  });
});
