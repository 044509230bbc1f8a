import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createSlackApp } from '../../../handlers/slack/app.ts';
import { BOB, buildRun, RUN } from '../../support/builders.ts';
import { eventually, startWorld, type World } from './world.ts';

let world: World;
afterEach(() => world.close());

/** Presses “pause” and says whether anything came of it. */
async function pressed(signing: Parameters<World['press']>[2]) {
  world = await startWorld();
  world.putRun(buildRun());
  const { status, text } = await world.press('pause_run', `v1.${RUN}`, signing);
  return { status, text, paused: (await world.run())?.status === 'paused', calls: world.calls.length };
}

describe('a request that Slack signed a moment ago', () => {
  test('is handled', async () => {
    expect(await pressed({})).toMatchObject({ status: 200, paused: true });
  });

  test.each([-290, 290])('is handled when its clock is %i seconds off', async (skew) => {
    expect(await pressed({ signing: { skew } })).toMatchObject({ status: 200, paused: true });
  });
});

describe('a request that is no POST', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'by %s is refused, and the server goes on',
    async (method) => {
      world = await startWorld();
      expect((await fetch(world.url, { method })).status).toBe(405);
      expect((await fetch(`${world.url}?x=1`, { method })).status).toBe(405);
      expect((await world.command('help')).status).toBe(200);
    },
  );
});

describe('nothing is called, and the answer is 401 without a word, for a request', () => {
  const refused = { status: 401, paused: false, calls: 0 };
  const sign = (text: string) =>
    createHmac('sha256', 'a-signing-secret-for-tests').update(text).digest('hex');

  test.each([
    ['signed with another secret', { secret: 'another-secret-altogether' }],
    ['signed with no secret', { secret: '' }],
    ['that is too old', { skew: -310 }],
    ['from the future', { skew: 310 }],
    ['from far in the future', { skew: 86_400 }],
    ['without a signature', { headers: { 'x-slack-signature': undefined } }],
    ['with an empty signature', { headers: { 'x-slack-signature': '' } }],
    ['with a signature of another version', { headers: { 'x-slack-signature': `v1=${'a'.repeat(64)}` } }],
    ['with a signature that is too short', { headers: { 'x-slack-signature': 'v0=abc' } }],
    ['with a made-up signature', { headers: { 'x-slack-signature': `v0=${'a'.repeat(64)}` } }],
    [
      'with a signature over other bytes',
      { headers: { 'x-slack-signature': `v0=${sign('v0:1:payload=other')}` } },
    ],
    ['without a timestamp', { headers: { 'x-slack-request-timestamp': undefined } }],
    ['with an empty timestamp', { headers: { 'x-slack-request-timestamp': '' } }],
    ['with a timestamp that is no number', { headers: { 'x-slack-request-timestamp': 'now' } }],
    ['with a timestamp that is not a number by name', { headers: { 'x-slack-request-timestamp': 'NaN' } }],
    ['with an endless timestamp', { headers: { 'x-slack-request-timestamp': 'Infinity' } }],
    [
      'with another timestamp than was signed',
      { headers: { 'x-slack-request-timestamp': String(Math.floor(Date.now() / 1000) - 60) } },
    ],
  ])('%s', async (_, signing) => {
    const answer = await pressed({ signing });
    expect(answer).toMatchObject(refused);
    expect(answer.text).toBe('');
  });

  test('whose body was changed on the way', async () => {
    world = await startWorld();
    world.putRun(buildRun());
    const stamp = String(Math.floor(Date.now() / 1000));
    const headers = {
      'x-slack-signature': `v0=${sign(`v0:${stamp}:text=help`)}`,
      'x-slack-request-timestamp': stamp,
    };
    for (const body of ['text=panic', 'text=help ', 'text=%68elp', 'text=help&text=panic', '']) {
      expect((await world.post('application/x-www-form-urlencoded', body, { headers })).status).toBe(401);
    }
    expect(world.calls).toEqual([]);
  });
});

describe('the same bytes a second time', () => {
  test('are acknowledged and do nothing', async () => {
    world = await startWorld();
    const body = new URLSearchParams({
      command: '/runbook',
      text: 'new',
      team_id: 'T1',
      user_id: BOB,
      channel_id: 'C1',
      trigger_id: 't',
    }).toString();
    const stamp = String(Math.floor(Date.now() / 1000));
    const signature = `v0=${createHmac('sha256', 'a-signing-secret-for-tests').update(`v0:${stamp}:${body}`).digest('hex')}`;
    const headers = { 'x-slack-request-timestamp': stamp, 'x-slack-signature': signature };
    const send = () => world.post('application/x-www-form-urlencoded', body, { headers });
    expect([(await send()).status, (await send()).status, (await send()).status]).toEqual([200, 200, 200]);
    expect(world.views()).toHaveLength(1);
    expect(world.lines.filter(({ msg }) => String(msg).includes('came twice'))).toHaveLength(2);
  });

  test('do nothing either when nobody can say whether they came before', async () => {
    world = await startWorld({ seenBefore: async () => Promise.reject(new Error('database away')) });
    world.putRun(buildRun());
    const sent = world.press('pause_run', `v1.${RUN}`).catch(() => null); // Slack waits; the test does not
    await eventually(
      () => world.lines,
      (lines) => lines.some(({ msg }) => String(msg).includes('failed')),
    );
    expect((await world.run())?.status).toBe('running');
    await world.close();
    await sent;
    world = await startWorld();
  });
});

describe('a request for another workspace, however well it is signed', () => {
  test('presses no button', async () => {
    world = await startWorld();
    world.putRun(buildRun());
    await world.press('pause_run', `v1.${RUN}`, { teamId: 'T2' });
    expect((await world.run())?.status).toBe('running');
    expect(world.calls).toEqual([]);
  });

  test('stops nothing', async () => {
    world = await startWorld();
    const before = world.recorded();
    await world.react('octagonal_sign', undefined, 'T2');
    expect([world.recorded(), world.calls.length]).toEqual([before, 0]);
  });
});

test('no app is made with an empty signing secret', async () => {
  world = await startWorld();
  const { workspaces, deps } = world;
  const make = () =>
    createSlackApp(async () => null, {
      workspaces,
      signingSecret: '',
      clock: deps.clock,
      logger: deps.logger,
    });
  expect(make).toThrow();
});
