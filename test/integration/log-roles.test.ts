import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { openLog } from '../../src/audit/log.ts';
import { inTenant, postgresStore } from '../../src/audit/store.ts';
import { runRef } from '../../src/audit/streams.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { streamId, tenantId } from '../../src/protocol/ids.ts';
import { runKind } from '../../src/run/kind.ts';
import { buildPlan, command, RUN, TENANT } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeClock, openKeys } from '../support/fakes.ts';

let database: TestDatabase;
let app: pg.Pool;
let owner: pg.Pool;
const MARKER = 'plaintext-marker-4711';

beforeAll(async () => {
  database = await createDatabase();
  app = new pg.Pool({ connectionString: database.appUrl });
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  const log = openLog({
    store: postgresStore(app),
    keys: openKeys,
    clock: fakeClock(),
    random: systemRandom,
    committed: () => undefined,
  });
  for (const tenant of [TENANT, tenantId('T2')]) {
    await log.open(tenant);
    const plan = buildPlan({ title: MARKER, steps: [{ command: `echo ${MARKER}`, title: MARKER }] });
    await log.transact(runKind, runRef(tenant, RUN), command.start({ ...plan, tenantId: tenant }));
  }
});

afterAll(async () => {
  await Promise.all([app.end(), owner.end()]);
  await database.drop();
});

const CHANGES = [
  `UPDATE event SET type = 'run.aborted'`,
  `UPDATE event SET payload = payload WHERE version = 1`,
  'DELETE FROM event',
  'TRUNCATE event',
  'TRUNCATE event CASCADE',
];

describe('the application’s role', () => {
  test.each([
    ...CHANGES,
    'DELETE FROM subject',
    'TRUNCATE subject',
    `UPDATE tenant_key SET wrapped = 'x'`,
    'DELETE FROM tenant_key',
    'ALTER TABLE event DISABLE TRIGGER ALL',
    'DROP TABLE event',
    'DROP TRIGGER event_no_change ON event',
    `SET session_replication_role = 'replica'`,
    'SET ROLE postgres',
    'CREATE TABLE aside (x int)',
  ])('may not: %s', async (sql) => {
    await expect(app.query(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^42501$|^22023$/) });
  });

  test('gives itself nothing by a grant', async () => {
    await app.query('GRANT ALL ON event TO dd0c_app');
    await expect(app.query('DELETE FROM event')).rejects.toMatchObject({ code: '42501' });
  });

  test('may not write a version of a stream a second time', async () => {
    const again = `INSERT INTO event SELECT * FROM event WHERE stream = $1 AND version = 1`;
    const twice = inTenant(app, TENANT, (tx) => tx.query(again, [`run-${RUN}`]));
    await expect(twice).rejects.toMatchObject({ code: '23505' });
  });

  test('is no superuser and passes no row-level security', async () => {
    const { rows } = await app.query(
      'SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user',
    );
    expect(rows).toEqual([
      { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false },
    ]);
  });
});

describe('the owner of the database', () => {
  test.each(CHANGES)('is stopped by a trigger: %s', async (sql) => {
    await expect(owner.query(sql)).rejects.toThrow('the event log is append-only');
  });
});

describe('what stands in the database', () => {
  test('holds no word of a runbook, a command or a title', async () => {
    const { rows } = await owner.query(
      'SELECT payload AS bytes FROM event UNION ALL SELECT snapshot FROM subject',
    );
    expect(rows.length).toBeGreaterThan(4);
    for (const { bytes } of rows) expect((bytes as Buffer).includes(MARKER)).toBe(false);
    const { rows: plain } = await owner.query(
      `SELECT event::text AS line FROM event UNION ALL SELECT subject::text FROM subject`,
    );
    for (const { line } of plain) expect(line).not.toContain(MARKER);
  });

  test('of one workspace does not open with the key of another', async () => {
    const swapped = openLog({
      store: postgresStore(app),
      keys: {
        ...openKeys,
        unwrap: async () =>
          (await owner.query(`SELECT wrapped FROM tenant_key WHERE tenant = 'T2'`)).rows[0].wrapped,
      },
      clock: fakeClock(),
      random: systemRandom,
      committed: () => undefined,
    });
    await expect(swapped.load(runKind, runRef(TENANT, RUN))).rejects.toMatchObject({ code: 'sealed' });
    expect((await swapped.load(runKind, runRef(tenantId('T2'), RUN)))?.version).toBe(2);
  });

  test('of one workspace does not open as another’s, though the bytes are copied over', async () => {
    const copy = `INSERT INTO subject SELECT 'T1', 'run-COPY', kind, status, version, snapshot FROM subject WHERE tenant = 'T2' AND stream = $1`;
    await owner.query(copy, [`run-${RUN}`]);
    const log = openLog({
      store: postgresStore(app),
      keys: openKeys,
      clock: fakeClock(),
      random: systemRandom,
      committed: () => undefined,
    });
    await expect(log.load(runKind, { tenant: TENANT, stream: streamId('run-COPY') })).rejects.toMatchObject({
      code: 'sealed',
    });
  });
});
