import { describe, expect, test } from '@jest/globals';
import { ErrorCode } from '@slack/web-api';
import { toPerson } from '../../src/platform/slack-client.ts';
import { asRefused } from '../../src/platform/slack-errors.ts';
import { tenantId } from '../../src/protocol/ids.ts';

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
