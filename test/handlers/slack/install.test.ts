import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createInstaller,
  INSTALL_PATH,
  type OAuthOptions,
  REDIRECT_PATH,
} from '../../../handlers/slack/install.ts';
import { installStates, STATE_MS } from '../../../handlers/slack/install-state.ts';
import { systemRandom } from '../../../src/platform/clock.ts';
import { BOT_SCOPES } from '../../../src/platform/slack-client.ts';
import type { Workspaces } from '../../../src/platform/workspaces.ts';
import { fakeClock, fakeLogger } from '../../support/fakes.ts';
import { type FakeSlack, startFakeSlack } from './fake-slack.ts';

const CLIENT_SECRET = 'a-client-secret-for-tests';
const TOKEN = 'xoxb-fresh-token';
const GRANT = {
  app_id: 'A1',
  access_token: TOKEN,
  token_type: 'bot',
  scope: BOT_SCOPES.join(','),
  bot_user_id: 'UBOT',
  team: { id: 'T1', name: 'Ops & <Friends>' },
  enterprise: null,
  is_enterprise_install: false,
  authed_user: { id: 'UADA' },
};
const WHO = { team_id: 'T1', user_id: 'UBOT', bot_id: 'B1', is_enterprise_install: false };

type Put = Parameters<Workspaces['put']>[0];

let slack: FakeSlack;
let server: Server;
let base: string;
let clock: ReturnType<typeof fakeClock>;
let lines: Record<string, unknown>[];
let kept: Put[];
let put: Workspaces['put'];

async function start(overrides: Partial<OAuthOptions> = { apiUrl: slack.apiUrl }) {
  const logger = fakeLogger();
  lines = logger.lines;
  const installer = createInstaller(
    { workspaces: { put: (granted) => put(granted) }, clock, random: systemRandom, logger: logger.logger },
    {
      clientId: '1.2',
      clientSecret: CLIENT_SECRET,
      publicUrl: 'http://127.0.0.1',
      appId: 'A1',
      ...overrides,
    },
  );
  server = createServer((req, res) => {
    const path = (req.url ?? '').split('?')[0];
    if (path === INSTALL_PATH) return void installer.begin(req, res);
    if (path === REDIRECT_PATH) return void installer.finish(req, res);
    res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const stop = () =>
  new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

beforeEach(async () => {
  clock = fakeClock();
  kept = [];
  put = async (granted) => void kept.push(granted);
  slack = await startFakeSlack({ 'oauth.v2.access': GRANT, 'auth.test': WHO });
  await start();
});
afterEach(() => Promise.all([stop(), slack.close()]));

/** A browser opens the install page: where it is sent, and the cookie it keeps. */
async function begin() {
  const answer = await fetch(base + INSTALL_PATH, { redirect: 'manual' });
  const consent = new URL(answer.headers.get('location') ?? '');
  const line = answer.headers.get('set-cookie') ?? '';
  const cookie = line.split(';')[0] ?? '';
  return { status: answer.status, consent, line, cookie, state: consent.searchParams.get('state') ?? '' };
}

/** The browser comes back. */
async function comeBack(query: Record<string, string>, cookie = '') {
  const url = `${base}${REDIRECT_PATH}?${new URLSearchParams(query)}`;
  const answer = await fetch(url, { redirect: 'manual', headers: cookie ? { cookie } : {} });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

async function installOnce() {
  const { state, cookie } = await begin();
  return comeBack({ code: 'c', state }, cookie);
}

const asked = (method: string) => slack.asked.filter((one) => one.method === method);

describe('the beginning', () => {
  test('sends the browser to Slack, asking for the scopes of the manifest and no others', async () => {
    const { status, consent } = await begin();
    expect(status).toBe(302);
    expect(consent.origin + consent.pathname).toBe(slack.apiUrl.replace('/api/', '/oauth/v2/authorize'));
    expect(Object.fromEntries(consent.searchParams)).toMatchObject({
      client_id: '1.2',
      scope: BOT_SCOPES.join(','),
      redirect_uri: `http://127.0.0.1${REDIRECT_PATH}`,
    });
    expect(consent.searchParams.has('user_scope')).toBe(false);
  });

  test('goes to Slack itself when no other is named', async () => {
    const { origin, pathname } = new URL((await beginAt({})).location);
    expect(origin + pathname).toBe('https://slack.com/oauth/v2/authorize');
  });

  test('ties the state to this browser by a cookie that scripts and other sites do not get', async () => {
    const { line } = await begin();
    expect(line).toMatch(/^dd0c-install=[^;]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
  });

  test('over https the cookie is Secure and of this host alone', async () => {
    const { cookie } = await beginAt({ publicUrl: 'https://run.example.com/' });
    expect(cookie).toMatch(
      /^__Host-dd0c-install=[^;]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  test('takes GET only', async () => {
    for (const path of [INSTALL_PATH, REDIRECT_PATH])
      expect((await fetch(base + path, { method: 'POST' })).status).toBe(405);
    expect(slack.asked).toEqual([]);
  });

  test('makes a state of 256 random bits, never the same', async () => {
    const states = await Promise.all([begin(), begin(), begin()]);
    expect(new Set(states.map(({ state }) => state)).size).toBe(3);
    const [, nonce = ''] = states[0]?.state.split('.') ?? [];
    expect(Buffer.from(nonce, 'base64url')).toHaveLength(32);
  });

  async function beginAt(overrides: Partial<OAuthOptions>) {
    await stop();
    await start(overrides);
    const { headers } = await fetch(base + INSTALL_PATH, { redirect: 'manual' });
    return { location: headers.get('location') ?? '', cookie: headers.get('set-cookie') ?? '' };
  }
});

describe('a workspace that installs', () => {
  test('is kept with its bot, scopes and installer', async () => {
    const { status } = await installOnce();
    expect(status).toBe(200);
    expect(kept).toEqual([
      {
        tenant: 'T1',
        appId: 'A1',
        botUserId: 'UBOT',
        token: TOKEN,
        scopes: [...BOT_SCOPES],
        installedBy: 'UADA',
      },
    ]);
  });

  test('is told what to do next, by its name as text', async () => {
    const { text } = await installOnce();
    expect(text).toContain('Ops &amp; &lt;Friends&gt;');
    expect(text).toContain('/runbook help');
    expect(text).toContain('https://slack.com/app_redirect?team=T1&amp;app=A1');
    expect(text).not.toContain('<Friends>');
  });

  test('sees a page that is not kept, not framed, runs nothing and says nothing to others', async () => {
    const { headers } = await installOnce();
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('set-cookie')).toMatch(/^dd0c-install=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax$/);
  });

  test('is checked with the new token itself', async () => {
    await installOnce();
    expect(asked('auth.test').every(({ token }) => token === TOKEN)).toBe(true);
    expect(asked('oauth.v2.access')[0]?.fields).toMatchObject({
      code: 'c',
      redirect_uri: `http://127.0.0.1${REDIRECT_PATH}`,
    });
  });

  test('twice is kept twice: the newer token counts', async () => {
    await installOnce();
    expect((await installOnce()).status).toBe(200);
    expect(kept).toHaveLength(2);
  });

  test('leaves no secret in a page or in the log', async () => {
    const page = await installOnce();
    slack.answers['oauth.v2.access'] = { ok: false, error: 'bad_client_secret' };
    const failed = await installOnce();
    const written = JSON.stringify([page.text, [...page.headers], failed.text, lines]);
    for (const secret of [TOKEN, CLIENT_SECRET]) expect(written).not.toContain(secret);
  });
});

describe('nothing is kept, and the page says why, when', () => {
  const refused = async (words: string, status: number, page = installOnce()) => {
    const { status: got, text } = await page;
    expect(text).toContain(words);
    expect([got, kept]).toEqual([status, []]);
  };
  const granted = (overrides: object) => {
    slack.answers['oauth.v2.access'] = { ...GRANT, ...overrides };
  };

  test('the person cancels', () =>
    refused('You cancelled', 200, comeBack({ error: 'access_denied', state: 'x' })));

  test('the browser has no cookie', async () => {
    const { state } = await begin();
    await refused('not the browser that began', 400, comeBack({ code: 'c', state }));
    expect(slack.asked).toEqual([]);
  });

  test('the cookie is of another installation', async () => {
    const [one, other] = [await begin(), await begin()];
    await refused('not the browser', 400, comeBack({ code: 'c', state: one.state }, other.cookie));
    expect(slack.asked).toEqual([]);
  });

  test.each([
    ['has no state', { code: 'c' }],
    ['has no code', { state: 'x' }],
    ['has nothing', {}],
    ['is an error of Slack’s', { error: 'invalid_scope' }],
  ])('the answer %s', async (_, query) => {
    await refused('not the browser', 400, comeBack(query as Record<string, string>, (await begin()).cookie));
  });

  test('the state was made by somebody else, in cookie and address alike', async () => {
    const forged = installStates('another-secret', clock, systemRandom).make();
    await refused('not the browser', 400, comeBack({ code: 'c', state: forged }, `dd0c-install=${forged}`));
    expect(slack.asked).toEqual([]);
  });

  test('the state was lengthened to live on', async () => {
    const { state } = await begin();
    const longer = state.replace(/^\d+/, (end) => String(Number(end) + 1));
    await refused('not the browser', 400, comeBack({ code: 'c', state: longer }, `dd0c-install=${longer}`));
  });

  test('it took longer than ten minutes', async () => {
    const { state, cookie } = await begin();
    clock.advance(STATE_MS + 1);
    await refused('within ten minutes', 400, comeBack({ code: 'c', state }, cookie));
    expect(slack.asked).toEqual([]);
  });

  test.each(['invalid_code', 'code_already_used', 'code_expired'])(
    'Slack’s code is spent: %s',
    async (error) => {
      slack.answers['oauth.v2.access'] = { ok: false, error };
      await refused('used before', 400);
    },
  );

  test.each(['bad_client_secret', 'bad_redirect_uri'])('this server is set up wrongly: %s', async (error) => {
    slack.answers['oauth.v2.access'] = { ok: false, error };
    await refused('SLACK_CLIENT_SECRET', 502);
  });

  test.each([
    [
      'a whole organisation',
      { is_enterprise_install: true, team: null, enterprise: { id: 'E1' } },
      'organisation',
    ],
    ['another app', { app_id: 'A2' }, 'Another app'],
    ['no workspace', { team: null }, 'No workspace'],
    ['no bot', { access_token: undefined }, 'No workspace'],
    ['a token that will expire', { refresh_token: 'xoxe-1', expires_in: 43200 }, 'Token rotation'],
    ['too few scopes', { scope: 'commands,chat:write,users:read' }, 'Permissions are missing'],
    ['nothing at all', { scope: '' }, 'Permissions are missing'],
  ])('Slack grants %s', async (_, overrides, words) => {
    granted(overrides);
    await refused(words, 403);
  });

  test.each([
    ['another workspace', { team_id: 'T2' }],
    ['another bot', { user_id: 'UOTHER' }],
  ])('the token is of %s than Slack said', async (_, overrides) => {
    slack.answers['auth.test'] = { ...WHO, ...overrides };
    await refused('of another workspace', 403);
  });

  test('the token is of a whole organisation after all', async () => {
    slack.answers['auth.test'] = { ...WHO, is_enterprise_install: true };
    await refused('organisation', 403);
  });

  test('Slack does not answer', async () => {
    const { state, cookie } = await begin();
    await slack.close();
    await refused('could not be reached', 502, comeBack({ code: 'c', state }, cookie));
    slack = await startFakeSlack();
  });

  test('the database is away: try again, with a reference that the log has', async () => {
    put = () => Promise.reject(new Error('connection refused'));
    const { status, text } = await installOnce();
    expect([status, text.includes('Try again in a minute'), text.includes('connection refused')]).toEqual([
      503,
      true,
      false,
    ]);
    const [, reference] = /reference: (\w+)/.exec(text) ?? [];
    expect(lines.some((line) => line.reference === reference)).toBe(true);
  });
});

test('what an address brings along is shown nowhere', async () => {
  const evil = '<script>alert(1)</script>';
  for (const query of [{ error: evil }, { code: evil, state: evil }]) {
    const { text } = await comeBack(query, `dd0c-install=${encodeURIComponent(evil)}`);
    expect(text).not.toContain('alert(1)');
  }
});
