import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { plainAccount, reachableFolder } from '../../dev/account.ts';
import { runningProcess } from '../../dev/lock.ts';
import { hasCluster, PostgresError, readyPostgres, startPostgres, stopPostgres } from '../../dev/postgres.ts';

const account = plainAccount();

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows?.[0]?.[0];
  } finally {
    await client.end();
  }
}

describe('the embedded Postgres', () => {
  const made: string[] = [];
  const doing: string[] = [];
  let dataDir = '';
  let said: string[] = [];
  let server: Awaited<ReturnType<typeof startPostgres>>;

  function newFolder(mode: number): string {
    const folder = mkdtempSync(join(tmpdir(), 'dd0c-pg-'));
    chmodSync(folder, mode);
    made.push(folder);
    return folder;
  }

  const start = (folder: string) =>
    startPostgres({ dataDir: folder, account, tests: true, onProgress: (line) => doing.push(line) });

  beforeAll(async () => {
    dataDir = newFolder(0o711);
    const half = join(reachableFolder(dataDir, account), 'postgres/data.new');
    mkdirSync(half, { recursive: true });
    writeFileSync(join(half, 'PG_VERSION'), '18\n');
    server = await start(dataDir);
    said = doing.splice(0);
  });

  afterAll(async () => {
    for (const folder of made) {
      await stopPostgres(folder, account);
      for (const each of [reachableFolder(folder, account), folder])
        rmSync(each, { recursive: true, force: true });
    }
  });

  test('says what takes time, and takes connections as soon as it has started', async () => {
    // As root in a project that its account cannot reach, copying the binaries comes first.
    expect(said.slice(-2)).toEqual(['creating the database', 'starting the database']);
    expect(await ask(server.url, 'SELECT 41 + 1')).toBe(42);
  });

  test('is independent of the locales of the host, and counts time in UTC', async () => {
    const locale = await ask(
      server.url,
      "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'postgres'",
    );
    expect(locale).toBe('bC.UTF-8');
    expect(await ask(server.url, 'SHOW timezone')).toMatch(/^(UTC|GMT)$/);
  });

  test('can make the extensions that come with Postgres', async () => {
    await ask(server.url, 'CREATE EXTENSION IF NOT EXISTS pgcrypto');
    expect(await ask(server.url, "SELECT encode(digest('a', 'sha256'), 'hex')")).toMatch(/^ca978112/);
  });

  test('listens on the loopback address alone and refuses a wrong password', async () => {
    expect(await ask(server.url, 'SHOW listen_addresses')).toBe('127.0.0.1');
    expect(await ask(server.url, 'SHOW unix_socket_directories')).toBe('');
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  });

  test('keeps its password and its words to their owner, and never runs as root', () => {
    const home = join(reachableFolder(dataDir, account), 'postgres');
    for (const file of ['password', 'log']) expect(statSync(join(home, file)).mode & 0o077).toBe(0);
    expect(statSync(join(home, 'data')).uid).toBe(account?.uid ?? process.getuid?.());
    if (process.platform === 'linux') expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
  });

  test('a second start on the same folder stops the server left behind and finds its data again', async () => {
    await ask(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    const first = server;
    doing.length = 0;
    server = await start(dataDir);
    expect(doing).toEqual(['stopping the database that an earlier run left behind', 'starting the database']);
    expect(runningProcess(first.pid)).toBeNull();
    expect(await ask(server.url, 'SELECT n FROM kept')).toBe(7);
  });

  test('a server that was killed leaves a stale pid file, and the next start recovers', async () => {
    await ask(server.url, 'CREATE TABLE committed AS SELECT 8 AS n');
    // Without it, the half second that this server may lose could be the one above.
    await ask(server.url, 'CHECKPOINT');
    process.kill(server.pid, 'SIGKILL');
    server = await start(dataDir);
    expect(await ask(server.url, 'SELECT n FROM committed')).toBe(8);
  });

  test('is found by others once it takes connections, and not when it does not run', async () => {
    expect(hasCluster(dataDir, account)).toBe(true);
    expect(await readyPostgres(dataDir, account)).toMatchObject({ url: server.url, pid: server.pid });
    const empty = newFolder(0o711);
    expect(hasCluster(empty, account)).toBe(false);
    expect(await readyPostgres(empty, account)).toBeNull();
    expect(readdirSync(empty)).toEqual([]);
  });

  test('a pid file that names some other living process stops neither that process nor the start', async () => {
    await server.stop();
    const pidFile = join(reachableFolder(dataDir, account), 'postgres/data/postmaster.pid');
    writeFileSync(pidFile, `${process.pid}\n${dataDir}\n1\n1\n\n127.0.0.1\n1 1\nready\n`);
    expect(await stopPostgres(dataDir, account)).toBe(false);
    server = await start(dataDir);
    expect(server.pid).not.toBe(process.pid);
    expect(await ask(server.url, 'SELECT 1')).toBe(1);
  });

  test('stopping ends the server, and stopping again is harmless', async () => {
    await server.stop();
    expect(runningProcess(server.pid)).toBeNull();
    await server.stop();
    expect(await stopPostgres(dataDir, account)).toBe(false);
    expect(await stopPostgres(join(dataDir, 'missing'), account)).toBe(false);
    server = await start(dataDir);
    expect(await stopPostgres(dataDir, account)).toBe(true);
    expect(runningProcess(server.pid)).toBeNull();
    server = await start(dataDir);
  });

  test('an initdb that was killed leaves nothing that the next start would take for a cluster', () => {
    const home = join(reachableFolder(dataDir, account), 'postgres');
    expect(readdirSync(home)).toEqual(expect.arrayContaining(['data', 'log', 'password']));
    expect(readdirSync(home)).not.toContain('data.new');
  });

  test('a cluster that cannot start is reported in one sentence that names the log', async () => {
    const folder = newFolder(0o711);
    const home = join(reachableFolder(folder, account), 'postgres');
    mkdirSync(join(home, 'data'), { recursive: true });
    const failure = await start(folder).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(PostgresError);
    expect(failure).toMatchObject({
      code: 'postgres.start',
      message: expect.stringContaining(join(home, 'log')),
    });
  });

  // A plain user's server runs as that user, whose folders it reaches.
  const asRoot = account === null ? () => undefined : test;
  asRoot(
    'as root, a folder its account cannot reach is replaced by one that it can, always the same',
    async () => {
      const folder = newFolder(0o700);
      const place = reachableFolder(folder, account);
      expect(place).toMatch(/^\/var\/tmp\/dd0c-/);
      const hidden = await start(folder);
      expect(await ask(hidden.url, 'SELECT 1')).toBe(1);
      expect(readFileSync(join(place, 'postgres/password'), 'utf8')).toBe(new URL(hidden.url).password);
      expect(await stopPostgres(folder, account)).toBe(true);
    },
  );
});
