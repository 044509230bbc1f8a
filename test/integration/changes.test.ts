import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { type Changes, type News, openChanges } from '../../src/platform/changes.ts';
import { tenantId } from '../../src/protocol/ids.ts';
import { TENANT } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { fakeLogger } from '../support/fakes.ts';

let database: TestDatabase;
let pool: pg.Pool;
const open: Changes[] = [];

beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.appUrl, max: 5 });
  pool.on('error', () => undefined);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((changes) => changes.close()));
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** One process, and what it heard. */
function processNamed(name: string) {
  const { logger, lines } = fakeLogger();
  const changes = openChanges(database.appUrl, pool, name, logger);
  open.push(changes);
  const heard: News[] = [];
  const stop = changes.hear((news) => heard.push(news));
  return { changes, heard, stop, lines };
}

const news: News = { kind: 'paused', tenant: TENANT, panicEpoch: 3 };
const OTHER = tenantId('T-other');
const marked: News = { ...news, tenant: OTHER };

/** Tells until the others listen: a process that has just begun hears nothing of what came before. */
async function heardBy(from: Changes, others: readonly { heard: News[] }[]): Promise<void> {
  await eventually(
    () => {
      from.tell(news);
      return others.every(({ heard }) => heard.length > 0);
    },
    (all) => all,
  );
}

describe('news', () => {
  test('is heard at once by the process that tells it, and once', async () => {
    const { changes, heard } = processNamed('a');
    changes.tell(news);
    expect(heard).toEqual([news]);
    const other = processNamed('b');
    await heardBy(changes, [other]);
    expect(heard.filter(({ kind }) => kind === 'paused')).toHaveLength(heard.length);
  });

  test('reaches every other process, as a place to look', async () => {
    const [a, b, c] = [processNamed('a'), processNamed('b'), processNamed('c')];
    await heardBy(a.changes, [b, c]);
    a.changes.tell(marked);
    await eventually(
      () => [b, c].map(({ heard }) => heard.filter(({ tenant }) => tenant === OTHER)),
      (all) => all.every((heard) => heard.length === 1 && heard[0]?.kind === 'changed'),
    );
  });

  test('comes again after the connection was cut', async () => {
    const [a, b] = [processNamed('a'), processNamed('b')];
    await heardBy(a.changes, [b]);
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE 'LISTEN%'`);
    await owner.end();
    b.heard.length = 0;
    await heardBy(a.changes, [b]);
  });

  test('that nobody of ours wrote is dropped, and the next is heard', async () => {
    const [a, b] = [processNamed('a'), processNamed('b')];
    await heardBy(a.changes, [b]);
    const forgedPause = JSON.stringify({ from: 'x', kind: 'paused', tenant: TENANT, panicEpoch: 2 ** 40 });
    for (const forged of ['', 'not json', '{"tenant":"T1"}', forgedPause]) {
      await pool.query('SELECT pg_notify($1, $2)', ['dd0c_changes', forged]);
    }
    a.changes.tell(marked);
    await eventually(
      () => b.heard,
      (heard) => heard.some(({ tenant }) => tenant === OTHER),
    );
    expect(b.heard.every(({ kind }) => kind === 'changed')).toBe(true);
  });

  test('is not heard any more by who stopped listening', async () => {
    const { changes, heard, stop } = processNamed('a');
    stop();
    changes.tell(news);
    expect(heard).toEqual([]);
  });
});

test('telling while the database is away throws nothing', async () => {
  const away = new pg.Pool({ connectionString: 'postgresql://x:y@127.0.0.1:1/none' });
  const { logger, lines } = fakeLogger();
  const changes = openChanges('postgresql://x:y@127.0.0.1:1/none', away, 'a', logger);
  const heard: News[] = [];
  changes.hear((one) => heard.push(one));
  changes.tell(news);
  await eventually(
    () => lines.map(({ msg }) => String(msg)),
    (words) => words.some((word) => word.includes('other processes were not told')),
  );
  expect(heard).toEqual([news]);
  await changes.close();
  await away.end();
});
