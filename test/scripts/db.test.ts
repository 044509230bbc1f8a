import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { plainAccount, removeData } from '../../dev/account.ts';
import { takeLock } from '../../dev/lock.ts';
import { findPostgres, startPostgres, stopPostgres } from '../../dev/postgres.ts';
import { dd0c, linesOf } from './dd0c.ts';

const account = plainAccount();
let dataDir = '';
const db = (what: string, ...rest: string[]) => dd0c(['db', what, '--data', dataDir, ...rest]);
const running = () => findPostgres(dataDir, account);

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

describe('the database of a data folder', () => {
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'dd0c-db-'));
    chmodSync(dataDir, 0o711);
    await (await startPostgres({ dataDir, account, tests: true })).stop();
  });
  afterAll(async () => {
    await stopPostgres(dataDir, account);
    removeData(dataDir);
  });

  test('db url starts it, prints its address alone, and it outlives the command', async () => {
    const { code, out, err } = await db('url');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(linesOf(out)).toHaveLength(1);
    expect(await ask(out.trim(), 'SELECT 41 + 1')).toBe(42);
  });

  test('db url again, even several at once after a stop, gives one and the same address', async () => {
    const first = await db('url');
    expect(await db('url')).toEqual(first);
    await db('stop');
    const [one, ...others] = await Promise.all([db('url'), db('url'), db('url')]);
    expect(one).toEqual({ code: 0, out: `${running()?.url}\n`, err: '' });
    for (const other of others) expect(other).toEqual(one);
  });

  test('db migrate brings it up to date, names what it applied, and the second time nothing', async () => {
    const url = (await db('url')).out.trim();
    const password = join(dataDir, 'app-password');
    writeFileSync(password, 'a-password\n');
    const migrate = () => dd0c(['db', 'migrate', '--url', url, '--app-password-file', password]);
    const first = await migrate();
    expect(first.code).toBe(0);
    expect(linesOf(first.out)[0]).toMatch(/^\d{14}_\w+$/);
    expect(await migrate()).toMatchObject({ code: 0, out: '' });
    const asApp = new URL(url);
    asApp.username = 'dd0c_app';
    asApp.password = 'a-password';
    expect(await ask(asApp.href, 'SELECT current_user')).toBe('dd0c_app');
  });

  test('db migrate wants a password of one line, and changes nothing without', async () => {
    const url = (await db('url')).out.trim();
    for (const [name, content, sentence] of [
      ['missing', null, 'could not be read'],
      ['empty', '\n', 'must hold one line'],
      ['two', 'a\nb\n', 'must hold one line'],
    ] as const) {
      const file = join(dataDir, `password-${name}`);
      if (content !== null) writeFileSync(file, content);
      const { code, out, err } = await dd0c(['db', 'migrate', '--url', url, '--app-password-file', file]);
      expect(err).toContain(sentence);
      expect({ code, out }).toEqual({ code: 1, out: '' });
    }
  });

  test('audit verify checks it, whether or not it runs, and leaves it as it was', async () => {
    mkdirSync(join(dataDir, 'keys'), { recursive: true });
    writeFileSync(join(dataDir, 'keys', 'master.key'), Buffer.alloc(32).toString('base64url'), {
      mode: 0o600,
    });
    const url = (await db('url')).out.trim();
    const whole = await dd0c(['audit', 'verify', '--data', dataDir]);
    expect(whole).toMatchObject({ code: 0, err: '' });
    expect(whole.out).toContain('The log holds: 0 records in 0 streams');
    expect(await dd0c(['audit', 'verify', '--data', dataDir, '--url', url])).toEqual(whole);
    expect(running()?.url).toBe(url);
    await db('stop');
    expect(await dd0c(['audit', 'verify', '--data', dataDir])).toEqual(whole);
    expect(running()).toBeNull();
  });

  test('while somebody else uses the folder, db url gives the address and db stop refuses', async () => {
    const url = (await db('url')).out;
    const lock = takeLock(dataDir, 'http://127.0.0.1:3001/');
    try {
      expect(await db('url')).toMatchObject({ code: 0, out: url });
      const { code, out, err } = await db('stop');
      expect(err).toContain(`already running on ${dataDir} as process ${process.pid}`);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(running()).not.toBeNull();
    } finally {
      lock.release();
    }
  });

  test('db stop ends it, and a second one finds nothing to do', async () => {
    await db('url');
    expect(await db('stop')).toEqual({ code: 0, out: '', err: 'The database is stopped.\n' });
    expect(running()).toBeNull();
    expect(await db('stop')).toEqual({ code: 0, out: '', err: `No database is running on ${dataDir}.\n` });
  });
});
