import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { type Change, openLog, TENANT_STREAM } from '../../src/audit/log.ts';
import { postgresStore } from '../../src/audit/store.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { connectDatabase, type Database } from '../../src/platform/database.ts';
import { BOT_SCOPES } from '../../src/platform/slack-client.ts';
import { openWorkspaces, type Workspaces } from '../../src/platform/workspaces.ts';
import { type TenantId, tenantId, userId } from '../../src/protocol/ids.ts';
import { tenantState } from '../../src/tenant/service.ts';
import { type FakeSlack, startFakeSlack } from '../handlers/slack/fake-slack.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeClock, fakeLogger, openKeys, testKey } from '../support/fakes.ts';

const WANDA = userId('UWANDA');
const TOKEN = 'xoxb-a-token-that-must-stay-secret';

let testDatabase: TestDatabase;
let database: Database;
let owner: pg.Pool;
let slack: FakeSlack;
let clock: ReturnType<typeof fakeClock>;
let committed: Change[];
let logger: ReturnType<typeof fakeLogger>;
let team: TenantId;
let teams = 0;

beforeAll(async () => {
  testDatabase = await createDatabase();
  database = connectDatabase(testDatabase.appUrl, fakeLogger().logger, 10);
  owner = new pg.Pool({ connectionString: testDatabase.ownerUrl });
});
afterAll(async () => {
  await Promise.all([database.close(), owner.end()]);
  await testDatabase.drop();
});
beforeEach(async () => {
  slack = await startFakeSlack();
  clock = fakeClock();
  committed = [];
  logger = fakeLogger();
  team = tenantId(`T${++teams}`);
  slack.answers['auth.test'] = { team_id: team, user_id: 'UBOT' };
});
afterEach(() => slack.close());

/** As another process would open it. */
function open() {
  const random = systemRandom;
  const log = openLog({
    store: postgresStore(database.pool),
    keys: openKeys,
    clock,
    random,
    committed: (change) => void committed.push(change),
  });
  const { apiUrl } = slack;
  const deps = { database, log, keys: openKeys, approveKey: testKey(2), clock, random };
  return { log, workspaces: openWorkspaces({ ...deps, logger: logger.logger, apiUrl }) };
}

const grant = (overrides: Partial<Parameters<Workspaces['put']>[0]> = {}) => ({
  tenant: team,
  appId: 'A1',
  botUserId: 'UBOT',
  token: TOKEN,
  scopes: [...BOT_SCOPES],
  installedBy: WANDA,
  ...overrides,
});

const row = async () =>
  (await owner.query('SELECT * FROM slack_installation WHERE tenant = $1', [team])).rows[0];
const types = async () =>
  (
    await owner.query('SELECT type FROM event WHERE tenant = $1 AND stream = $2 ORDER BY version', [
      team,
      TENANT_STREAM,
    ])
  ).rows.map(({ type }) => type);

describe('an installation', () => {
  test('is found as it was put, by every process', async () => {
    await open().workspaces.put(grant());
    expect(await open().workspaces.find(team)).toEqual({ ...grant(), installedAt: clock.now() });
  });

  test('opens the tenant and makes the installer its admin', async () => {
    const { log, workspaces } = open();
    await workspaces.put(grant());
    expect(await types()).toEqual(['tenant.opened', 'tenant.installed']);
    expect((await tenantState(log, team)).members).toEqual({ [WANDA]: { role: 'admin' } });
  });

  test('keeps its token sealed, for its own tenant only', async () => {
    const { workspaces } = open();
    await workspaces.put(grant());
    const { token } = await row();
    expect(Buffer.from(token).includes(TOKEN)).toBe(false);
    const other = tenantId(`${team}X`);
    await workspaces.put(grant({ tenant: other, token: 'xoxb-other' }));
    await owner.query('UPDATE slack_installation SET token = $1 WHERE tenant = $2', [token, other]);
    await expect(workspaces.find(other)).rejects.toMatchObject({ code: 'sealed' });
  });

  test('put again replaces the token and makes nobody else admin', async () => {
    const { log, workspaces } = open();
    await workspaces.put(grant());
    clock.advance(1_000);
    await workspaces.put(grant({ token: 'xoxb-newer', installedBy: userId('UWALT') }));
    expect(await workspaces.find(team)).toMatchObject({ token: 'xoxb-newer', installedAt: clock.now() });
    expect(Object.keys((await tenantState(log, team)).members ?? {})).toEqual([WANDA]);
  });

  test('of a workspace nobody knows is none', async () => {
    const { workspaces } = open();
    expect([await workspaces.find(team), await workspaces.slack(team)]).toEqual([null, null]);
    expect(await row()).toBeUndefined();
  });
});

describe('the client of a workspace', () => {
  const asks = async (workspaces: Workspaces) => {
    await (await workspaces.slack(team))?.openView('t', {});
    return slack.asked.at(-1)?.token;
  };

  test('is kept while the token is the same', async () => {
    const { workspaces } = open();
    await workspaces.put(grant());
    expect(await workspaces.slack(team)).toBe(await workspaces.slack(team));
  });

  test('uses a new token at once, also one that another process put', async () => {
    const { workspaces } = open();
    await workspaces.put(grant());
    expect(await asks(workspaces)).toBe(TOKEN);
    await open().workspaces.put(grant({ token: 'xoxb-newer' }));
    expect(await asks(workspaces)).toBe('xoxb-newer');
  });

  test('is gone at once when another process removed the workspace', async () => {
    const { workspaces } = open();
    await workspaces.put(grant());
    expect(await workspaces.slack(team)).not.toBeNull();
    await open().workspaces.remove(team);
    expect(await workspaces.slack(team)).toBeNull();
  });
});

describe('a removal', () => {
  test('wipes the token and stops everything under a new epoch', async () => {
    const { log, workspaces } = open();
    await workspaces.put(grant());
    expect(await workspaces.remove(team)).toEqual({ panicEpoch: 1 });
    expect(await row()).toMatchObject({ token: null, removed_at: new Date(clock.now()) });
    expect(await workspaces.find(team)).toBeNull();
    expect(await tenantState(log, team)).toMatchObject({ panicEpoch: 1, removed: true });
  });

  test('again, or of a workspace that nobody knows, does nothing', async () => {
    const { workspaces } = open();
    await workspaces.put(grant());
    await workspaces.remove(team);
    expect(await workspaces.remove(team)).toBeNull();
    expect((await types()).filter((type) => type === 'tenant.uninstalled')).toHaveLength(1);
    expect(await workspaces.remove(tenantId('TNOBODY'))).toBeNull();
    const { rowCount } = await owner.query("SELECT 1 FROM tenant_key WHERE tenant = 'TNOBODY'");
    expect(rowCount).toBe(0);
  });

  test('by several processes at once happens once', async () => {
    await open().workspaces.put(grant());
    const ends = await Promise.all([1, 2, 3].map(() => open().workspaces.remove(team)));
    expect(ends.filter((end) => end !== null)).toHaveLength(1);
    expect((await types()).filter((type) => type === 'tenant.uninstalled')).toHaveLength(1);
  });

  test('of an earlier installation leaves a newer one alone', async () => {
    const { log, workspaces } = open();
    await workspaces.put(grant());
    const earlier = await workspaces.find(team);
    clock.advance(1_000);
    await workspaces.put(grant({ token: 'xoxb-newer' }));
    expect(await workspaces.remove(team, earlier ?? undefined)).toBeNull();
    expect(await workspaces.find(team)).toMatchObject({ token: 'xoxb-newer' });
    expect((await tenantState(log, team)).panicEpoch).toBe(0);
  });

  test('is over once the workspace installs again', async () => {
    const { log, workspaces } = open();
    await workspaces.put(grant());
    await workspaces.remove(team);
    await workspaces.put(grant({ token: 'xoxb-newer' }));
    expect(await workspaces.find(team)).toMatchObject({ token: 'xoxb-newer' });
    expect(await tenantState(log, team)).toMatchObject({ removed: false, paused: null, panicEpoch: 1 });
  });

  test('goes on even when the token cannot be opened any more', async () => {
    const { workspaces } = open();
    await workspaces.put(grant());
    await owner.query("UPDATE slack_installation SET token = '\\x00' WHERE tenant = $1", [team]);
    expect(await workspaces.remove(team)).not.toBeNull();
    expect((await row()).token).toBeNull();
  });
});

describe('the token of our settings', () => {
  test('installs the workspace that it is of, and makes nobody admin', async () => {
    const { log, workspaces } = open();
    expect(await workspaces.adopt(TOKEN, 'A1')).toBe(team);
    expect(await workspaces.find(team)).toMatchObject({
      token: TOKEN,
      appId: 'A1',
      botUserId: 'UBOT',
      installedBy: null,
    });
    expect((await tenantState(log, team)).members).toBeUndefined();
  });

  test('writes nothing when it was there before', async () => {
    await open().workspaces.adopt(TOKEN);
    const before = await row();
    committed = [];
    clock.advance(1_000);
    await open().workspaces.adopt(TOKEN);
    expect([await row(), committed]).toEqual([before, []]);
  });

  test('connects a workspace again that was removed', async () => {
    const { log, workspaces } = open();
    await workspaces.adopt(TOKEN);
    await workspaces.remove(team);
    await open().workspaces.adopt(TOKEN);
    expect(await workspaces.find(team)).toMatchObject({ token: TOKEN });
    expect((await tenantState(log, team)).removed).toBe(false);
  });

  test.each([
    ['Slack does not take', { ok: false, error: 'invalid_auth' }, 'Slack answers “invalid_auth”'],
    ['is of a whole organisation', { is_enterprise_install: true }, 'does not support'],
    ['is of another app', { app_id: 'A2' }, 'SLACK_APP_ID says A1'],
  ])('that %s starts nothing, with a sentence', async (_, answer, words) => {
    slack.answers['auth.test'] = { team_id: team, user_id: 'UBOT', ...answer };
    await expect(open().workspaces.adopt(TOKEN, 'A1')).rejects.toThrow(words);
    expect(await row()).toBeUndefined();
  });

  test('that lacks scopes starts nothing and names them', async () => {
    slack.scopes = 'commands,chat:write';
    await expect(open().workspaces.adopt(TOKEN)).rejects.toThrow(
      'lacks the scopes users:read, reactions:read',
    );
  });
});

describe('whether Slack still takes a token', () => {
  const accepts = async () => {
    const { workspaces } = open();
    return workspaces.accepts({ ...grant(), installedAt: clock.now() });
  };

  test('it does', async () => expect(await accepts()).toBe(true));

  test.each(['invalid_auth', 'account_inactive', 'token_revoked'])('it does not: %s', async (error) => {
    slack.answers['auth.test'] = { ok: false, error };
    expect(await accepts()).toBe(false);
  });

  test.each(['internal_error', 'ratelimited'])('%s is no answer', async (error) => {
    slack.answers['auth.test'] = { ok: false, error };
    await expect(accepts()).rejects.toThrow();
  });
});

test('no token is ever logged', async () => {
  const { workspaces } = open();
  await workspaces.put(grant());
  await workspaces.remove(team);
  expect(JSON.stringify(logger.lines)).not.toContain(TOKEN);
});
