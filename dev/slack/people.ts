/** Accounts, channels and workspaces: what Slack would tell an app about each. Who there is stands in teams.ts. */

/** The app. It is the same in every workspace; a workspace knows it by a bot user of its own. */
export const APP_ID = 'A0DD0C0001';
export const SLACKBOT_ID = 'USLACKBOT';
/** The legacy verification token of each payload; apps are told not to trust it, so it is a fixed word. */
export const VERIFICATION_TOKEN = 'simulator';

/** One account as a workspace sees it. `note` is shown beside the "act as" switch. */
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

/** A channel. `sharedWith` has the ids of the other workspaces in it; `hasBot` is whether the app was invited. */
export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly topic: string;
  readonly sharedWith: readonly string[];
  readonly hasBot: boolean;
}

/** A workspace: its ids, the app's bot user in it, who is to be seen there, and where they talk. */
export interface Team {
  /** What tests and the page call it. */
  readonly key: string;
  readonly id: string;
  readonly domain: string;
  readonly name: string;
  readonly botId: string;
  readonly botUserId: string;
  readonly people: readonly Person[];
  readonly channels: readonly Channel[];
  /** Who the page offers under "act as", by name. Tests may act as anyone who is a person. */
  readonly actAs: readonly string[];
}

/** The person with this id or name; undefined when there is none. */
export function findPerson(team: Team, key: string): Person | undefined {
  return team.people.find((one) => one.id === key || one.name === key);
}

/** The channel with this id, `name` or `#name`; undefined when there is none. */
export function findChannel(team: Team, key: string): Channel | undefined {
  return team.channels.find((one) => one.id === key || one.name === key || `#${one.name}` === key);
}

/** True when the person is of this workspace and not an app: whose slash commands and shortcuts Slack passes on. */
export function isOurs(team: Team, one: Person): boolean {
  return one.teamId === team.id && !one.isBot;
}

/** True when Slack's consent page lets the person install an app: a full member, still there. */
export function mayInstall(team: Team, one: Person): boolean {
  return isOurs(team, one) && one.id !== SLACKBOT_ID && !one.deleted && !one.isRestricted;
}
