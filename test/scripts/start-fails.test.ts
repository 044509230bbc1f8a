import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { dd0c } from './dd0c.ts';

describe('a process that cannot start because its port is taken', () => {
  let database: TestDatabase;
  let folder: string;
  let other: Server;
  let port: string;

  beforeAll(async () => {
    database = await createDatabase();
    folder = mkdtempSync(join(tmpdir(), 'dd0c-start-'));
    other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    port = String(typeof address === 'object' && address ? address.port : 0);
  });
  afterAll(async () => {
    other.close();
    rmSync(folder, { recursive: true, force: true });
    await database.drop();
  });

  test.each([
    ['server', { PORT: '0', GATEWAY_PORT: 'taken' }],
    ['worker', { PORT: 'taken' }],
  ])('ends, with a sentence and the exit code 1: %s', async (role, ports) => {
    const given = Object.entries(ports).map(([name, value]) => [name, value === 'taken' ? port : value]);
    const env = { DATABASE_URL: database.appUrl, KEYS_DIR: folder, ...Object.fromEntries(given) };
    const { code, err } = await dd0c([role], { cwd: folder, env });
    expect(code).toBe(1);
    expect(err).toContain(port);
  });
});
