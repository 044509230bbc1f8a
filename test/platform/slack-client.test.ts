import { afterEach, describe, expect, test } from '@jest/globals';
import { ErrorCode } from '@slack/web-api';
import { createSlackClient, toPerson } from '../../src/platform/slack-client.ts';
import { asRefused } from '../../src/platform/slack-errors.ts';
import { tenantId } from '../../src/protocol/ids.ts';
import { type FakeSlack, startFakeSlack } from '../handlers/slack/fake-slack.ts';

const TEAM = tenantId('T1');
const FULL = { id: 'U1', team_id: 'T1' };

describe('whom the workspace vouches for', () => {
  test.each([
    ['a full member', FULL, 'member', false],
    ['an admin', { ...FULL, is_admin: true }, 'member', true],
    ['an owner', { ...FULL, is_owner: true }, 'member', true],
    ['somebody of another workspace', { ...FULL, team_id: 'T2' }, 'outsider', false],
    ['somebody of nobody knows which', { id: 'U1' }, 'outsider', false],
    ['a stranger of a shared channel', { ...FULL, is_stranger: true }, 'outsider', false],
    ['a guest of many channels', { ...FULL, is_restricted: true }, 'outsider', false],
    ['a guest of one channel', { ...FULL, is_ultra_restricted: true }, 'outsider', false],
    ['a bot', { ...FULL, is_bot: true }, 'outsider', false],
    ['a workflow', { ...FULL, is_workflow_bot: true }, 'outsider', false],
    ['somebody who left', { ...FULL, deleted: true }, 'outsider', false],
    ['an admin of another workspace', { ...FULL, team_id: 'T2', is_admin: true }, 'outsider', true],
  ])('%s', (_, user, standing, admin) => {
    expect(toPerson(user, TEAM)).toEqual({ user: 'U1', standing, admin });
  });
});

describe('how many people could act', () => {
  let slack: FakeSlack;
  afterEach(() => slack.close());

  const census = async (...pages: object[][]) => {
    slack = await startFakeSlack({
      'users.list': ({ fields }) => {
        const page = Number(fields.cursor ?? 0);
        const next = page + 1 < pages.length ? String(page + 1) : '';
        return { members: pages[page] ?? [], response_metadata: { next_cursor: next } };
      },
    });
    return createSlackClient({ token: 'xoxb-1', apiUrl: slack.apiUrl, team: TEAM }).census({});
  };
  const person = (id: string, overrides = {}) => ({ ...FULL, id, ...overrides });
  const machine = { is_bot: true };

  test('is counted over all pages, without bots, guests, leavers and strangers', async () => {
    const others = [person('U2', machine), person('U3', { deleted: true }), person('U4', { team_id: 'T2' })];
    expect(await census([person('USLACKBOT'), ...others], [person('U1', { is_admin: true })])).toEqual({
      members: 1,
      admins: 1,
    });
  });

  test('ends where more would change nothing', async () => {
    const [one, two] = [person('U1', { is_admin: true }), person('U2', { is_owner: true })];
    expect(await census([one, two], [person('U3')])).toEqual({ members: 2, admins: 2 });
    expect(slack.asked).toHaveLength(1);
  });
});

describe('what Slack answers instead of showing a message', () => {
  const error = (fields: object) => Object.assign(new Error('x'), fields);
  test.each([
    [
      'wait as long as it says',
      { code: ErrorCode.RateLimitedError, retryAfter: 30 },
      { kind: 'later', waitMs: 30_000 },
    ],
    [
      'wait a second when it does not say',
      { code: ErrorCode.RateLimitedError, retryAfter: 0 },
      { kind: 'later', waitMs: 1_000 },
    ],
    [
      'wait, said the other way',
      { code: ErrorCode.PlatformError, data: { error: 'ratelimited' } },
      { kind: 'later', waitMs: 1_000 },
    ],
    [
      'never',
      { code: ErrorCode.PlatformError, data: { error: 'msg_too_long' } },
      { kind: 'refused', reason: 'msg_too_long' },
    ],
    ['a fault of the network is no answer', { code: ErrorCode.RequestError }, null],
    ['a fault of Slack’s server is no answer', { code: ErrorCode.HTTPError }, null],
    ['a fault of ours is no answer', {}, null],
  ])('%s', (_, fields, answer) => {
    expect(asRefused(error(fields))).toEqual(answer);
  });

  test('nothing that is no error is an answer', () => {
    expect(asRefused('ratelimited')).toBeNull();
  });
});
