/** Installing, being uninstalled and Socket Mode, with the real wiring over Postgres and the simulated Slack. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type SimulatorOptions, startSimulator } from '../../../dev/slack/server.ts';
import { selfSigned } from '../../../handlers/grpc/tls.ts';
import { INSTALL_PATH } from '../../../handlers/slack/install.ts';
import { type Server, type SlackOptions, startServer } from '../../../src/main.ts';
import { systemClock, systemRandom } from '../../../src/platform/clock.ts';
import { tenantId } from '../../../src/protocol/ids.ts';
import { openSystem, type System } from '../../../src/system.ts';
import { tenantState } from '../../../src/tenant/service.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { fakeLogger, openKeys, testBundle, testKey, testRoot } from '../../support/fakes.ts';
import { eventually } from './world.ts';

const SIGNING_SECRET = 'a-signing-secret-for-tests';
const SIMULATOR: SimulatorOptions = { port: 0, signingSecret: SIGNING_SECRET, environment: 'test' };

let database: TestDatabase;
let sim: Awaited<ReturnType<typeof startSimulator>>;
let system: System;
let server: Server;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  const logger = fakeLogger();
  lines = logger.lines;
  [database, sim] = await Promise.all([createDatabase(), startSimulator(SIMULATOR)]);
  system = await openSystem({
    databaseUrl: database.appUrl,
    queues: { kind: 'postgres', url: database.appUrl },
    keys: openKeys,
    dispatchKey: testKey(1),
    approveKey: testKey(2),
    rootKey: testRoot.publicKey,
    bundle: testBundle,
    slackApiUrl: sim.apiUrl,
    trust: 'copilot',
    clock: systemClock,
    random: systemRandom,
    logger: logger.logger,
  });
});
afterEach(async () => {
  await server.close();
  await system.close();
  await sim.close();
  await database.drop();
});

async function start(slack: SlackOptions): Promise<void> {
  const host = '127.0.0.1';
  const tls = await selfSigned(['localhost'], systemClock.now());
  server = await startServer(system, { http: { host, port: 0 }, slack, gateway: { host, port: 0, tls } });
  if (slack.signingSecret) sim.connect(server.slackUrl);
}

const many = () =>
  start({
    signingSecret: SIGNING_SECRET,
    botToken: sim.token,
    oauth: { clientId: sim.clientId, clientSecret: sim.clientSecret },
  });
const install = (as: string, options?: Parameters<typeof sim.install>[3]) =>
  sim.install('acme', as, `http://${server.address}${INSTALL_PATH}`, options);
const acme = () => tenantId(sim.team('acme').teamId);
const help = (team: string, as: string) => sim.team(team).act(as).slash('ops', '/runbook help');
const stateOf = (team: string) => tenantState(system.log, tenantId(sim.team(team).teamId));

describe('a second workspace', () => {
  test('installs by its browser, its installer is admin, and both are served by their own tokens', async () => {
    await many();
    const page = await install('wanda');
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('connected to') });
    const wanda = sim.team('acme').person('wanda').id;
    expect((await stateOf('acme')).members).toEqual({ [wanda]: { role: 'admin' } });
    await sim.team('acme').act('wanda').slash('ops', '/runbook new');
    await sim.act('alice').slash('ops', '/runbook new');
    expect([sim.team('acme').views('wanda').length, sim.views('alice').length]).toEqual([1, 1]);
    expect([sim.views('bob').length, sim.team('acme').views('walt').length]).toEqual([0, 0]);
  });

  test('that cancels is not installed, and is told so', async () => {
    await many();
    expect(await install('wanda', { decision: 'deny' })).toMatchObject({
      text: expect.stringContaining('You cancelled'),
    });
    expect(await system.workspaces.find(acme())).toBeNull();
  });

  test('that installs twice is served by the newer token', async () => {
    await many();
    await install('wanda');
    const first = await system.workspaces.find(acme());
    expect(await install('walt')).toMatchObject({ status: 200 });
    const second = await system.workspaces.find(acme());
    expect(second?.token).not.toBe(first?.token);
    expect(JSON.stringify(await help('acme', 'walt'))).toContain('/runbook');
  });

  test('that uninstalls has its token wiped and everything stopped; the first goes on', async () => {
    await many();
    await install('wanda');
    await sim.uninstall('acme');
    expect(await system.workspaces.find(acme())).toBeNull();
    expect(await stateOf('acme')).toMatchObject({ removed: true, panicEpoch: 1 });
    expect(await stateOf('dd0c')).toMatchObject({ paused: null, panicEpoch: 0 });
    expect(JSON.stringify(await help('dd0c', 'alice'))).toContain('/runbook');
  });

  test('that comes back is served again, and no end of before ends it', async () => {
    await many();
    await install('wanda');
    await sim.uninstall('acme');
    await install('wanda');
    expect(await stateOf('acme')).toMatchObject({ removed: false, paused: null });
    await sim.team('acme').deliver('event', {
      type: 'event_callback',
      team_id: acme(),
      api_app_id: 'A0DD0C0001',
      event_id: 'EvLATE',
      event_time: Math.floor(Date.now() / 1000) - 1,
      event: { type: 'app_uninstalled' },
    });
    await eventually(
      () => lines,
      (all) => all.some(({ msg }) => String(msg).includes('earlier installation ended')),
    );
    expect(await system.workspaces.find(acme())).not.toBeNull();
  });
});

describe('Socket Mode', () => {
  test('serves the workspace of the settings without any address that Slack could reach', async () => {
    await start({ botToken: sim.token, appToken: sim.appToken });
    await eventually(
      () => sim.sockets(),
      (count) => count === 1,
    );
    expect(JSON.stringify(await help('dd0c', 'alice'))).toContain('/runbook');
    expect((await fetch(server.slackUrl, { method: 'POST' })).status).toBe(404);
  });

  test('comes back when Slack asks it to', async () => {
    await start({ botToken: sim.token, appToken: sim.appToken });
    sim.disconnectSockets();
    await eventually(
      () => sim.sockets(),
      (count) => count === 1,
    );
    expect(JSON.stringify(await help('dd0c', 'alice'))).toContain('/runbook');
  });
});
