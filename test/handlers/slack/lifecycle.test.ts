import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Installation } from '../../../src/platform/workspaces.ts';
import { TENANT } from '../../support/builders.ts';
import { installation, startWorld, type World } from './world.ts';

let world: World;
let pauses: [string, number][];
beforeEach(async () => {
  pauses = [];
  world = await startWorld({ onPause: (tenant, epoch) => void pauses.push([tenant, epoch]) });
});
afterEach(() => world.close());

const NOW_S = () => Math.floor(Date.now() / 1000);

function tell(event: object, { seconds = NOW_S(), team = TENANT as string, id = 'Ev1' } = {}) {
  return world.post(
    'application/json',
    JSON.stringify({
      type: 'event_callback',
      team_id: team,
      api_app_id: 'A1',
      event_id: id,
      event_time: seconds,
      authorizations: [],
      event,
    }),
  );
}
const uninstalled = { type: 'app_uninstalled' };
const revoked = (...bot: string[]) => ({ type: 'tokens_revoked', tokens: { oauth: [], bot } });
const installed = () => world.workspaces.kept.has(TENANT);
const keep = (overrides: Partial<Installation>) =>
  world.workspaces.kept.set(TENANT, installation(TENANT, overrides));
/** As if it was installed an hour ago. */
const long = { installedAt: Date.now() - 3_600_000 };

describe('when the app is uninstalled', () => {
  test('the token is wiped, and agents are told at once that everything stops', async () => {
    keep(long);
    expect((await tell(uninstalled)).status).toBe(200);
    expect(installed()).toBe(false);
    expect(pauses).toEqual([[TENANT, 7]]);
  });

  test('both events, in any order and more than once, end it once', async () => {
    keep(long);
    await tell(revoked('UBOT'), { id: 'a' });
    await tell(uninstalled, { id: 'b' });
    await tell(uninstalled, { id: 'c' });
    await tell(revoked('UBOT'), { id: 'd' });
    expect([installed(), pauses.length]).toEqual([false, 1]);
  });

  test('right after it was installed, Slack is asked, and its no ends it', async () => {
    world.workspaces.slack.accepted = false;
    await tell(uninstalled);
    expect(installed()).toBe(false);
  });

  test('and Slack cannot be asked, it ends: stopping is the safe side', async () => {
    world.workspaces.accepts = () => Promise.reject(new Error('away'));
    await tell(uninstalled);
    expect(installed()).toBe(false);
  });

  test('in another workspace, this one goes on', async () => {
    keep(long);
    await tell(uninstalled, { team: 'T2' });
    expect(installed()).toBe(true);
  });
});

describe('an end that comes after the workspace installed the app again leaves the new installation alone', () => {
  test('when it happened well before', async () => {
    world.workspaces.slack.accepted = false; // not even asked
    await tell(uninstalled, { seconds: NOW_S() - 3600 });
    expect([installed(), pauses]).toEqual([true, []]);
  });

  test('when it happened about then and Slack takes the new token', async () => {
    await tell(uninstalled, { seconds: NOW_S() - 1, id: 'a' });
    await tell(revoked('UBOT'), { seconds: NOW_S(), id: 'b' });
    expect([installed(), pauses]).toEqual([true, []]);
  });
});

describe('revoked tokens', () => {
  test('of the bot end the installation', async () => {
    keep(long);
    await tell(revoked('UBOT'));
    expect(installed()).toBe(false);
  });

  test.each([
    ['of an earlier bot', revoked('UOLD')],
    ['of people only', { type: 'tokens_revoked', tokens: { oauth: ['UBOB'] } }],
    ['of nobody', { type: 'tokens_revoked', tokens: {} }],
  ])('%s change nothing', async (_, event) => {
    keep(long);
    await tell(event);
    expect(installed()).toBe(true);
  });

  test('that Slack could not be handled for, for want of a database, are sent again', async () => {
    keep(long);
    const { remove } = world.workspaces;
    world.workspaces.remove = () => Promise.reject(new Error('database away'));
    expect((await tell(revoked('UBOT'), { id: 'a' })).status).toBe(500);
    world.workspaces.remove = remove;
    await tell(revoked('UBOT'), { id: 'b' });
    expect(installed()).toBe(false);
  });
});
