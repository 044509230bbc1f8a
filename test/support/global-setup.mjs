/** Once a run: one embedded Postgres and a migrated template database that test files clone (test/support/database.ts). */
import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMigrations } from 'bullmq';
import pg from 'pg';
import { register } from 'tsx/esm/api';

const TEMPLATE = 'tpl';
const APP_ROLE = 'dd0c_app';
const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

async function withClient(connectionString, use) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Lets the app's role, once a migration has made it, use the queue's schema and log in with a password of this run. */
async function admitApp(client, password) {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [APP_ROLE]);
  if (rowCount === 0) return;
  await client.query(`GRANT USAGE ON SCHEMA bullmq TO ${APP_ROLE}`);
  for (const kind of ['TABLES', 'SEQUENCES', 'FUNCTIONS']) {
    await client.query(`GRANT ALL ON ALL ${kind} IN SCHEMA bullmq TO ${APP_ROLE}`);
  }
  await client.query(`ALTER ROLE ${APP_ROLE} LOGIN PASSWORD '${password}'`);
}

/** Databases and roles of the run, on a server that has just started; returns the app role's password. */
async function prepare(ownerUrl, migrate) {
  await withClient(ownerUrl, (client) => client.query(`CREATE DATABASE ${TEMPLATE}`));
  const url = new URL(ownerUrl);
  url.pathname = `/${TEMPLATE}`;
  await migrate(url.href, migrations);
  const password = randomBytes(12).toString('hex');
  await withClient(url.href, async (client) => {
    await runMigrations(client);
    await admitApp(client, password);
  });
  // A template with a session on it cannot be cloned: nobody may open one.
  await withClient(ownerUrl, (client) => client.query(`ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`));
  return password;
}

/** Stops and removes what a run that was killed left behind: its process id is in the folder's name. */
async function sweep(account, { stopPostgres, reachableFolder, runningProcess }) {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^dd0c-test-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || runningProcess(Number(pid)) !== null) continue;
    const dataDir = join(tmpdir(), name);
    if (lstatSync(dataDir).uid !== process.getuid()) continue;
    await stopPostgres(dataDir, account);
    for (const folder of [reachableFolder(dataDir, account), dataDir])
      rmSync(folder, { recursive: true, force: true });
  }
}

export default async function setup() {
  const unregister = register();
  const { startPostgres, stopPostgres } = await import('../../dev/postgres.ts');
  const { plainAccount, reachableFolder } = await import('../../dev/account.ts');
  const { runningProcess } = await import('../../dev/lock.ts');
  const { migrate } = await import('../../src/platform/migrate.ts');
  await unregister();

  const account = plainAccount();
  await sweep(account, { stopPostgres, reachableFolder, runningProcess });
  const dataDir = mkdtempSync(join(tmpdir(), `dd0c-test-${process.pid}-`));
  // The account the server runs as passes through here; everything inside is its own or ours.
  chmodSync(dataDir, 0o711);
  const server = await startPostgres({ dataDir, account, tests: true });
  const stop = async () => {
    await server.stop();
    for (const folder of [reachableFolder(dataDir, account), dataDir])
      rmSync(folder, { recursive: true, force: true });
  };
  globalThis.stopTestPostgres = stop;
  // Jest calls no teardown when it is interrupted.
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => stop().finally(() => process.exit(130)));
  try {
    process.env.TEST_APP_PASSWORD = await prepare(server.url, migrate);
  } catch (error) {
    // Jest calls no teardown after a setup that failed.
    await stop();
    throw error;
  }
  process.env.TEST_DATABASE_URL = server.url;
}
