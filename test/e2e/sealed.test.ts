/** Whoever holds the disk, a dump or Redis, and not the keys, reads nothing that people wrote. */
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Client } from 'pg';
import { errorCode, plainAccount, reachablePath } from '../../dev/account.ts';
import { eventContext } from '../../src/audit/log.ts';
import { unseal } from '../../src/audit/seal.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { localKeyService } from '../../src/platform/key-service.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { streamId, tenantId } from '../../src/protocol/ids.ts';
import { dumpDatabase } from '../support/dump.ts';
import { allEvents } from '../support/log-rows.ts';
import { BACKENDS, redisTexts } from '../support/redis.ts';
import { holds, Markers } from './markers.ts';
import { plantAll } from './plant.ts';
import { asOwner, startTestInstance, type TestInstance } from './support.ts';

/** What a form or an address gives back without keeping it: gone when it was answered. */
const NOT_KEPT = [
  'refused value',
  'wrong confirmation',
  'unknown subcommand',
  'search word',
  'event that is ignored',
  'event that cannot be read',
  'forged page',
  'id of a page',
];
/** Of those, what came from a pager and not through Slack. Of an incident's id a hash is kept. */
const BY_PAGER = ['event that is ignored', 'event that cannot be read', 'forged page', 'id of a page'];

/** One thing that somebody could take away, and what is in it. */
interface Place {
  readonly name: string;
  readonly bytes: Buffer;
}

describe('what marks a place', () => {
  const markers = new Markers();
  const [short, long, repeated] = [markers.short('short'), markers.long('long'), markers.repeated('same')];

  test.each([
    ['latin1', 0],
    ['hex', 1],
    ...(['base64', 'base64url'] as const).flatMap((form) =>
      [0, 1, 2].map((before) => [form, before] as const),
    ),
  ] as const)('is found as %s behind %i bytes, whole or cut', (form, before) => {
    for (const text of [short, long, repeated, long.slice(1_000)]) {
      const written = Buffer.from(Buffer.from(`${'x'.repeat(before)}${text}.`).toString(form));
      const name =
        text === long.slice(1_000) ? 'long' : [...markers.texts].find(([, one]) => one === text)?.[0];
      expect([...markers.in(written)]).toContain(name);
    }
    expect(holds(Buffer.from(Buffer.from(`${'.'.repeat(before)}xoxb-1-a.`).toString(form)), 'xoxb-1-a')).toBe(
      true,
    );
  });

  test('is not found where it is not', () => {
    expect(markers.in(Buffer.from(new Markers().long('of another test')))).toEqual(new Set());
  });
});

describe.each(BACKENDS)('what people, pagers and commands wrote, with the queues on %s', (queues) => {
  const markers = new Markers();
  const lines: string[] = [];
  /** All that Redis was ever told, also what is gone by now. */
  const told: string[] = [];
  let instance: TestInstance;
  let redis: Redis | null = null;
  let monitor: Redis | null = null;
  let token: string;

  beforeAll(async () => {
    const logger = createLogger('trace', { write: (line) => void lines.push(line) });
    instance = await startTestInstance({ queues, logger });
    await asOwner(instance.ownerUrl, keepUncompressed);
    if (instance.redisUrl) {
      redis = new Redis(instance.redisUrl);
      monitor = await listenTo(redis, told);
    }
    await plantAll(instance, markers);
    token = instance.simulator.team('acme').installation()?.token ?? '';
  }, 180_000);

  afterAll(async () => {
    redis?.disconnect();
    monitor?.disconnect();
    await instance?.end();
  }, 60_000);

  /** Everything but the agent's own folder: that is the customer's host, where the commands run and print. */
  async function places(): Promise<Place[]> {
    const folder = reachablePath(instance.dataDir, plainAccount());
    const folders = new Set([folder, instance.dataDir, ...(redis ? [await folderOf(redis)] : [])]);
    return [
      ...[...folders].flatMap((one) => filesBelow(one, ['agent'])),
      { name: 'the dump', bytes: dumpDatabase(instance.ownerUrl) },
      { name: 'the log lines of the process', bytes: Buffer.from(lines.join('')) },
      ...(redis ? [{ name: 'Redis', bytes: Buffer.from((await redisTexts(redis)).join('\n')) }] : []),
      { name: 'what Redis was told', bytes: Buffer.from(told.join('\n')) },
    ];
  }

  test('arrived, and whoever has the keys reads all that was to be kept', async () => {
    const kept = await asOwner(instance.ownerUrl, (owner) => openLog(owner, instance.dataDir));
    const arrived = JSON.stringify([
      instance.simulator.deliveries(),
      instance.simulator.team('acme').deliveries(),
    ]);
    const missing = [...markers.texts].filter(([name, text]) =>
      NOT_KEPT.includes(name)
        ? kept.includes(text) || !(BY_PAGER.includes(name) || arrived.includes(text))
        : !kept.includes(text),
    );
    expect(missing.map(([name]) => name)).toEqual([]);
    expect(token).toMatch(/^xoxb-\w{48}$/);
  });

  test('is in no file, no dump, no key of Redis and no line of the log', async () => {
    await asOwner(instance.ownerUrl, (owner) => owner.query('CHECKPOINT'));
    const found = (await places()).flatMap(({ name, bytes }) => [
      ...[...markers.in(bytes)].map((marker) => `${marker} in ${name}`),
      ...[token, instance.simulator.token]
        .filter((word) => holds(bytes, word))
        .map(() => `a token in ${name}`),
    ]);
    expect(found).toEqual([]);
  }, 60_000);

  test('would have been found there: the same search finds every one of them in plain text', async () => {
    const words = new Map([...markers.texts, ['the token', token]]);
    await asOwner(instance.ownerUrl, (owner) => writePlainly(owner, [...words.values()]));
    await redis?.set('control', JSON.stringify([...words.values()]));
    const all = await places();
    const names = (some: readonly Place[]) =>
      new Set(
        some.flatMap(({ bytes }) => [...markers.in(bytes), ...(holds(bytes, token) ? ['the token'] : [])]),
      );
    const within = (part: RegExp) => names(all.filter(({ name }) => part.test(name)));
    const missed = (part: RegExp) => {
      const found = within(part);
      return [...words.keys()].filter((name) => !found.has(name));
    };
    expect(missed(/\/postgres\/data\/base\//)).toEqual([]);
    expect(missed(/\/postgres\/data\/pg_wal\//)).toEqual([]);
    expect(missed(/^the dump$/)).toEqual([]);
    if (redis) {
      expect(missed(/^Redis$/)).toEqual([]);
      expect(missed(/^what Redis was told$/)).toEqual([]);
    }
  }, 60_000);
});

/** Postgres compresses what is longer than some 2 KB, and a search would not see it: from here on it does not. */
async function keepUncompressed(owner: Client): Promise<void> {
  const { rows } = await owner.query(
    `SELECT format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE EXTERNAL', c.oid::regclass, a.attname) AS change
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attstorage IN ('x', 'm')
       AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'pg_toast', 'information_schema')`,
  );
  expect(rows.length).toBeGreaterThan(30);
  for (const { change } of rows) await owner.query(change);
  const { rows: settings } = await owner.query('SHOW wal_compression');
  expect(settings).toEqual([{ wal_compression: 'off' }]);
}

/** The control: each word as text and as bytes, and all of it on disk. */
async function writePlainly(owner: Client, words: readonly string[]): Promise<void> {
  await owner.query('CREATE TABLE control (words text STORAGE EXTERNAL, bytes bytea STORAGE EXTERNAL)');
  for (const word of words)
    await owner.query('INSERT INTO control VALUES ($1, $2)', [word, Buffer.from(word)]);
  await owner.query('CHECKPOINT');
}

/** Notes every command that this Redis is given, by a connection that has to be ended. */
async function listenTo(redis: Redis, told: string[]): Promise<Redis> {
  const monitor = await redis.monitor();
  monitor.on('monitor', (_time: string, args: readonly string[]) => void told.push(args.join(' ')));
  return monitor;
}

/** Where this Redis has its configuration, and would keep what it holds. */
async function folderOf(redis: Redis): Promise<string> {
  const [, folder] = (await redis.config('GET', 'dir')) as string[];
  if (!folder) throw new Error('Redis does not say where its folder is.');
  return folder;
}

/** Every file below a folder, but for the folders of these names directly in it. */
function filesBelow(folder: string, except: readonly string[] = []): Place[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !except.includes(name))
    .flatMap((entry) => placesAt(join(folder, entry.name), entry));
}

/** Postgres removes files while it works; one that is gone holds nothing. */
function placesAt(path: string, entry: Dirent): Place[] {
  try {
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() && statSync(path).size > 0 ? [{ name: path, bytes: readFileSync(path) }] : [];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Every event of every workspace, opened with the keys of the data folder. */
async function openLog(owner: Client, dataDir: string): Promise<string> {
  const service = localKeyService(join(dataDir, 'keys', 'master.key'), systemRandom);
  const { rows } = await owner.query('SELECT tenant, wrapped FROM tenant_key');
  const unwrapped = rows.map(
    async ({ tenant, wrapped }) => [tenant, await service.unwrap(tenantId(tenant), wrapped)] as const,
  );
  const keys = new Map<string, Uint8Array>(await Promise.all(unwrapped));
  const opened = (await allEvents(owner)).map(({ tenant, stream, version, type, payload }) => {
    const context = eventContext({ tenant: tenantId(tenant), stream: streamId(stream) }, version, type);
    return Buffer.from(unseal(keys.get(tenant) ?? Buffer.alloc(32), payload, context)).toString();
  });
  return opened.join('\n');
}
