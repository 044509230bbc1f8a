import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import oauth from '@slack/oauth';
import { ownManifest } from '../../../dev/slack/manifest.ts';
import {
  ACME_TEAM_ID,
  BOT_TOKEN,
  type Simulator,
  type SimulatorOptions,
  TEAM_ID,
} from '../../../dev/slack/server.ts';
import { openApp, postForm, startQuiet } from './sample-app.ts';
import { api } from './spec.ts';

const LIFECYCLE = ['reaction_added', 'tokens_revoked', 'app_uninstalled'];
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function start(options: Partial<SimulatorOptions> = {}, ask: Record<string, string> = {}) {
  const sim = await startQuiet({ manifest: { ...ownManifest(), events: LIFECYCLE }, ...options });
  const app = await openApp(sim, ask);
  cleanups.push(
    () => sim.close(),
    () => app.close(),
  );
  return { sim, app };
}

/** A server of the test's own. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Opens the consent page by hand: its status, its text, and the id its answer must carry. */
async function consent(sim: Simulator, query: Record<string, string>) {
  const response = await fetch(`${sim.authorizeUrl}?${new URLSearchParams(query)}`, { redirect: 'manual' });
  const text = await response.text();
  return { status: response.status, text, ask: /name="ask" value="(\w+)"/.exec(text)?.[1] ?? '' };
}

/** Answers the consent page by hand. */
async function answer(sim: Simulator, fields: Record<string, string>) {
  const body = new URLSearchParams(fields);
  const response = await fetch(sim.authorizeUrl, { method: 'POST', body, redirect: 'manual' });
  return { status: response.status, location: response.headers.get('location') };
}

const auth = async (sim: Simulator, token: string) =>
  (await api(sim, 'auth.test', {}, { token })).error ?? 'ok';

describe('installing', () => {
  test('gives a token of the workspace that was chosen, and the state comes back untouched', async () => {
    const { sim, app } = await start();
    const page = await sim.install('acme', 'walt', app.installUrl);
    expect(page).toMatchObject({ status: 200, text: 'installed' });
    expect(app.callbacks[0]?.get('state')).toBe(app.state);
    expect(app.answers[0]).toEqual({
      ok: true,
      app_id: 'A0DD0C0001',
      authed_user: { id: 'U0WALT0001' },
      scope: 'commands,chat:write,users:read,reactions:read',
      token_type: 'bot',
      access_token: expect.stringMatching(/^xoxb-[0-9a-f]{48}$/),
      bot_user_id: 'U0ACMEB0T1',
      team: { id: ACME_TEAM_ID, name: 'Acme' },
      enterprise: null,
      is_enterprise_install: false,
    });
    const token = String(app.answers[0]?.access_token);
    expect(await api(sim, 'auth.test', {}, { token })).toMatchObject({ ok: true, team_id: ACME_TEAM_ID });
    expect(sim.team('acme').installation()).toMatchObject({ token, installedBy: 'U0WALT0001' });
    expect(sim.installation()).toMatchObject({ token: BOT_TOKEN });
  });

  test('gives only the scopes that were asked for', async () => {
    const { sim, app } = await start({}, { scope: 'commands' });
    await sim.install('acme', 'wanda', app.installUrl);
    const token = sim.team('acme').installation()?.token ?? '';
    expect(await api(sim, 'users.list', {}, { token })).toMatchObject({
      error: 'missing_scope',
      needed: 'users:read',
      provided: 'commands',
    });
  });

  test('Cancel sends the browser back with access_denied and the state, and installs nothing', async () => {
    const { sim, app } = await start();
    const page = await sim.install('acme', 'wanda', app.installUrl, { decision: 'deny' });
    expect(page).toMatchObject({ status: 403, text: 'not installed' });
    expect(Object.fromEntries(app.callbacks[0] ?? [])).toEqual({ error: 'access_denied', state: app.state });
    expect(sim.team('acme').installation()).toBeNull();
  });

  test('every installation gives a fresh token', async () => {
    const { sim, app } = await start();
    await sim.install('acme', 'wanda', app.installUrl);
    await sim.install('acme', 'wanda', app.installUrl);
    const [one, two] = app.answers.map((given) => String(given.access_token));
    expect(one).not.toBe(two);
    expect(sim.team('acme').installation()?.token).toBe(two);
    expect([await auth(sim, String(one)), await auth(sim, String(two))]).toEqual(['ok', 'ok']);
  });

  test('the first workspace can be uninstalled and installed again like any other', async () => {
    const { sim, app } = await start();
    await sim.uninstall('dd0c');
    expect(await auth(sim, sim.token)).toBe('account_inactive');
    await sim.install('dd0c', 'alice', app.installUrl);
    expect(app.answers[0]).toMatchObject({ ok: true, team: { id: TEAM_ID } });
    expect(await auth(sim, sim.token)).toBe('account_inactive');
  });

  test('a page that is not the app’s way to Slack is where the visit ends', async () => {
    const { sim } = await start();
    const url = await serve((_request, response) => response.writeHead(503).end('not now'));
    expect(await sim.install('acme', 'wanda', url)).toMatchObject({ status: 503, text: 'not now' });
    const round = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    await expect(sim.install('acme', 'wanda', round)).rejects.toThrow('redirects without end');
  });

  test('works with @slack/oauth as it is: its page with the button, its state cookie, its store', async () => {
    const { sim } = await start();
    const stored: oauth.Installation[] = [];
    const installationStore = {
      storeInstallation: async (installation: oauth.Installation) => {
        stored.push(installation);
      },
      fetchInstallation: async () => {
        throw new Error('not asked for');
      },
    };
    const provider = new oauth.InstallProvider({
      clientId: sim.clientId,
      clientSecret: sim.clientSecret,
      stateSecret: 'test',
      authorizationUrl: sim.authorizeUrl,
      clientOptions: { slackApiUrl: sim.apiUrl },
      installationStore: installationStore as oauth.InstallationStore,
    });
    const origin = await serve(async (request, response) => {
      const options = { scopes: ['commands', 'chat:write'], redirectUri: `${origin}/callback` };
      if (request.url === '/install') await provider.handleInstallPath(request, response, {}, options);
      else await provider.handleCallback(request, response, {}, options);
    });
    const page = await sim.install('acme', 'wanda', `${origin}/install`);
    expect(page.status).toBe(200);
    expect(stored).toMatchObject([
      {
        team: { id: ACME_TEAM_ID, name: 'Acme' },
        appId: 'A0DD0C0001',
        bot: { scopes: ['commands', 'chat:write'], id: 'B0ACME0001', userId: 'U0ACMEB0T1' },
        user: { id: 'U0WANDA001' },
      },
    ]);
  });

  test('a SameSite=Strict cookie does not come back from the consent page, and no cookie goes to another path', async () => {
    const { sim } = await start();
    const cookies: (string | undefined)[] = [];
    const origin = await serve((request, response) => {
      if (request.url !== '/install') {
        cookies.push(request.headers.cookie);
        response.end('back');
        return;
      }
      const redirect_uri = `${origin}/callback`;
      const query = new URLSearchParams({ client_id: sim.clientId, scope: 'commands', redirect_uri });
      const set = [
        'strict=1; Path=/; SameSite=Strict',
        'lax=1; Path=/',
        'elsewhere=1; Path=/other',
        'gone=1; Path=/; Max-Age=0',
      ];
      response.writeHead(302, { location: `${sim.authorizeUrl}?${query}`, 'set-cookie': set }).end();
    });
    await sim.install('acme', 'wanda', `${origin}/install`);
    expect(cookies).toEqual(['lax=1']);
  });
});

describe('the consent page', () => {
  const asked = (sim: Simulator, redirect_uri: string, more: Record<string, string> = {}) => ({
    client_id: sim.clientId,
    scope: 'commands',
    redirect_uri,
    ...more,
  });

  test('offers the full members of each workspace and nobody else', async () => {
    const { sim, app } = await start();
    const { text } = await consent(sim, asked(sim, app.redirectUri));
    const offered = [...text.matchAll(/name="who" value="([^"]*)"/g)].map(([, who]) => who);
    expect(offered).toEqual(['dd0c/U0AL1CE001', 'dd0c/U0B0B00001', 'acme/U0WANDA001', 'acme/U0WALT0001']);
    const only = await consent(sim, asked(sim, app.redirectUri, { team: ACME_TEAM_ID }));
    expect(only.text).not.toContain('value="dd0c/');
  });

  test('does not take the word of someone who may not install, nor a workspace that was not offered', async () => {
    const { sim, app } = await start();
    const cases: [who: string, more: Record<string, string>][] = [
      ['dd0c/U0GUS00001', {}],
      ['dd0c/U0DAN00001', {}],
      ['dd0c/U0WANDA001', {}],
      ['acme/U0AL1CE001', {}],
      ['acme/USLACKBOT', {}],
      ['umbrella/U0AL1CE001', {}],
      ['', {}],
      ['dd0c/U0AL1CE001', { team: ACME_TEAM_ID }],
    ];
    for (const [who, more] of cases) {
      const { ask } = await consent(sim, asked(sim, app.redirectUri, more));
      const { status, location } = await answer(sim, { ask, who, decision: 'allow' });
      expect({ who, status, location }).toEqual({ who, status: 400, location: null });
    }
  });

  test('is refused to unknown apps, unnamed scopes and addresses off this machine, which it never redirects to', async () => {
    const { sim, app } = await start();
    const cases: [Record<string, string>, string][] = [
      [{ ...asked(sim, app.redirectUri), client_id: '1.2' }, 'invalid_client_id'],
      [{ ...asked(sim, app.redirectUri), scope: '' }, 'no_scopes'],
      [{ ...asked(sim, app.redirectUri), scope: 'commands,admin' }, 'invalid_scope'],
      [asked(sim, 'https://evil.example/callback'), 'bad_redirect_uri'],
      [asked(sim, 'http://127.0.0.1.evil.example/'), 'bad_redirect_uri'],
      [asked(sim, 'javascript:alert(1)//127.0.0.1'), 'bad_redirect_uri'],
      [asked(sim, ''), 'bad_redirect_uri'],
    ];
    for (const [query, error] of cases) {
      const { status, text, ask } = await consent(sim, query);
      expect({ status, ask, says: text.includes(`<code>${error}</code>`) }).toEqual({
        status: 400,
        ask: '',
        says: true,
      });
    }
  });

  test('is answered once, and not after ten minutes', async () => {
    let now = 1_800_000_000_000;
    const { sim, app } = await start({ now: () => now });
    const allow = { who: 'acme/U0WANDA001', decision: 'allow' };
    const { ask } = await consent(sim, asked(sim, app.redirectUri));
    expect(await answer(sim, { ask, ...allow })).toMatchObject({ status: 302 });
    expect(await answer(sim, { ask, ...allow })).toMatchObject({ status: 400 });
    const late = await consent(sim, asked(sim, app.redirectUri));
    now += 10 * 60_000 + 1;
    expect(await answer(sim, { ask: late.ask, ...allow })).toMatchObject({ status: 400 });
    expect(await answer(sim, { ask: 'made-up', ...allow })).toMatchObject({ status: 400 });
  });

  test('shows what the app asked for as text, never as markup', async () => {
    const manifest = { ...ownManifest(), name: '<b>"&app', scopes: ['<img>'] };
    const { sim, app } = await start({ manifest });
    const { text } = await consent(sim, asked(sim, app.redirectUri, { scope: '<img>', state: '"><script>' }));
    expect(text).toContain('&lt;b&gt;&quot;&amp;app');
    expect(text).toContain('<code>&lt;img&gt;</code>');
    expect(text).not.toMatch(/<(b|img|script)>/);
  });
});

describe('exchanging a code', () => {
  /** A code for acme, as the app's callback gets it. */
  async function codeOf(sim: Simulator, redirect_uri: string): Promise<string> {
    const query = { client_id: sim.clientId, scope: 'commands', redirect_uri };
    const { ask } = await consent(sim, query);
    const { location } = await answer(sim, { ask, who: 'acme/U0WANDA001', decision: 'allow' });
    return new URL(location ?? '').searchParams.get('code') ?? '';
  }

  test('works once', async () => {
    const { sim, app } = await start();
    const fields = { code: await codeOf(sim, app.redirectUri), redirect_uri: app.redirectUri };
    expect(await app.exchange(fields)).toMatchObject({ ok: true });
    const token = sim.team('acme').installation()?.token;
    expect(await app.exchange(fields)).toEqual({ ok: false, error: 'invalid_code' });
    expect(sim.team('acme').installation()?.token).toBe(token);
  });

  test('does not work with another secret, client, address or code, nor after ten minutes', async () => {
    let now = 1_800_000_000_000;
    const { sim, app } = await start({ now: () => now });
    const fresh = async () => ({ code: await codeOf(sim, app.redirectUri), redirect_uri: app.redirectUri });
    const exchange = async (more: Record<string, string>) => app.exchange({ ...(await fresh()), ...more });
    expect(await exchange({ client_secret: 'guess' })).toEqual({ ok: false, error: 'bad_client_secret' });
    expect(await exchange({ client_id: '1.2' })).toEqual({ ok: false, error: 'invalid_client_id' });
    expect(await exchange({ redirect_uri: `${app.redirectUri}/other` })).toMatchObject({
      error: 'bad_redirect_uri',
    });
    expect(await app.exchange({ code: (await fresh()).code })).toMatchObject({ error: 'bad_redirect_uri' });
    expect(await exchange({ code: 'made-up' })).toMatchObject({ error: 'invalid_code' });
    expect(await exchange({ grant_type: 'refresh_token' })).toMatchObject({ error: 'invalid_grant_type' });
    const old = await fresh();
    now += 10 * 60_000 + 1;
    expect(await app.exchange(old)).toMatchObject({ error: 'invalid_code' });
    expect(sim.team('acme').installation()).toBeNull();
  });

  test('takes id and secret by HTTP Basic too, and then only from there', async () => {
    const { sim, app } = await start();
    const url = `${sim.apiUrl}oauth.v2.access`;
    const basic = (secret: string) => ({ authorization: `Basic ${btoa(`${sim.clientId}:${secret}`)}` });
    const fields = { code: await codeOf(sim, app.redirectUri), redirect_uri: app.redirectUri };
    const forged = { ...fields, client_id: sim.clientId, client_secret: sim.clientSecret };
    expect(await postForm(url, forged, basic('guess'))).toMatchObject({ error: 'bad_client_secret' });
    expect(await postForm(url, fields, basic(sim.clientSecret))).toMatchObject({ ok: true });
  });
});

describe('ending', () => {
  const told = (sim: Simulator) =>
    sim
      .team('acme')
      .deliveries()
      .map(({ payload }) => ({ team_id: payload.team_id, event: payload.event }));
  const revoked = {
    team_id: ACME_TEAM_ID,
    event: { type: 'tokens_revoked', tokens: { oauth: [], bot: ['U0ACMEB0T1'] } },
  };
  const uninstalled = { team_id: ACME_TEAM_ID, event: { type: 'app_uninstalled' } };

  async function installed(options: Partial<SimulatorOptions> = {}) {
    const { sim, app } = await start(options);
    await sim.install('acme', 'wanda', app.installUrl);
    return { sim, app, token: sim.team('acme').installation()?.token ?? '' };
  }

  test('an uninstalled token is dead before the app is told, and the app is told both', async () => {
    const { sim, app, token } = await installed();
    const ending = sim.uninstall('acme');
    expect(sim.team('acme').installation()).toBeNull();
    expect(await auth(sim, token)).toBe('account_inactive');
    await ending;
    expect(told(sim)).toEqual([revoked, uninstalled]);
    expect(app.requests).toHaveLength(2);
    expect(sim.deliveries()).toEqual([]);
    expect(await auth(sim, sim.token)).toBe('ok');
  });

  test('an app whose manifest does not subscribe is not told', async () => {
    const { sim, token } = await installed({ manifest: { ...ownManifest(), events: ['reaction_added'] } });
    await sim.uninstall('acme');
    expect(told(sim)).toEqual([]);
    expect(await auth(sim, token)).toBe('account_inactive');
  });

  test('a token that was revoked by itself is dead, and its bot hears nothing in the channels', async () => {
    const { sim, token } = await installed();
    expect(await api(sim, 'auth.revoke', { test: true }, { token })).toEqual({ ok: true, revoked: false });
    expect(await auth(sim, token)).toBe('ok');
    expect(await api(sim, 'auth.revoke', {}, { token })).toEqual({ ok: true, revoked: true });
    expect(await auth(sim, token)).toBe('token_revoked');
    await sim.waitFor(() => told(sim).length > 0);
    expect(told(sim)).toEqual([revoked]);
    const ts = sim.team('acme').act('walt').post('ops', 'x');
    expect(await sim.team('acme').act('walt').react('ops', ts, 'octagonal_sign')).toMatchObject({
      status: 0,
    });
    expect(await auth(sim, sim.token)).toBe('ok');
  });

  test('the app uninstalls itself by its secret and a token of that workspace, not without', async () => {
    const { sim, token } = await installed();
    const by = (more: object) =>
      api(
        sim,
        'apps.uninstall',
        { client_id: sim.clientId, client_secret: sim.clientSecret, ...more },
        { token },
      );
    expect(await by({ client_secret: 'guess' })).toEqual({ ok: false, error: 'bad_client_secret' });
    expect(await by({ client_id: '1.2' })).toEqual({ ok: false, error: 'invalid_client_id' });
    expect(await auth(sim, token)).toBe('ok');
    expect(await by({})).toEqual({ ok: true });
    expect(await by({})).toEqual({ ok: false, error: 'account_inactive' });
    await sim.waitFor(() => told(sim).length === 2);
    expect(told(sim)).toEqual([revoked, uninstalled]);
    expect(await auth(sim, sim.token)).toBe('ok');
  });

  test('a token Slack never gave is another thing than one that is dead', async () => {
    const { sim } = await installed();
    for (const token of ['xoxb-guess', sim.appToken, sim.clientSecret, ''])
      expect(await auth(sim, token)).toMatch(/^(invalid_auth|not_authed)$/);
  });
});
