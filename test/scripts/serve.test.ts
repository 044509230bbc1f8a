import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inviteSchema } from '../../agent/enrol.ts';
import { plainAccount, removeData } from '../../dev/account.ts';
import { startAgent } from '../../dev/agent-process.ts';
import { type Simulator, startSimulator, TEAM_ID } from '../../dev/slack/server.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { fakeLogger } from '../support/fakes.ts';

const COMMAND = join(import.meta.dirname, '../../bin/dd0c');
const SECRET = 'a-signing-secret-for-this-test';

let database: TestDatabase;
let simulator: Simulator;
let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  database = await createDatabase({ empty: true });
  folder = mkdtempSync(join(tmpdir(), 'dd0c-serve-'));
  chmodSync(folder, 0o711);
  simulator = await startSimulator({
    port: 0,
    signingSecret: SECRET,
    environment: 'test',
    logger: fakeLogger().logger,
    bundleAtStart: false,
    exampleText: '',
  });
});

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await simulator.close();
  await database.drop();
  removeData(folder);
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as a person starts it, with these settings and no others. */
function start(args: readonly string[], settings: Record<string, string> = {}) {
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', NO_COLOR: '1', ...settings };
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd: folder, env });
  running.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said.err += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...said })));
  /** Where it says that it answers. */
  const address = () =>
    eventually(
      () => /running on (\S+?)\. /.exec(said.err)?.[1] ?? (child.exitCode === null ? '' : said.err),
      (found) => found !== '',
      30_000,
    );
  return { child, ended, address };
}

const settings = (): Record<string, string> => ({
  DATABASE_URL: database.appUrl,
  KEYS_DIR: join(folder, 'keys'),
  PORT: '0',
  GATEWAY_PORT: '0',
  SLACK_BOT_TOKEN: simulator.token,
  SLACK_SIGNING_SECRET: SECRET,
  SLACK_API_URL: simulator.apiUrl,
});

test('a server on a database that nobody prepared says what to do, and ends', async () => {
  const { code, err } = await start(['server'], settings()).ended;
  expect(code).toBe(1);
  expect(err).toContain('dd0c db migrate');
}, 30_000);

test('a server without a database says where to get one', async () => {
  const { code, err } = await start(['worker']).ended;
  expect([code, err]).toEqual([1, expect.stringContaining('DATABASE_URL')]);
  expect(err).not.toContain('at ');
}, 30_000);

test('from an empty database to a connected agent, by the commands of the manual', async () => {
  const password = join(folder, 'password');
  writeFileSync(password, `${process.env.TEST_APP_PASSWORD}\n`, { mode: 0o600 });
  const migrate = ['db', 'migrate', '--url', database.ownerUrl, '--app-password-file', password];
  expect((await start(migrate).ended).out.split('\n').filter(Boolean)).toHaveLength(3);
  expect((await start(migrate.slice(0, 4)).ended).err).toContain('up to date');

  const early = await start(['agent', 'invite', '--address', '127.0.0.1:1'], settings()).ended;
  expect([early.code, early.err]).toEqual([1, expect.stringContaining('No workspace')]);

  const gatewayPort = String(20_000 + (process.pid % 10_000));
  const server = start(['server'], { ...settings(), GATEWAY_PORT: gatewayPort });
  const worker = start(['worker'], settings());
  const [at, health] = [await server.address(), await worker.address()];
  expect((await fetch(`http://${at}/readyz`)).status).toBe(200);
  expect((await fetch(`http://${health}/readyz`)).status).toBe(200);
  expect((await fetch(`http://${health}/slack/events`, { method: 'POST' })).status).toBe(404);

  const file = join(folder, 'invite.json');
  const inviting = ['agent', 'invite', '--address', `127.0.0.1:${gatewayPort}`, '--out', file];
  expect(await start(inviting, settings()).ended).toMatchObject({ code: 0, out: '' });
  const invite = inviteSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { address, ca_pem: caPem, ...introduction } = invite;
  expect(invite.tenant_id).toBe(TEAM_ID);
  // What an older version of the program kept there is put aside.
  const [home, data] = [join(folder, 'agent'), join(folder, 'agent', 'data')];
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'enrolment.json'), '{"agent_id":"old","trust":{}}');
  const agent = await startAgent({
    dataDir: folder,
    account: plainAccount(),
    address,
    caPem,
    invite: async () => introduction,
  });
  try {
    expect(readdirSync(home)).toContainEqual(expect.stringMatching(/^data-before-/));
    simulator.connect(`http://${at}/slack/events`);
    const said = () => JSON.stringify(simulator.messages('ops', { as: 'alice' }));
    await eventually(
      async () => {
        await simulator.act('alice').slash('ops', '/runbook status');
        return said();
      },
      (words) => words.includes('Agents: 1 of 1 connected'),
      20_000,
    );
    const agents = (...words: string[]) => start(['agent', ...words], settings()).ended;
    const [id = '', host, ...rest] = (await agents('list')).out.trim().split(/ {2,}/);
    expect([host, ...rest]).toEqual([hostname(), 'connected', 'epoch 1']);

    expect(await agents('remove', id)).toMatchObject({ code: 0, err: expect.stringContaining('is removed') });
    expect(await agents('list')).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('No agent'),
    });
  } finally {
    await agent.stop();
  }
  for (const { child } of [server, worker]) child.kill('SIGTERM');
  expect([(await server.ended).code, (await worker.ended).code]).toEqual([0, 0]);
}, 90_000);
