import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { openLog } from '../../src/audit/log.ts';
import * as store from '../../src/audit/store.ts';
import { runRef } from '../../src/audit/streams.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { connectDatabase, type Database } from '../../src/platform/database.ts';
import { alone, openShownMessages } from '../../src/platform/shown-messages.ts';
import { openSlackRequests } from '../../src/platform/slack-requests.ts';
import { runId } from '../../src/protocol/ids.ts';
import { runKind } from '../../src/run/kind.ts';
import { renderSubject } from '../../workers/render.ts';
import { command, member, TENANT } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { fakeClock, fakeDirectory, fakeLogger, fakeSlack, openKeys } from '../support/fakes.ts';

let testDatabase: TestDatabase;
let database: Database;
const clock = fakeClock();

beforeAll(async () => {
  testDatabase = await createDatabase();
  database = connectDatabase(testDatabase.appUrl, fakeLogger().logger, 60);
  await log().open(TENANT);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

const log = () =>
  openLog({
    store: store.postgresStore(database.pool),
    keys: openKeys,
    clock,
    random: systemRandom,
    committed: () => undefined,
  });

/** A worker over the real database; all of them share one Slack. */
function worker({ slack }: ReturnType<typeof fakeSlack>) {
  const { pool } = database;
  return {
    log: log(),
    slackOf: async () => slack,
    shown: openShownMessages(database),
    logger: fakeLogger().logger,
    clock,
    markShown: (ref: Parameters<typeof alone>[1], version: number) => store.markShown(pool, ref, version),
    deferShow: (ref: Parameters<typeof alone>[1], until: number) => store.deferShow(pool, ref, until),
    alone: (ref: Parameters<typeof alone>[1], work: () => Promise<void>) => alone(pool, ref, work),
    hint: () => undefined,
  };
}

const unshown = async () =>
  (await store.findDue(database.pool, clock.now(), 100))
    .filter((row) => row.unshown)
    .map(({ stream }) => stream);

describe('showing a subject', () => {
  test('by twenty workers at once posts each message once', async () => {
    const ref = runRef(TENANT, runId('RACE'));
    const slack = fakeSlack(fakeDirectory([member()]));
    await log().transact(runKind, ref, command.start());
    expect(await unshown()).toContain(ref.stream);
    await Promise.all(Array.from({ length: 20 }, () => renderSubject(worker(slack), ref)));
    expect(slack.calls.map(({ method }) => method)).toEqual(['post', 'post']);
    expect(await unshown()).not.toContain(ref.stream);
  });

  test('that Slack put off is due again when Slack said, and not before', async () => {
    const ref = runRef(TENANT, runId('LATER'));
    const slack = fakeSlack(fakeDirectory([member()]));
    slack.answers.push({ kind: 'later', waitMs: 30_000 });
    await log().transact(runKind, ref, command.start());
    await renderSubject(worker(slack), ref);
    expect(await unshown()).not.toContain(ref.stream);
    clock.advance(30_000);
    expect(await unshown()).toContain(ref.stream);
    await renderSubject(worker(slack), ref);
    expect(await unshown()).not.toContain(ref.stream);
  });

  test('remembers which message shows it', async () => {
    const shown = openShownMessages(database);
    const ref = runRef(TENANT, runId('KNOWN'));
    await shown.put(ref, 'run', { channel: 'C9', ts: '77.1', hash: 'h' });
    await shown.put(ref, 'run', { channel: 'C9', ts: '77.1', hash: 'i' });
    expect(await shown.find(TENANT, 'C9', '77.1')).toEqual(ref);
    expect(await shown.find(TENANT, 'C9', '77.2')).toBeNull();
    expect([...(await shown.of(ref))]).toEqual([['run', { channel: 'C9', ts: '77.1', hash: 'i' }]]);
  });

  test('is remembered durably, on a server that by default is not', async () => {
    const setting = "SELECT current_setting('synchronous_commit') AS value";
    expect((await database.pool.query(setting)).rows).toEqual([{ value: 'off' }]);
    const inside = await database.tenant(TENANT, (prisma) => prisma.$queryRawUnsafe(setting));
    expect(inside).toEqual([{ value: 'on' }]);
  });

  test('lets go when the work fails', async () => {
    const ref = runRef(TENANT, runId('FAILS'));
    await expect(alone(database.pool, ref, async () => Promise.reject(new Error('work')))).rejects.toThrow(
      'work',
    );
    expect(await alone(database.pool, ref, async () => undefined)).toBe(true);
  });

  test('ends the session that could not let go, so that others can show the subject', async () => {
    const pool = new pg.Pool({ connectionString: testDatabase.appUrl, max: 1, query_timeout: 100 });
    const session = new Promise<pg.PoolClient>((resolve) => pool.once('connect', resolve));
    const ref = runRef(TENANT, runId('STALLS'));
    const stall = async () => {
      (await session).query('SELECT pg_sleep(0.5)').catch(() => undefined);
    };
    await expect(alone(pool, ref, stall)).rejects.toThrow('timeout');
    expect(pool.totalCount).toBe(0);
    await eventually(
      () => alone(database.pool, ref, async () => undefined),
      (ran) => ran,
    );
    await pool.end();
  });

  test('keeps others out while it goes on, and other subjects not', async () => {
    const [ref, other] = [runRef(TENANT, runId('IN')), runRef(TENANT, runId('OUT'))];
    await alone(database.pool, ref, async () => {
      expect(await alone(database.pool, ref, async () => undefined)).toBe(false);
      expect(await alone(database.pool, other, async () => undefined)).toBe(true);
    });
  });
});

describe('what is due', () => {
  test('is found when its time has come, longest due first, and can be put off but not moved up', async () => {
    const ref = runRef(TENANT, runId('DUE'));
    const due = async () =>
      (await store.findDue(database.pool, clock.now(), 100))
        .filter((row) => row.due)
        .map(({ stream }) => stream);
    await log().transact(runKind, ref, command.start());
    expect(await due()).not.toContain(ref.stream);
    clock.advance(15 * 60_000);
    expect(await due()).toContain(ref.stream);
    await store.deferDue(database.pool, ref, clock.now() + 1_000);
    await store.deferDue(database.pool, ref, clock.now() - 1_000);
    expect(await due()).not.toContain(ref.stream);
  });
});

describe('a signature of Slack', () => {
  test('that came to fifty processes at once is new to one of them', async () => {
    const requests = openSlackRequests(database, clock);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => requests.seenBefore(TENANT, 'v0=race')),
    );
    expect(answers.filter((before) => !before)).toHaveLength(1);
  });

  test('is forgotten when it can no longer be replayed, and not before', async () => {
    const requests = openSlackRequests(database, clock);
    await requests.seenBefore(TENANT, 'v0=old');
    clock.advance(9 * 60_000);
    await requests.forget();
    expect(await requests.seenBefore(TENANT, 'v0=old')).toBe(true);
    clock.advance(2 * 60_000);
    await requests.forget();
    expect(await requests.seenBefore(TENANT, 'v0=old')).toBe(false);
  });
});
