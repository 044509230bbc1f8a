import { afterEach, describe, expect, test } from '@jest/globals';
import type { Receiver } from '@slack/bolt';
import { createBolt } from '../../../handlers/slack/app.ts';
import type { SlackDeps } from '../../../handlers/slack/deps.ts';
import { envelopeOf } from '../../../handlers/slack/guard.ts';
import { createSlackClient, webOptions } from '../../../src/platform/slack-client.ts';
import { type TenantId, tenantId } from '../../../src/protocol/ids.ts';
import { VIEWS } from '../../../src/slack/actions.ts';
import { buildRun, CHANNEL, RUN, TENANT } from '../../support/builders.ts';
import { fakeDirectory } from '../../support/fakes.ts';
import { type FakeSlack, startFakeSlack } from './fake-slack.ts';
import { eventually, installation, memoryWorkspaces, startWorld, type World } from './world.ts';

const OTHER = tenantId('T2');

let world: World;
let slack: FakeSlack | undefined;
afterEach(async () => {
  await Promise.all([world.close(), slack?.close()]);
  slack = undefined;
});

const command = (team: string, fields: Record<string, string> = {}) => ({
  command: '/runbook',
  text: 'new',
  team_id: team,
  user_id: 'UBOB',
  channel_id: CHANNEL,
  trigger_id: `trigger-of-${team}`,
  api_app_id: 'A1',
  ...fields,
});

/** A second workspace in the same process, each with a client of its own to one fake Slack. */
async function twoWorkspaces() {
  slack = await startFakeSlack();
  world = await startWorld();
  const { apiUrl } = slack;
  for (const team of [TENANT, OTHER]) {
    const client = createSlackClient({ token: `xoxb-${team}`, team, apiUrl });
    world.tenants.set(team, { ...world.deps, tenant: team, slack: client });
    world.workspaces.kept.set(team, installation(team));
  }
  return slack;
}

describe('two workspaces in one process', () => {
  test('are answered with their own token, however their requests interleave', async () => {
    const { asked } = await twoWorkspaces();
    const teams = Array.from({ length: 20 }, (_, index) => (index % 2 ? OTHER : TENANT));
    await Promise.all(
      teams.map((team, index) => world.form(command(team, { trigger_id: `${team} ${index}` }))),
    );
    const views = asked.filter(({ method }) => method === 'views.open');
    expect(views).toHaveLength(20);
    for (const { token, fields } of views)
      expect(`${token} `).toBe(`xoxb-${fields.trigger_id?.split(' ')[0]} `);
  });

  test('have their own clients of Bolt’s too, with their own tokens', async () => {
    const { asked, apiUrl } = await twoWorkspaces();
    const { tenants, workspaces, deps } = world;
    const receiver: Receiver = { init: () => undefined, start: async () => null, stop: async () => null };
    const at = async (tenant: TenantId) => tenants.get(tenant) ?? null;
    const bolt = createBolt(receiver, at, { workspaces, apiUrl, logger: deps.logger });
    bolt.command('/probe', async ({ ack, client, context }) => {
      await ack();
      await client.chat.postMessage({ channel: 'C1', text: String(context.teamId) });
    });
    const teams = Array.from({ length: 12 }, (_, index) => (index % 3 ? OTHER : TENANT));
    const ack = async () => undefined;
    await Promise.all(
      teams.map((team, index) =>
        bolt.processEvent({
          body: command(team, { command: '/probe' }),
          ack,
          customProperties: envelopeOf({ envelope_id: String(index) }),
        }),
      ),
    );
    const posts = asked.filter(({ method }) => method === 'chat.postMessage');
    expect(posts).toHaveLength(12);
    for (const { token, fields } of posts) expect(token).toBe(`xoxb-${fields.text}`);
  });

  test('share no options that a client writes its token into', () => {
    expect(webOptions()).not.toBe(webOptions());
    expect(webOptions('http://127.0.0.1/')).not.toHaveProperty('headers');
    return twoWorkspaces();
  });

  test('cannot name each other’s runs: the same button in the other workspace finds nothing', async () => {
    await twoWorkspaces();
    world.putRun(buildRun());
    await world.press('pause_run', `v1.${RUN}`, { teamId: OTHER });
    expect((await world.run())?.status).toBe('running');
  });

  test('remember requests apart', async () => {
    await twoWorkspaces();
    const seen: [string, string][] = [];
    for (const [team, deps] of world.tenants) {
      const seenBefore: SlackDeps['seenBefore'] = async (mark) => seen.push([team, mark]) < 0;
      world.tenants.set(team, { ...deps, seenBefore });
    }
    await world.form(command(TENANT));
    await world.form(command(OTHER));
    expect(seen.map(([team]) => team)).toEqual([TENANT, OTHER]);
  });
});

describe('a person of another workspace in a shared channel', () => {
  test('is judged by the workspace whose button it is, and refused', async () => {
    await twoWorkspaces();
    world.putRun(buildRun());
    const judged: string[] = [];
    for (const [team, deps] of world.tenants) {
      const none = fakeDirectory([]);
      const directory = {
        ...none,
        person: (user: Parameters<typeof none.person>[0]) => {
          judged.push(team);
          return none.person(user);
        },
      };
      world.tenants.set(team, { ...deps, directory });
    }
    await world.payload({
      type: 'block_actions',
      team: { id: TENANT, domain: 'test' },
      user: { id: 'UWALT', team_id: OTHER },
      api_app_id: 'A1',
      trigger_id: 't.2',
      container: { type: 'message', channel_id: CHANNEL, message_ts: '1.2', thread_ts: '1.1' },
      channel: { id: CHANNEL },
      actions: [
        { type: 'button', action_id: 'pause_run', block_id: 'b', value: `v1.${RUN}`, action_ts: '1' },
      ],
    });
    expect(new Set(judged)).toEqual(new Set([TENANT]));
    expect((await world.run())?.status).toBe('running');
  });

  test('sends a form on behalf of the workspace that opened it', async () => {
    await twoWorkspaces();
    const found: string[] = [];
    for (const [team, deps] of world.tenants) {
      const person: SlackDeps['directory']['person'] = async (user) => {
        found.push(team);
        return { user, standing: 'outsider', admin: false };
      };
      world.tenants.set(team, { ...deps, directory: { ...deps.directory, person } });
    }
    await world.payload({
      type: 'view_submission',
      team: { id: OTHER, domain: 'other' },
      user: { id: 'UWALT', team_id: OTHER },
      api_app_id: 'A1',
      view: {
        id: 'V1',
        type: 'modal',
        callback_id: VIEWS.resume,
        app_installed_team_id: TENANT,
        private_metadata: JSON.stringify({ channel: CHANNEL, run: null }),
        state: { values: { typed: { value: { type: 'plain_text_input', value: 'resume' } } } },
      },
    });
    expect(new Set(found)).toEqual(new Set([TENANT]));
  });
});

describe('nothing is done, and the log says so, for a request', () => {
  const logged = (words: string) => world.lines.some(({ msg }) => String(msg).includes(words));

  test('of a workspace that has not installed the app; a command is told', async () => {
    world = await startWorld();
    const { status, text } = await world.form(command('T9'));
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      response_type: 'ephemeral',
      text: expect.stringContaining('not connected to this workspace'),
    });
    expect([world.calls.length, logged('has not installed')]).toEqual([0, true]);
  });

  test('of a workspace that uninstalled it', async () => {
    world = await startWorld();
    world.putRun(buildRun());
    world.workspaces.kept.delete(TENANT);
    expect(await world.press('pause_run', `v1.${RUN}`)).toEqual({ status: 200, text: '' });
    expect([(await world.run())?.status, logged('has not installed')]).toEqual(['running', true]);
  });

  test('of another app', async () => {
    world = await startWorld();
    expect(await world.form(command(TENANT, { api_app_id: 'A2' }))).toEqual({ status: 200, text: '' });
    expect([world.calls.length, logged('another app')]).toEqual([0, true]);
  });

  test('of an installation for a whole organisation; a command is told', async () => {
    world = await startWorld();
    const { text } = await world.form(
      command(TENANT, { is_enterprise_install: 'true', enterprise_id: 'E1' }),
    );
    expect(JSON.parse(text).text).toContain('does not support');
    expect([world.calls.length, logged('organisation-wide')]).toEqual([0, true]);
  });

  test('that names no workspace', async () => {
    world = await startWorld();
    await world.form(command(''));
    expect(world.calls).toEqual([]);
  });
});

describe('while the installation cannot be looked up', () => {
  const broken = async () => {
    world = await startWorld();
    world.workspaces.find = () => Promise.reject(new Error('database away'));
  };

  test('an event is not taken, so Slack sends it again', async () => {
    await broken();
    expect((await world.react('octagonal_sign')).status).toBe(500);
    expect(world.lines.some(({ msg }) => String(msg).includes('failed'))).toBe(true);
    world.workspaces.find = memoryWorkspaces(installation(TENANT)).find;
    expect((await world.react('octagonal_sign')).status).toBe(200);
  });

  test('a press is never acknowledged as if it had worked', async () => {
    await broken();
    world.putRun(buildRun());
    const answered: number[] = [];
    const sent = world.press('pause_run', `v1.${RUN}`).then(
      ({ status }) => answered.push(status),
      () => 'Slack waits; the test does not',
    );
    await eventually(
      () => world.lines,
      (lines) => lines.some(({ msg }) => String(msg).includes('failed')),
    );
    await world.close();
    await sent;
    expect(answered).toEqual([]);
    expect((await world.run())?.status).toBe('running');
    world = await startWorld();
  });
});
