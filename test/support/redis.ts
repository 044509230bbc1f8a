/** Both homes of the queues, for suites that have to hold on either: `describe.each(BACKENDS)`. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { plainAccount, removeData } from '../../dev/account.ts';
import { type RunningRedis, startRedis } from '../../dev/redis.ts';
import type { QueueBackend } from '../../src/platform/queues.ts';
import { createDatabase } from './database.ts';
import { openProxy } from './proxy.ts';

const INSTALLED = spawnSync('redis-server', ['--version']).status === 0;

/** The kinds of backend to test. Where redis-server is missing Redis is left out, but never where DD0C_REQUIRE_ALL is set. */
export const BACKENDS: readonly QueueBackend['kind'][] =
  INSTALLED || process.env.DD0C_REQUIRE_ALL ? ['postgres', 'redis'] : ['postgres'];

/** Suites that are about Redis alone; skipped by name where there is none. */
export const describeWithRedis = BACKENDS.includes('redis') ? describe : describe.skip;

if (!BACKENDS.includes('redis'))
  describe.skip('redis-server is not installed: what is tested on both backends is tested on Postgres alone', () => {
    test('on Redis', () => undefined);
  });

/** A Redis of a test's own, empty, behind a password. End it in afterAll. */
export type TestRedis = {
  readonly url: string;
  /** Ends the server, and everything in it with it. */
  stop(): Promise<void>;
  /** Starts it again under the same URL. */
  start(): Promise<void>;
  /** Stops it for good and removes its folder. */
  end(): Promise<void>;
};

/** Starts a Redis on a data folder of its own, in some 20 ms. */
export async function startTestRedis(): Promise<TestRedis> {
  const dataDir = mkdtempSync(join(tmpdir(), 'dd0c-redis-'));
  chmodSync(dataDir, 0o711);
  const start = () => startRedis({ dataDir, account: plainAccount() });
  let server: RunningRedis = await start();
  const { url } = server;
  return {
    url,
    stop: () => server.stop(),
    async start() {
      server = await start();
      if (server.url !== url) throw new Error('The port of the test Redis was taken in the meantime.');
    },
    async end() {
      await server.stop();
      removeData(dataDir);
    },
  };
}

/** Queues of a test's own. Close them in afterAll. */
export type TestQueues = {
  readonly backend: QueueBackend;
  /** The way to them is cut, until it is mended. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Everything in them is gone, as after FLUSHALL. */
  empty(): Promise<void>;
  /** Every key and value in them, as text. */
  texts(): Promise<string[]>;
  close(): Promise<void>;
};

/** Opens queues on this kind of backend: a database or a server of their own, behind a way that can be cut. */
export const openTestQueues = (kind: QueueBackend['kind']): Promise<TestQueues> =>
  kind === 'redis' ? onRedis() : onPostgres();

async function onRedis(): Promise<TestQueues> {
  const redis = await startTestRedis();
  const { url, cut, mend } = await openProxy(redis.url);
  const asked = async <T>(ask: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis(redis.url);
    try {
      return await ask(client);
    } finally {
      client.disconnect();
    }
  };
  return {
    backend: { kind: 'redis', url },
    cut,
    mend,
    empty: async () => void (await asked((client) => client.flushall())),
    texts: () => asked(redisTexts),
    async close() {
      await cut();
      await redis.end();
    },
  };
}

/** Every key and value of a Redis, as text. */
export async function redisTexts(client: Redis): Promise<string[]> {
  const keys = await client.keys('*');
  return Promise.all(keys.map(async (key) => `${key} ${await textOf(client, key)}`));
}

async function textOf(client: Redis, key: string): Promise<string> {
  const type = await client.type(key);
  switch (type) {
    case 'string':
      return (await client.get(key)) ?? '';
    case 'hash':
      return JSON.stringify(await client.hgetall(key));
    case 'list':
      return JSON.stringify(await client.lrange(key, 0, -1));
    case 'set':
      return JSON.stringify(await client.smembers(key));
    case 'zset':
      return JSON.stringify(await client.zrange(key, '0', '-1'));
    case 'stream':
      return JSON.stringify(await client.xrange(key, '-', '+'));
    case 'none': // a lock that ended in between
      return '';
    default:
      throw new Error(`No test knows what a ${type} holds.`);
  }
}

async function queueTables(owner: Client): Promise<string[]> {
  const { rows } = await owner.query(
    "SELECT format('bullmq.%I', tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq' AND tablename !~ 'migration'",
  );
  return rows.map(({ name }) => String(name));
}

/** Takes every job out of the queues of a database: what FLUSHALL is to a Redis. */
export async function emptyTables(owner: Client): Promise<void> {
  await owner.query(`TRUNCATE ${(await queueTables(owner)).join(', ')} CASCADE`);
}

async function onPostgres(): Promise<TestQueues> {
  const database = await createDatabase();
  const { url, cut, mend } = await openProxy(database.appUrl);
  const owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  return {
    backend: { kind: 'postgres', url },
    cut,
    mend,
    empty: () => emptyTables(owner),
    async texts() {
      const rows = await Promise.all(
        (await queueTables(owner)).map((table) => owner.query(`SELECT t::text AS row FROM ${table} AS t`)),
      );
      return rows.flatMap((result) => result.rows.map(({ row }) => String(row)));
    },
    async close() {
      await cut();
      await owner.end();
      await database.drop();
    },
  };
}
