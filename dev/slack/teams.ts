import { type Person, SLACKBOT_ID, type Team } from './people.ts';

/** The seed of the simulator: two workspaces that share a channel, and a third that is only seen from outside. */

/** The first workspace, where the app is installed from the start. */
export const TEAM_ID = 'T0DD0C0001';
export const BOT_USER_ID = 'U0DD0CB0T1';
/** The second workspace, where the app is not installed until someone does. */
export const ACME_TEAM_ID = 'T0ACME0001';
/** The workspace of people who are here through Slack Connect and have no page. */
export const OTHER_TEAM_ID = 'T0THER0001';
/** The token of the first workspace. Like every other it opens nothing outside this machine. */
export const BOT_TOKEN = 'xoxb-simulator';

const person = (
  fields: Pick<Person, 'id' | 'name' | 'realName' | 'color' | 'note' | 'teamId'> & Partial<Person>,
): Person => ({
  isAdmin: false,
  isRestricted: false,
  isUltraRestricted: false,
  isStranger: false,
  isBot: false,
  deleted: false,
  ...fields,
});

const slackbot = (teamId: string): Person =>
  person({
    id: SLACKBOT_ID,
    name: 'slackbot',
    realName: 'Slackbot',
    color: '757575',
    note: 'Slack itself',
    teamId,
  });

const alice = {
  id: 'U0AL1CE001',
  name: 'alice',
  realName: 'Alice Moreau',
  color: '4a154b',
  teamId: TEAM_ID,
};
const wanda = {
  id: 'U0WANDA001',
  name: 'wanda',
  realName: 'Wanda Keller',
  color: '8a2f63',
  teamId: ACME_TEAM_ID,
};

/**
 * The first workspace. eve and wanda share channels through Slack Connect, so Slack sends no `is_stranger` for them and only
 * `team_id` tells (docs.slack.dev/reference/objects/user-object); mallory shares none and is a stranger. #general is a channel
 * the app was never invited to.
 */
export const DD0C: Team = {
  key: 'dd0c',
  id: TEAM_ID,
  domain: 'dd0c-demo',
  name: 'dd0c demo',
  botId: 'B0DD0C0001',
  botUserId: BOT_USER_ID,
  actAs: ['alice', 'bob', 'eve'],
  people: [
    person({ ...alice, note: 'full member, admin', isAdmin: true }),
    person({
      id: 'U0B0B00001',
      name: 'bob',
      realName: 'Bob Okafor',
      color: '1264a3',
      note: 'full member',
      teamId: TEAM_ID,
    }),
    person({
      id: 'U0EVE00001',
      name: 'eve',
      realName: 'Eve Lindqvist',
      color: 'b35c00',
      note: 'outsider through Slack Connect',
      teamId: OTHER_TEAM_ID,
    }),
    person({
      id: 'U0GUS00001',
      name: 'gus',
      realName: 'Gus Tanaka',
      color: '2b7a4b',
      note: 'guest',
      teamId: TEAM_ID,
      isRestricted: true,
    }),
    person({
      id: 'U0S1D00001',
      name: 'sid',
      realName: 'Sid Park',
      color: '7a5c2b',
      note: 'single-channel guest',
      teamId: TEAM_ID,
      isRestricted: true,
      isUltraRestricted: true,
    }),
    person({
      id: 'U0DAN00001',
      name: 'dan',
      realName: 'Dan Rossi',
      color: '616061',
      note: 'deactivated',
      teamId: TEAM_ID,
      deleted: true,
    }),
    person({
      id: 'U0MAL00001',
      name: 'mallory',
      realName: 'Mallory Finch',
      color: '8b1a1a',
      note: 'stranger of another workspace',
      teamId: OTHER_TEAM_ID,
      isStranger: true,
    }),
    person({ ...wanda, note: 'outsider through Slack Connect, admin at Acme' }),
    person({
      id: BOT_USER_ID,
      name: 'dd0crun',
      realName: 'dd0c/run',
      color: '0b5d52',
      note: 'the app',
      teamId: TEAM_ID,
      isBot: true,
    }),
    slackbot(TEAM_ID),
  ],
  channels: [
    {
      id: 'C0PS000001',
      name: 'ops',
      topic: 'Day to day operations',
      sharedWith: [OTHER_TEAM_ID, ACME_TEAM_ID],
      hasBot: true,
    },
    {
      id: 'C0PAY00001',
      name: 'payments',
      topic: 'The payments service',
      sharedWith: [OTHER_TEAM_ID],
      hasBot: true,
    },
    {
      id: 'C0GEN00001',
      name: 'general',
      topic: 'The app was not invited here',
      sharedWith: [],
      hasBot: false,
    },
  ],
};

/**
 * The second workspace. #ops has the id it has in the first, because it is shared, and alice is to be seen in it; yet messages
 * are kept apart, so that whatever of one workspace turns up in the other came there by mistake.
 */
export const ACME: Team = {
  key: 'acme',
  id: ACME_TEAM_ID,
  domain: 'acme-demo',
  name: 'Acme',
  botId: 'B0ACME0001',
  botUserId: 'U0ACMEB0T1',
  actAs: ['wanda', 'walt', 'alice'],
  people: [
    person({ ...wanda, note: 'full member, admin', isAdmin: true }),
    person({
      id: 'U0WALT0001',
      name: 'walt',
      realName: 'Walt Brandt',
      color: '1f6f8b',
      note: 'full member',
      teamId: ACME_TEAM_ID,
    }),
    person({ ...alice, note: 'outsider through Slack Connect, admin at dd0c demo' }),
    person({
      id: 'U0ACMEB0T1',
      name: 'dd0crun',
      realName: 'dd0c/run',
      color: '0b5d52',
      note: 'the app',
      teamId: ACME_TEAM_ID,
      isBot: true,
    }),
    slackbot(ACME_TEAM_ID),
  ],
  channels: [
    {
      id: 'C0PS000001',
      name: 'ops',
      topic: 'Shared with dd0c demo',
      sharedWith: [TEAM_ID],
      hasBot: true,
    },
    { id: 'C0ACME0001', name: 'platform', topic: 'Acme’s own platform', sharedWith: [], hasBot: true },
  ],
};

/** Every workspace, the one with the app first. */
export const TEAMS: readonly Team[] = [DD0C, ACME];
