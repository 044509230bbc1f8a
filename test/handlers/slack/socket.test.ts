import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { connectSocket, type SocketLink } from '../../../handlers/slack/socket.ts';
import { tenantId } from '../../../src/protocol/ids.ts';
import { buildRun, CHANNEL, RUN, TENANT } from '../../support/builders.ts';
import { type FakeSlack, startFakeSlack } from './fake-slack.ts';
import { eventually, installation, startWorld, type World } from './world.ts';

/** Slack's end of the socket: says hello, sends envelopes, keeps what is acknowledged. */
async function socketServer() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const sockets: WebSocket[] = [];
  const acks = new Map<string, unknown>();
  let opened = 0;
  server.on('connection', (socket) => {
    opened += 1;
    sockets.push(socket);
    socket.on('message', (data) => {
      const { envelope_id, payload } = JSON.parse(String(data));
      acks.set(envelope_id, payload);
    });
    socket.on('close', () => sockets.splice(sockets.indexOf(socket), 1));
    socket.send(JSON.stringify({ type: 'hello', num_connections: 1, connection_info: { app_id: 'A1' } }));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    sockets,
    acks,
    opened: () => opened,
    url: `ws://127.0.0.1:${port}/link`,
    send: (envelope: object) => sockets[0]?.send(JSON.stringify(envelope)),
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of server.clients) socket.terminate();
        server.close(() => resolve());
      }),
  };
}

let world: World;
let api: FakeSlack;
let slack: Awaited<ReturnType<typeof socketServer>>;
let link: SocketLink | undefined;

const connect = () => {
  const { tenants, workspaces, deps } = world;
  return connectSocket(async (tenant) => tenants.get(tenant) ?? null, {
    workspaces,
    appToken: 'xapp-test',
    tenant: TENANT,
    apiUrl: api.apiUrl,
    logger: deps.logger,
    waits: { firstMs: 10, mostMs: 50 },
  });
};

beforeEach(async () => {
  world = await startWorld();
  slack = await socketServer();
  api = await startFakeSlack({ 'apps.connections.open': () => ({ url: slack.url }) });
});
afterEach(async () => {
  await link?.close();
  link = undefined;
  await Promise.all([world.close(), slack.close(), api.close()]);
});

const press = (envelope: string, team: string = TENANT) => ({
  envelope_id: envelope,
  type: 'interactive',
  accepts_response_payload: true,
  payload: {
    type: 'block_actions',
    team: { id: team, domain: 'test' },
    user: { id: 'UBOB', team_id: team },
    api_app_id: 'A1',
    trigger_id: 't.2',
    container: { type: 'message', channel_id: CHANNEL, message_ts: '1.2', thread_ts: '1.1' },
    channel: { id: CHANNEL },
    actions: [{ type: 'button', action_id: 'pause_run', block_id: 'b', value: `v1.${RUN}`, action_ts: '1' }],
  },
});

const help = (envelope: string) => ({
  envelope_id: envelope,
  type: 'slash_commands',
  accepts_response_payload: true,
  payload: {
    command: '/runbook',
    text: 'new',
    team_id: TENANT,
    user_id: 'UBOB',
    channel_id: CHANNEL,
    trigger_id: 't',
    api_app_id: 'A1',
  },
});

const acked = (id: string) =>
  eventually(
    () => slack.acks.has(id),
    (there) => there,
  );

describe('over Socket Mode', () => {
  test('the app token opens the socket, and a press arrives and is acknowledged', async () => {
    link = await connect();
    world.putRun(buildRun());
    slack.send(press('E1'));
    await acked('E1');
    await eventually(
      () => world.run(),
      (run) => run?.status === 'paused',
    );
    expect(api.asked.map(({ method, token }) => [method, token])).toEqual([
      ['apps.connections.open', 'xapp-test'],
    ]);
  });

  test('a command is answered in the acknowledgement', async () => {
    link = await connect();
    slack.send({ ...help('E2'), payload: { ...help('E2').payload, text: 'help' } });
    await acked('E2');
    expect(slack.acks.get('E2')).toMatchObject({ response_type: 'ephemeral' });
  });

  test('the same envelope a second time is acknowledged and does nothing', async () => {
    link = await connect();
    slack.send(help('E3'));
    await acked('E3');
    slack.acks.clear();
    slack.send(help('E3'));
    await acked('E3');
    expect(world.views()).toHaveLength(1);
    slack.send(help('E4'));
    await acked('E4');
    expect(world.views()).toHaveLength(2);
  });

  test('an envelope without an id does nothing, as nobody can say whether it came before', async () => {
    link = await connect();
    const { envelope_id: _, ...nameless } = help('');
    slack.send(nameless);
    slack.send(help('E5'));
    await acked('E5');
    expect(world.views()).toHaveLength(1);
  });

  test('another workspace is not served, even if it installed the app once', async () => {
    link = await connect();
    const other = tenantId('T2');
    world.tenants.set(other, world.deps);
    world.workspaces.kept.set(other, installation(other));
    world.putRun(buildRun());
    slack.send(press('E6', 'T2'));
    await acked('E6');
    expect((await world.run())?.status).toBe('running');
  });

  test('what is no envelope breaks nothing', async () => {
    link = await connect();
    for (const text of ['', '[]', '{', '{"type":"interactive"}']) slack.sockets[0]?.send(text);
    slack.send(help('E7'));
    await acked('E7');
  });
});

describe('a connection', () => {
  const openedTimes = (times: number) =>
    eventually(
      () => slack.opened() >= times && slack.sockets.length > 0,
      (there) => there,
    );

  test('that Slack asks to renew is made again, and is served', async () => {
    link = await connect();
    slack.send({ type: 'disconnect', reason: 'refresh_requested' });
    await openedTimes(2);
    slack.send(help('E8'));
    await acked('E8');
  });

  test('that breaks is made again, also when Slack is away for a while', async () => {
    link = await connect();
    api.answers['apps.connections.open'] = { ok: false, error: 'internal_error' };
    slack.sockets[0]?.terminate();
    await eventually(
      () => api.asked.length,
      (count) => count >= 4,
    );
    api.answers['apps.connections.open'] = () => ({ url: slack.url });
    await openedTimes(2);
    slack.send(help('E9'));
    await acked('E9');
  });

  test('is not made again once it was closed', async () => {
    await (await connect()).close();
    await eventually(
      () => slack.sockets.length,
      (open) => open === 0,
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect([slack.opened(), api.asked.length]).toEqual([1, 1]);
  });

  test('that Slack refuses is no connection: the start fails with a sentence', async () => {
    api.answers['apps.connections.open'] = { ok: false, error: 'invalid_auth' };
    await expect(connect()).rejects.toThrow('Slack answers “invalid_auth”. Look at SLACK_APP_TOKEN.');
  });

  test('to nobody fails too', async () => {
    await api.close();
    await expect(connect()).rejects.toThrow('Slack cannot be reached');
    api = await startFakeSlack();
  });
});
