/** The seed of the simulated workspace: who is in it, where they talk, and what Slack would tell an app about each. */

/** Ids of the workspace, of the app in it, and of Slack’s own account. */
export const TEAM_ID = 'T0DD0C0001';
export const TEAM_DOMAIN = 'dd0c-demo';
export const TEAM_NAME = 'dd0c demo';
/** The workspace of people who are here through Slack Connect. */
export const OTHER_TEAM_ID = 'T0THER0001';
export const APP_ID = 'A0DD0C0001';
export const BOT_ID = 'B0DD0C0001';
export const BOT_USER_ID = 'U0DD0CB0T1';
export const SLACKBOT_ID = 'USLACKBOT';
/** The only token the simulator accepts. It opens nothing outside this machine. */
export const BOT_TOKEN = 'xoxb-simulator';
/** The legacy verification token of each payload; apps are told not to trust it, so it is a fixed word. */
export const VERIFICATION_TOKEN = 'simulator';

/** One account as the workspace sees it. `note` is shown beside the "act as" switch. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
  readonly teamId: string;
  readonly color: string;
  readonly note: string;
  readonly isAdmin: boolean;
  readonly isRestricted: boolean;
  readonly isUltraRestricted: boolean;
  readonly isStranger: boolean;
  readonly isBot: boolean;
  readonly deleted: boolean;
}

/** A channel. `hasBot` is whether the app was invited. */
export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly topic: string;
  readonly isExtShared: boolean;
  readonly hasBot: boolean;
}

const person = (
  fields: Pick<Person, 'id' | 'name' | 'realName' | 'color' | 'note'> & Partial<Person>,
): Person => ({
  teamId: TEAM_ID,
  isAdmin: false,
  isRestricted: false,
  isUltraRestricted: false,
  isStranger: false,
  isBot: false,
  deleted: false,
  ...fields,
});

/**
 * The accounts. eve shares the channels through Slack Connect, so Slack sends no `is_stranger` for her and only `team_id`
 * tells (docs.slack.dev/reference/objects/user-object); mallory shares none and is a stranger.
 */
export const PEOPLE: readonly Person[] = [
  person({
    id: 'U0AL1CE001',
    name: 'alice',
    realName: 'Alice Moreau',
    color: '4a154b',
    note: 'full member, admin',
    isAdmin: true,
  }),
  person({ id: 'U0B0B00001', name: 'bob', realName: 'Bob Okafor', color: '1264a3', note: 'full member' }),
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
    isRestricted: true,
  }),
  person({
    id: 'U0S1D00001',
    name: 'sid',
    realName: 'Sid Park',
    color: '7a5c2b',
    note: 'single-channel guest',
    isRestricted: true,
    isUltraRestricted: true,
  }),
  person({
    id: 'U0DAN00001',
    name: 'dan',
    realName: 'Dan Rossi',
    color: '616061',
    note: 'deactivated',
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
  person({
    id: BOT_USER_ID,
    name: 'dd0crun',
    realName: 'dd0c/run',
    color: '0b5d52',
    note: 'the app',
    isBot: true,
  }),
  person({ id: SLACKBOT_ID, name: 'slackbot', realName: 'Slackbot', color: '757575', note: 'Slack itself' }),
];

/** Who the page offers under "act as". Tests may act as anyone who is a person. */
export const PAGE_PEOPLE: readonly string[] = ['alice', 'bob', 'eve'];

/** Both channels are shared, which is how eve can be in them. #general is one the app was never invited to. */
export const CHANNELS: readonly Channel[] = [
  { id: 'C0PS000001', name: 'ops', topic: 'Day to day operations', isExtShared: true, hasBot: true },
  { id: 'C0PAY00001', name: 'payments', topic: 'The payments service', isExtShared: true, hasBot: true },
  {
    id: 'C0GEN00001',
    name: 'general',
    topic: 'The app was not invited here',
    isExtShared: false,
    hasBot: false,
  },
];

/** The person with this id or name; undefined when there is none. */
export function findPerson(key: string): Person | undefined {
  return PEOPLE.find((one) => one.id === key || one.name === key);
}

/** The channel with this id, `name` or `#name`; undefined when there is none. */
export function findChannel(key: string): Channel | undefined {
  return CHANNELS.find((one) => one.id === key || one.name === key || `#${one.name}` === key);
}

/** True when the person is of our workspace and not an app: whose slash commands and shortcuts Slack passes on. */
export function isOurs(one: Person): boolean {
  return one.teamId === TEAM_ID && !one.isBot;
}
