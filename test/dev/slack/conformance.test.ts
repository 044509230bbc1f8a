import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifySlackRequest } from '@slack/bolt';
import { signatureHeaders } from '../../../dev/slack/deliver.ts';
import { parseManifest } from '../../../dev/slack/manifest.ts';
import { BOT_TOKEN, type Simulator } from '../../../dev/slack/server.ts';
import { METHOD_NAMES } from '../../../dev/slack/webapi.ts';
import { openApp, SECRET, startQuiet } from './sample-app.ts';
import { api, spec, withSpec } from './spec.ts';

const OPS = 'C0PS000001';
const SECTION = { type: 'section', text: { type: 'mrkdwn', text: 'hello' } };
const INPUT = {
  type: 'input',
  block_id: 'b',
  label: { type: 'plain_text', text: 'Name' },
  element: { type: 'plain_text_input', action_id: 'a' },
};
const VIEW = {
  type: 'modal',
  callback_id: 'c',
  notify_on_close: true,
  title: { type: 'plain_text', text: 'Title' },
  submit: { type: 'plain_text', text: 'Go' },
  blocks: [SECTION, INPUT],
};
/** Errors every method may give: docs.slack.dev/reference/methods, "Common errors". */
const COMMON = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'missing_scope',
  'unknown_method',
  'invalid_arguments',
  'invalid_post_type',
];
const manifest = parseManifest(`
display_information: { name: test }
features:
  shortcuts: [{ name: Turn into runbook, type: message, callback_id: turn_into_runbook, description: x }]
  slash_commands: [{ command: /runbook, description: x }]
oauth_config: { scopes: { bot: [commands, 'chat:write', 'users:read', 'reactions:read', 'channels:read'] } }
settings: { event_subscriptions: { bot_events: [reaction_added, tokens_revoked, app_uninstalled] } }
`);

interface Received {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

describe('the simulator as an image of Slack', () => {
  let sim: Simulator;
  const received: Received[] = [];
  const app = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body });
    response.end();
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    sim = await startQuiet({
      manifest,
      appUrl: `http://127.0.0.1:${(app.address() as AddressInfo).port}/slack/events`,
    });
  });
  afterAll(async () => {
    await sim.close();
    await new Promise((resolve) => app.close(resolve));
  });

  /** Posts a message with a button, clicks it and returns the trigger_id of the click. */
  async function click(): Promise<{ ts: string; trigger: string }> {
    const button = { type: 'button', action_id: 'go', value: 'v', text: { type: 'plain_text', text: 'Go' } };
    const blocks = [SECTION, { type: 'actions', elements: [button] }];
    const { ts } = await api(sim, 'chat.postMessage', { channel: OPS, text: 'x', blocks });
    await sim.act('alice').click('ops', String(ts), 'go');
    return { ts: String(ts), trigger: String(sim.deliveries().at(-1)?.payload.trigger_id) };
  }

  async function openView(): Promise<{ id: string; hash: string }> {
    const { trigger } = await click();
    const opened = await api(sim, 'views.open', { trigger_id: trigger, view: VIEW });
    return opened.view as { id: string; hash: string };
  }

  withSpec('answers with keys that Slack’s own answers have', async () => {
    const posted = await api(sim, 'chat.postMessage', { channel: OPS, text: 'x', blocks: [SECTION] });
    const { trigger } = await click();
    const opened = await api(sim, 'views.open', { trigger_id: trigger, view: VIEW });
    const answers: Record<string, Record<string, unknown>> = {
      'auth.test': await api(sim, 'auth.test'),
      'chat.postMessage': posted,
      'chat.update': await api(sim, 'chat.update', { channel: OPS, ts: posted.ts, text: 'y' }),
      'chat.postEphemeral': await api(sim, 'chat.postEphemeral', {
        channel: OPS,
        user: 'U0AL1CE001',
        text: 'z',
      }),
      'views.open': opened,
      'views.update': await api(sim, 'views.update', {
        view_id: (opened.view as { id: string }).id,
        view: VIEW,
      }),
      'users.info': await api(sim, 'users.info', { user: 'U0AL1CE001' }),
      'conversations.info': await api(sim, 'conversations.info', { channel: OPS }),
    };
    for (const [method, answer] of Object.entries(answers)) {
      const sample = spec(`responses/${method}`) ?? {};
      expect({ method, ok: answer.ok, extra: extraKeys(answer, sample) }).toEqual({
        method,
        ok: true,
        extra: [],
      });
    }
  });

  withSpec('fails only with codes the method documents', async () => {
    const { trigger, ts } = await click();
    const open = await api(sim, 'views.open', { trigger_id: trigger, view: VIEW });
    const viewId = (open.view as { id: string }).id;
    const tooMany = Array.from({ length: 51 }, () => SECTION);
    const mine = sim.act('alice').post('ops', 'mine');
    const cases: [string, Record<string, unknown>, string][] = [
      ['chat.postMessage', { channel: 'C1', text: 'x' }, 'channel_not_found'],
      ['chat.postMessage', { channel: 'C0GEN00001', text: 'x' }, 'not_in_channel'],
      ['chat.postMessage', { channel: OPS }, 'no_text'],
      ['chat.postMessage', { channel: OPS, text: 'x', blocks: tooMany }, 'invalid_blocks'],
      ['chat.postMessage', { channel: OPS, text: 'x', blocks: 'nonsense' }, 'invalid_blocks_format'],
      ['chat.postMessage', { channel: OPS, text: 'x', thread_ts: '1.2' }, 'cannot_reply_to_message'],
      ['chat.postMessage', { channel: OPS, text: 'x', blocks: long(4) }, 'msg_blocks_too_long'],
      ['chat.update', { channel: OPS, ts: '1.2', text: 'x' }, 'message_not_found'],
      ['chat.update', { channel: OPS, ts: mine, text: 'x' }, 'cant_update_message'],
      ['chat.update', { channel: OPS, ts, text: 'x'.repeat(4001) }, 'msg_too_long'],
      ['chat.postEphemeral', { channel: OPS, user: 'U0MAL00001', text: 'x' }, 'user_not_in_channel'],
      ['views.open', { trigger_id: trigger, view: VIEW }, 'exchanged_trigger_id'],
      ['views.open', { trigger_id: 'made-up', view: VIEW }, 'invalid_trigger_id'],
      ['views.update', { view_id: 'V0', view: VIEW }, 'not_found'],
      ['views.update', { view_id: viewId, hash: 'old', view: VIEW }, 'hash_conflict'],
      ['users.info', { user: 'U0NOBODY' }, 'user_not_found'],
      ['conversations.info', { channel: 'C1' }, 'channel_not_found'],
    ];
    for (const [method, args, code] of cases) {
      const { error } = await api(sim, method, args, { form: true });
      expect({ method, error }).toEqual({ method, error: code });
      const listed = Object.keys((spec(`methods/${method}`)?.errors as object | undefined) ?? {});
      expect([...listed, ...COMMON]).toContain(code);
    }
  });

  test('checks the token, the scope and the method name', async () => {
    expect(await api(sim, 'chat.postMessage', {}, { token: 'xoxb-other' })).toMatchObject({
      error: 'invalid_auth',
    });
    expect(await (await fetch(`${sim.apiUrl}auth.test`, { method: 'POST' })).json()).toMatchObject({
      error: 'not_authed',
    });
    expect(await api(sim, 'conversations.history', { channel: OPS })).toMatchObject({
      error: 'unknown_method',
    });
    expect(METHOD_NAMES).not.toContain('conversations.history');
    const poor = await startQuiet({ manifest: { ...manifest, scopes: ['commands'] } });
    const refused = await api(poor, 'chat.postMessage', { channel: OPS, text: 'x' });
    expect(refused).toMatchObject({
      ok: false,
      error: 'missing_scope',
      needed: 'chat:write',
      provided: 'commands',
    });
    await poor.close();
  });

  test('takes the token from a form body too', async () => {
    const body = new URLSearchParams({ token: BOT_TOKEN, user: 'U0B0B00001' }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(`${sim.apiUrl}users.info`, { method: 'POST', headers, body });
    expect(await response.json()).toMatchObject({ ok: true, user: { name: 'bob', team_id: 'T0DD0C0001' } });
  });

  test('pages through users, outsiders, leavers, bots and Slackbot included', async () => {
    const names: string[] = [];
    let cursor = '';
    do {
      const page = await api(sim, 'users.list', { limit: 4, cursor });
      names.push(...(page.members as { name: string }[]).map((one) => one.name));
      cursor = (page.response_metadata as { next_cursor: string }).next_cursor;
    } while (cursor !== '');
    expect(names).toEqual('alice bob eve gus sid dan mallory wanda dd0crun slackbot'.split(' '));
    expect(await api(sim, 'users.list', { cursor: 'bm9uc2Vuc2U=' })).toMatchObject({
      error: 'invalid_cursor',
    });
  });

  test('tells guests, outsiders, strangers and leavers apart as Slack does', async () => {
    const user = async (name: string) => (await api(sim, 'users.info', { user: sim.person(name).id })).user;
    expect(await user('alice')).toMatchObject({ is_admin: true, is_restricted: false, deleted: false });
    expect(await user('gus')).toMatchObject({ is_restricted: true, team_id: 'T0DD0C0001' });
    expect(await user('dan')).toMatchObject({ deleted: true });
    expect(await user('mallory')).toMatchObject({ is_stranger: true, team_id: 'T0THER0001' });
    const eve = await user('eve');
    expect(eve).toMatchObject({ team_id: 'T0THER0001' });
    expect(eve).not.toHaveProperty('is_stranger');
    expect(eve).not.toHaveProperty('is_restricted');
  });

  withSpec('sends payloads with the keys of Slack’s samples', async () => {
    const alice = sim.act('alice');
    const ts = alice.post('ops', 'hello');
    await alice.shortcut('ops', ts);
    const view = await openView();
    await alice.submit(view.id, { a: 'x' });
    const other = await openView();
    await alice.close(other.id);
    await alice.slash('ops', '/runbook help');
    await alice.react('ops', ts, 'eyes');
    const sent = (type: string) =>
      sim.deliveries().findLast((one) => one.payload.type === type)?.payload ?? {};
    const optional = [
      'enterprise_id',
      'enterprise_name',
      'bot_access_token',
      'function_data',
      'interactivity',
    ];
    const pairs: [string, object, string[]][] = [
      ['interactive-components--MessageShortcutPayload', sent('message_action'), []],
      ['interactive-components--BlockActionPayload', sent('block_actions'), ['view', 'app_unfurl']],
      ['views--ViewSubmissionPayload', sent('view_submission'), ['is_cleared']],
      ['views--ViewClosedPayload', sent('view_closed'), []],
      [
        'slash-commands--SlashCommandPayload',
        sim.deliveries().findLast((one) => one.kind === 'command')?.payload ?? {},
        [],
      ],
      ['event--ReactionAddedPayload', sent('event_callback'), []],
    ];
    for (const [name, payload, elsewhere] of pairs) {
      const needed = Object.keys(spec(`payloads/${name}`) ?? {}).filter(
        (key) => !optional.includes(key) && !elsewhere.includes(key),
      );
      expect({ name, missing: needed.filter((key) => !(key in payload)) }).toEqual({ name, missing: [] });
    }
    const event = sent('event_callback').event as object;
    const sample = spec('payloads/event--ReactionAddedPayload')?.event as object;
    expect(Object.keys(event).sort()).toEqual(Object.keys(sample).sort());
  });

  describe('where an installation begins and ends', () => {
    /** Installs the app in the second workspace by OAuth: what Slack answered, and the token. */
    async function installed(sim: Simulator, app: Awaited<ReturnType<typeof openApp>>) {
      await sim.install('acme', 'wanda', app.installUrl);
      const answer = app.answers.at(-1) ?? {};
      return { answer, token: String(answer.access_token) };
    }
    const credentials = (sim: Simulator) => ({ client_id: sim.clientId, client_secret: sim.clientSecret });

    withSpec('answers with keys that Slack’s own answers have', async () => {
      const sim = await startQuiet({ manifest });
      const app = await openApp(sim);
      const one = await installed(sim, app);
      const revoked = await api(sim, 'auth.revoke', {}, { token: one.token });
      const two = await installed(sim, app);
      const answers: Record<string, Record<string, unknown>> = {
        'oauth.v2.access': one.answer,
        'auth.revoke': { ...revoked, revoked: undefined },
        'apps.uninstall': await api(sim, 'apps.uninstall', credentials(sim), { token: two.token }),
        'apps.connections.open': await api(sim, 'apps.connections.open', {}, { token: sim.appToken }),
      };
      expect(revoked.revoked).toBe(true);
      for (const [method, answer] of Object.entries(answers)) {
        // Slack documents `revoked` (methods/auth.revoke, output), and its sample lacks it.
        const sample = {
          ...spec(`responses/${method}`),
          ...(method === 'auth.revoke' ? { revoked: true } : {}),
        };
        expect({ method, ok: answer.ok, extra: extraKeys(answer, sample) }).toEqual({
          method,
          ok: true,
          extra: [],
        });
      }
      await Promise.all([sim.close(), app.close()]);
    });

    withSpec('fails only with codes the method documents', async () => {
      const sim = await startQuiet({ manifest });
      const app = await openApp(sim);
      const { token } = await installed(sim, app);
      const dead = (await installed(sim, app)).token;
      await api(sim, 'auth.revoke', {}, { token: dead });
      const wrongSecret = { ...credentials(sim), client_secret: 'x' };
      const wrongClient = { ...credentials(sim), client_id: 'x' };
      const cases: [string, Record<string, unknown>, string, string][] = [
        ['apps.uninstall', wrongSecret, token, 'bad_client_secret'],
        ['apps.uninstall', wrongClient, token, 'invalid_client_id'],
        ['apps.uninstall', credentials(sim), dead, 'token_revoked'],
        ['auth.revoke', {}, dead, 'token_revoked'],
        ['auth.revoke', {}, 'xoxb-guess', 'invalid_auth'],
        ['apps.connections.open', {}, token, 'invalid_auth'],
      ];
      for (const [method, args, by, code] of cases) {
        const { error } = await api(sim, method, args, { token: by, form: true });
        expect({ method, error }).toEqual({ method, error: code });
        const listed = Object.keys((spec(`methods/${method}`)?.errors as object | undefined) ?? {});
        expect([...listed, ...COMMON]).toContain(code);
      }
      await Promise.all([sim.close(), app.close()]);
    });

    withSpec('sends events with the keys of Slack’s samples', async () => {
      const sim = await startQuiet({ manifest });
      const app = await openApp(sim);
      await installed(sim, app);
      await sim.uninstall('acme');
      const sent = sim
        .team('acme')
        .deliveries()
        .map(({ payload }) => payload);
      const names = ['event--TokensRevokedPayload', 'event--AppUninstalledPayload'];
      expect(sent).toHaveLength(names.length);
      for (const [index, name] of names.entries()) {
        const { event, ...envelope } = sent[index] ?? {};
        const { event: sampleEvent, ...sample } = spec(`payloads/${name}`) ?? {};
        const replaced = ['authed_users', 'authed_teams'];
        const missing = Object.keys(sample).filter((key) => !(key in envelope) && !replaced.includes(key));
        expect({ name, missing }).toEqual({ name, missing: [] });
        expect(Object.keys(event as object).sort()).toEqual(Object.keys(sampleEvent as object).sort());
        expect(extraKeys(event as Record<string, unknown>, sampleEvent as Record<string, unknown>)).toEqual(
          [],
        );
      }
      await Promise.all([sim.close(), app.close()]);
    });
  });

  test('signs what it sends so that Bolt accepts it, with Slack’s exact content types', async () => {
    received.length = 0;
    const ts = sim.act('bob').post('ops', 'sign this ✓ & "that"');
    await sim.act('bob').react('ops', ts, '+1');
    await sim.act('bob').slash('ops', '/runbook ünïcode & more');
    await sim.act('bob').shortcut('ops', ts);
    expect(received.map((one) => one.headers['content-type'])).toEqual([
      'application/json',
      'application/x-www-form-urlencoded',
      'application/x-www-form-urlencoded',
    ]);
    for (const { headers, body } of received) {
      const signed = {
        'x-slack-signature': String(headers['x-slack-signature']),
        'x-slack-request-timestamp': Number(headers['x-slack-request-timestamp']),
      };
      expect(() => verifySlackRequest({ signingSecret: SECRET, body, headers: signed })).not.toThrow();
      expect(() => verifySlackRequest({ signingSecret: SECRET, body: `${body} `, headers: signed })).toThrow(
        'mismatch',
      );
    }
  });

  test('signs the documented example as Slack’s documentation does', () => {
    const secret = '8f742231b10e8888abcd99yyyzzz85a5';
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    expect(signatureHeaders(secret, body, 1531420618)['x-slack-signature']).toBe(
      'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    );
  });
});

const long = (sections: number) =>
  Array.from({ length: sections }, () => ({
    type: 'section',
    text: { type: 'mrkdwn', text: 'x'.repeat(3000) },
  }));

/** Keys of `answer` (two levels) that the sample lacks; blocks and state hold the app's own data. */
function extraKeys(answer: Record<string, unknown>, sample: Record<string, unknown>, path = ''): string[] {
  return Object.entries(answer).flatMap(([key, value]) => {
    if (!(key in sample)) return [`${path}${key}`];
    const inside = sample[key];
    const open = ['blocks', 'state', 'profile'].includes(key) || path.split('/').length > 2;
    if (open || !isRecord(value) || !isRecord(inside)) return [];
    return extraKeys(value, inside, `${path}${key}/`);
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
