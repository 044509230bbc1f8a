import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { MigrationError, migrate, missingMigrations } from '../../src/platform/migrate.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const folders: string[] = [];
const databases: TestDatabase[] = [];

function migrations(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'dd0c-migrations-'));
  folders.push(folder);
  for (const [name, sql] of Object.entries(files)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'migration.sql'), sql);
  }
  return folder;
}

async function emptyDatabase(): Promise<{ url: string; rows(sql: string): Promise<unknown[]> }> {
  const database = await createDatabase({ empty: true });
  databases.push(database);
  const rows = async (sql: string) => {
    const client = new Client({ connectionString: database.ownerUrl });
    await client.connect();
    try {
      return (await client.query({ text: sql, rowMode: 'array' })).rows;
    } finally {
      await client.end();
    }
  };
  return { url: database.ownerUrl, rows };
}

afterAll(async () => {
  await Promise.all(databases.map((database) => database.drop()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const first = 'CREATE TABLE a (n int); INSERT INTO a VALUES (1);';
const second = `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 2; END $$; INSERT INTO a SELECT f();`;

describe('migrations', () => {
  test('are applied once, in the order of their names, and recorded as Prisma records them', async () => {
    const { url, rows } = await emptyDatabase();
    const folder = migrations({ '20260102_second': second, '20260101_first': first });
    writeFileSync(join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n');
    mkdirSync(join(folder, '20260103_without_a_file'));
    expect(await migrate(url, folder)).toEqual({ applied: ['20260101_first', '20260102_second'] });
    expect(await migrate(url, folder)).toEqual({ applied: [] });
    expect(await rows('SELECT n FROM a ORDER BY n')).toEqual([[1], [2]]);
    const history = await rows(
      'SELECT migration_name, checksum, finished_at IS NOT NULL, rolled_back_at, applied_steps_count, length(id) FROM _prisma_migrations ORDER BY 1',
    );
    const checksum = (sql: string) => createHash('sha256').update(sql).digest('hex');
    expect(history).toEqual([
      ['20260101_first', checksum(first), true, null, 1, 36],
      ['20260102_second', checksum(second), true, null, 1, 36],
    ]);
  });

  test('a folder that is missing or empty is no fault', async () => {
    const { url } = await emptyDatabase();
    expect(await migrate(url, join(migrations({}), 'missing'))).toEqual({ applied: [] });
  });

  test('three starts at once apply each migration once', async () => {
    const { url, rows } = await emptyDatabase();
    const folder = migrations({ '1': first, '2': second });
    const results = await Promise.all([1, 2, 3].map(() => migrate(url, folder)));
    expect(results.map((result) => result.applied.length).sort()).toEqual([0, 0, 2]);
    expect(await rows('SELECT count(*)::int FROM a')).toEqual([[2]]);
  });

  test('one that fails leaves nothing behind, says why, stops those after it, and is tried again', async () => {
    const { url, rows } = await emptyDatabase();
    const broken = migrations({
      '1': first,
      '2': 'INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (1);',
      '3': 'CREATE TABLE c ()',
    });
    const failure = await migrate(url, broken).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(MigrationError);
    expect(failure).toMatchObject({
      code: 'migration.failed',
      message: 'Migration 2 failed and was rolled back: relation "nowhere" does not exist',
    });
    expect(await rows('SELECT n FROM a')).toEqual([[1]]);
    expect(await rows("SELECT to_regclass('c')")).toEqual([[null]]);
    expect(
      await rows('SELECT logs, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NOT NULL'),
    ).toEqual([['relation "nowhere" does not exist', null]]);
    const repaired = migrations({ '1': first, '2': 'INSERT INTO a VALUES (2)' });
    expect(await migrate(url, repaired)).toEqual({ applied: ['2'] });
  });

  test('one that was changed after it had been applied is refused', async () => {
    const { url } = await emptyDatabase();
    await migrate(url, migrations({ '1': first }));
    const changed = migrate(url, migrations({ '1': `${first}\n-- later`, '2': second }));
    await expect(changed).rejects.toMatchObject({ code: 'migration.changed' });
  });

  test('a database of a newer version is left alone', async () => {
    const { url, rows } = await emptyDatabase();
    await migrate(url, migrations({ '1': first, '2': second }));
    await expect(migrate(url, migrations({ '1': first }))).rejects.toMatchObject({
      code: 'migration.unknown',
    });
    expect(await rows('SELECT count(*)::int FROM a')).toEqual([[2]]);
  });

  test('one that another tool began and never finished is for a person to repair', async () => {
    const { url, rows } = await emptyDatabase();
    const folder = migrations({ '1': first });
    await migrate(url, folder);
    await rows('UPDATE _prisma_migrations SET finished_at = NULL');
    await expect(migrate(url, folder)).rejects.toMatchObject({ code: 'migration.unfinished' });
  });
});

describe('a test database', () => {
  let one: TestDatabase;
  beforeAll(async () => {
    one = await createDatabase();
    databases.push(one);
  });

  test('carries the queue’s schema and is nobody else’s', async () => {
    const other = await createDatabase();
    databases.push(other);
    expect(other.ownerUrl).not.toBe(one.ownerUrl);
    const client = new Client({ connectionString: one.ownerUrl });
    await client.connect();
    const { rows } = await client.query(
      "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'bullmq'",
    );
    await client.end();
    expect(rows[0].tables).toBeGreaterThan(0);
  });

  test('lets the app in as a role that row-level security binds', async () => {
    const client = new Client({ connectionString: one.appUrl });
    await client.connect();
    const { rows } = await client.query(
      'SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user',
    );
    const queue = await client.query("SELECT has_schema_privilege('bullmq', 'USAGE') AS usage");
    await client.end();
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false }]);
    expect(queue.rows).toEqual([{ usage: true }]);
  });
});

test('a server that is killed while it is asked is an error to wait for, and not the end of the process', async () => {
  // Lets anybody in, and goes away at the first query.
  const letIn = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(letIn);
      socket.once('data', () => socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `postgresql://app@127.0.0.1:${(server.address() as AddressInfo).port}/app`;
  await expect(missingMigrations(url, migrations({}))).rejects.toThrow('Connection terminated');
  server.close();
});
