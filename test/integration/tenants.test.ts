import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { openLog } from '../../src/audit/log.ts';
import { atOneMoment, enterTenant, inTenant, postgresStore } from '../../src/audit/store.ts';
import { runRef } from '../../src/audit/streams.ts';
import { openAgents } from '../../src/platform/agent-registry.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { connectDatabase, type Database } from '../../src/platform/database.ts';
import { openShownMessages } from '../../src/platform/shown-messages.ts';
import { openSlackRequests } from '../../src/platform/slack-requests.ts';
import { tenantId } from '../../src/protocol/ids.ts';
import { runKind } from '../../src/run/kind.ts';
import { buildPlan, command, RUN, TENANT } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeClock, fakeLogger, openKeys } from '../support/fakes.ts';

/** The tables that are read before a tenant is known, or over all of them. They hold no customer text. */
const OUTSIDE = ['agent_identity', 'due', 'slack_installation', 'tenant'];
const APART = ['enrolment', 'event', 'slack_message', 'slack_request', 'subject', 'tenant_key'];
const OTHER = tenantId('T2');

let testDatabase: TestDatabase;
let database: Database;
let owner: pg.Pool;

beforeAll(async () => {
  testDatabase = await createDatabase();
  database = connectDatabase(testDatabase.appUrl, fakeLogger().logger, 30);
  owner = new pg.Pool({ connectionString: testDatabase.ownerUrl });
  const clock = fakeClock();
  const log = openLog({
    store: postgresStore(database.pool),
    keys: openKeys,
    clock,
    random: systemRandom,
    committed: () => undefined,
  });
  const agents = openAgents({ database, log, clock, random: systemRandom });
  for (const tenant of [TENANT, OTHER]) {
    await log.open(tenant);
    const plan = { ...buildPlan({ steps: [{}] }), tenantId: tenant };
    await log.transact(runKind, runRef(tenant, RUN), command.start(plan));
    await agents.invite(tenant);
    const shown = { channel: 'C1', ts: '1.2', hash: 'h' };
    await openShownMessages(database).put(runRef(tenant, RUN), 'run', shown);
    await openSlackRequests(database, clock).seenBefore(tenant, 'v0=same');
  }
});

afterAll(async () => {
  await Promise.all([database.close(), owner.end()]);
  await testDatabase.drop();
});

const tables = async (): Promise<{ name: string; apart: boolean; forced: boolean; policies: number }[]> => {
  const { rows } = await owner.query(`
    SELECT relname AS name, relrowsecurity AS apart, relforcerowsecurity AS forced,
           (SELECT count(*)::int FROM pg_policy WHERE polrelid = pg_class.oid) AS policies
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname`);
  return rows.filter(({ name }) => name !== '_prisma_migrations');
};

describe('the tables', () => {
  test('without a policy are exactly the four that hold no customer text', async () => {
    const found = await tables();
    expect(found.filter(({ apart }) => !apart).map(({ name }) => name)).toEqual(OUTSIDE);
    expect(found.filter(({ apart }) => apart).map(({ name }) => name)).toEqual(APART);
  });

  test('with one bind their owner too', async () => {
    const held = (await tables()).filter(({ apart }) => apart);
    expect(held.every(({ forced, policies }) => forced && policies === 1)).toBe(true);
  });

  test('outside hold only names, times, keys and sealed bytes', async () => {
    const { rows } = await owner.query(
      `SELECT table_name || '.' || column_name AS column FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name = ANY($1) ORDER BY 1`,
      [OUTSIDE],
    );
    expect(rows.map(({ column }) => column)).toEqual([
      'agent_identity.agent_id',
      'agent_identity.epoch',
      'agent_identity.last_seen_at',
      'agent_identity.last_seq',
      'agent_identity.lease_epoch',
      'agent_identity.lease_until',
      'agent_identity.public_key',
      'agent_identity.seen_seq',
      'agent_identity.tenant',
      'due.due_at',
      'due.kind',
      'due.show_after',
      'due.shown_version',
      'due.status',
      'due.stream',
      'due.tenant',
      'due.version',
      'slack_installation.app_id',
      'slack_installation.bot_user_id',
      'slack_installation.installed_at',
      'slack_installation.installed_by',
      'slack_installation.removed_at',
      'slack_installation.scopes',
      'slack_installation.tenant',
      'slack_installation.token',
      'tenant.created_at',
      'tenant.id',
      'tenant.status',
    ]);
  });
});

const count = async (query: (sql: string) => Promise<pg.QueryResult>, table: string, where = 'true') =>
  (await query(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`)).rows[0].n as number;

/** Every role that is not the server's own administrator. */
const ROLES = ['dd0c_app', 'dd0c_readonly', 'dd0c_migrator'] as const;

describe.each(ROLES)('%s', (role) => {
  const as = async <T>(work: (tx: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await owner.connect();
    try {
      await client.query(`BEGIN; SET LOCAL ROLE ${role}`);
      return await work(client);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };

  test.each(APART)('sees no row of %s without a tenant, and only its own with one', async (table) => {
    await as(async (tx) => {
      const query = (sql: string) => tx.query(sql);
      expect(await count(query, table)).toBe(0);
      await enterTenant(tx, TENANT);
      expect(await count(query, table)).toBeGreaterThan(0);
      expect(await count(query, table, `tenant <> '${TENANT}'`)).toBe(0);
      await enterTenant(tx, tenantId(`${TENANT}' OR '1'='1`));
      expect(await count(query, table)).toBe(0);
      await enterTenant(tx, tenantId(''));
      expect(await count(query, table)).toBe(0);
    });
  });

  test('is no superuser and passes no policy', async () => {
    const { rows } = await owner.query(
      'SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = $1',
      [role],
    );
    expect(rows).toEqual([
      { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false },
    ]);
  });
});

describe('the application', () => {
  test('cannot write a row of another tenant', async () => {
    const copies: Record<string, string> = {
      event: `INSERT INTO event SELECT 'T2', 'run-X', version, type, at, payload, prev_hash, hash FROM event`,
      subject: `INSERT INTO subject SELECT 'T2', 'run-X', kind, status, version, snapshot FROM subject`,
      tenant_key: `INSERT INTO tenant_key VALUES ('T3', 'x')`,
      enrolment: `INSERT INTO enrolment VALUES ('h', 'T2', now(), NULL)`,
      slack_message: `INSERT INTO slack_message VALUES ('T2', 's', 'k', 'c', 't', 'h')`,
      slack_request: `INSERT INTO slack_request (tenant, signature, at) VALUES ('T2', 's', now())`,
    };
    expect(Object.keys(copies).sort()).toEqual(APART);
    for (const sql of Object.values(copies)) {
      const written = inTenant(database.pool, TENANT, (tx) => tx.query(sql));
      await expect(written).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('cannot move a row to another tenant, nor change one of another', async () => {
    const moved = inTenant(database.pool, TENANT, (tx) => tx.query(`UPDATE subject SET tenant = 'T2'`));
    await expect(moved).rejects.toMatchObject({ code: '42501' });
    const touched = await inTenant(database.pool, TENANT, (tx) =>
      tx.query(`UPDATE subject SET status = 'x' WHERE tenant = 'T2'`),
    );
    expect(touched.rowCount).toBe(0);
  });

  test('reads the same signature as new in another workspace, and finds no message of it', async () => {
    const requests = openSlackRequests(database, fakeClock());
    expect(await requests.seenBefore(tenantId('T3'), 'v0=same')).toBe(false);
    expect(await requests.seenBefore(TENANT, 'v0=same')).toBe(true);
    expect(await openShownMessages(database).find(tenantId('T3'), 'C1', '1.2')).toBeNull();
  });
});

test('a pooled connection takes nothing of one tenant to the next, whatever happened in between', async () => {
  const narrow = new pg.Pool({ connectionString: testDatabase.appUrl, max: 2 });
  try {
    const seen = (tenant = TENANT) =>
      inTenant(narrow, tenant, async (tx) => {
        const { rows } = await tx.query('SELECT DISTINCT tenant FROM event');
        return rows.map((row) => row.tenant).join();
      });
    const failed = () =>
      inTenant(narrow, OTHER, (tx) => tx.query('SELECT no_such_column FROM event')).catch(() => 'failed');
    const turns = Array.from({ length: 300 }, (_, turn) => {
      if (turn % 3 === 0) return failed();
      return turn % 3 === 1 ? seen(TENANT) : seen(OTHER);
    });
    const answers = await Promise.all(turns);
    const expected = answers.map((_, turn) => (turn % 3 === 0 ? 'failed' : turn % 3 === 1 ? TENANT : OTHER));
    expect(answers).toEqual(expected);
    expect(await count((sql) => narrow.query(sql), 'event')).toBe(0);
  } finally {
    await narrow.end();
  }
});

test('Prisma’s way in sees its tenant and no other, and nothing outside a transaction', async () => {
  const own = await database.tenant(TENANT, (prisma) => prisma.event.findMany({ select: { tenant: true } }));
  expect(new Set(own.map(({ tenant }) => tenant))).toEqual(new Set([TENANT]));
  expect(await database.prisma.event.count()).toBe(0);
  const foreign = database.tenant(TENANT, (prisma) =>
    prisma.slackRequest.create({ data: { tenant: OTHER, signature: 'x', at: new Date(0) } }),
  );
  await expect(foreign).rejects.toThrow();
});

test('a picture of one moment shows nothing until it enters a tenant', async () => {
  await atOneMoment(database.pool, async (tx) => {
    expect(await count((sql) => tx.query(sql), 'event')).toBe(0);
    await enterTenant(tx, OTHER);
    expect(await count((sql) => tx.query(sql), 'event', `tenant = 'T2'`)).toBeGreaterThan(0);
  });
});
