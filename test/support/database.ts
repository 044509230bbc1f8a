/** A database of its own for a test file: a clone of the migrated template that global-setup.mjs prepared. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** Connection strings of one test database: as its owner (a superuser), and as the role the app runs as. */
export type TestDatabase = {
  readonly ownerUrl: string;
  readonly appUrl: string;
  /** Ends every session on the database and removes it. */
  drop(): Promise<void>;
};

function fromSetup(name: 'TEST_DATABASE_URL' | 'TEST_APP_PASSWORD'): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: run this test with test/support/global-setup.mjs`);
  return value;
}

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: fromSetup('TEST_DATABASE_URL') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/**
 * Clones the template (20 to 75 ms) under a name of its own, so that test files run side by side. `empty: true` gives a
 * database without any migration. Drop it in afterAll.
 */
export async function createDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${options.empty ? 'template0' : 'tpl'}`);
  const owner = new URL(fromSetup('TEST_DATABASE_URL'));
  owner.pathname = `/${name}`;
  const app = new URL(owner);
  app.username = 'dd0c_app';
  app.password = fromSetup('TEST_APP_PASSWORD');
  return {
    ownerUrl: owner.href,
    appUrl: app.href,
    drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}
