/** Once a run: one embedded Postgres and a migrated template database that test files clone (test/support/database.ts). */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { register } from 'tsx/esm/api';

const TEMPLATE = 'tpl';
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

/** Databases and roles of the run, on a server that has just started; returns the app role's password. */
async function prepare(ownerUrl, prepareDatabase) {
  await withClient(ownerUrl, (client) => client.query(`CREATE DATABASE ${TEMPLATE}`));
  const url = new URL(ownerUrl);
  url.pathname = `/${TEMPLATE}`;
  const password = randomBytes(12).toString('hex');
  await prepareDatabase(url.href, migrations, password);
  // A template with a session on it cannot be cloned: nobody may open one.
  await withClient(ownerUrl, (client) => client.query(`ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`));
  return password;
}

/** Stops every server that lives in a run's folder, its own and those of tests that were cut short, and removes it all. */
async function clear(run, account, { stopPostgres, stopRedis, reachablePath }) {
  const temporary = join(run, 'tmp');
  const inside = existsSync(temporary) ? readdirSync(temporary).map((name) => join(temporary, name)) : [];
  for (const folder of [...inside.filter((path) => lstatSync(path).isDirectory()), run]) {
    await stopPostgres(folder, account);
    await stopRedis(folder, account);
    const elsewhere = reachablePath(folder, account);
    if (elsewhere !== folder) rmSync(elsewhere, { recursive: true, force: true });
  }
  rmSync(run, { recursive: true, force: true });
}

/** Folders of runs that were killed: the run's process id is in the name. */
function abandonedRuns(runningProcess) {
  return readdirSync(tmpdir())
    .filter((name) => {
      const pid = /^dd0c-test-(\d+)-/.exec(name)?.[1];
      return pid !== undefined && runningProcess(Number(pid)) === null;
    })
    .map((name) => join(tmpdir(), name))
    .filter((path) => lstatSync(path).uid === process.getuid());
}

/** A folder that the server's account can pass through; what tests put into the temporary folder goes into it too. */
function newRun() {
  const run = mkdtempSync(join(tmpdir(), `dd0c-test-${process.pid}-`));
  chmodSync(run, 0o711);
  const temporary = join(run, 'tmp');
  mkdirSync(temporary);
  chmodSync(temporary, 0o1777);
  process.env.TMPDIR = temporary;
  return run;
}

export default async function setup() {
  const unregister = register();
  const { startPostgres, stopPostgres } = await import('../../dev/postgres.ts');
  const { stopRedis } = await import('../../dev/redis.ts');
  const { plainAccount, reachablePath } = await import('../../dev/account.ts');
  const { runningProcess } = await import('../../dev/lock.ts');
  const { prepareDatabase } = await import('../../src/platform/database.ts');
  await unregister();

  const account = plainAccount();
  const tools = { stopPostgres, stopRedis, reachablePath };
  for (const run of abandonedRuns(runningProcess)) await clear(run, account, tools);
  const run = newRun();
  const stop = () => clear(run, account, tools);
  globalThis.stopTestPostgres = stop;
  // Jest calls no teardown when it is interrupted, nor after a setup that failed.
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => stop().finally(() => process.exit(130)));
  try {
    const server = await startPostgres({ dataDir: run, account, tests: true });
    process.env.TEST_APP_PASSWORD = await prepare(server.url, prepareDatabase);
    process.env.TEST_DATABASE_URL = server.url;
  } catch (error) {
    await stop();
    throw error;
  }
}
