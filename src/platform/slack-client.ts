import { WebClient, type WebClientOptions } from '@slack/web-api';
import { z } from 'zod';
import { type TenantId, tenantId, type UserId, userId } from '../protocol/ids.ts';
import { createTally } from '../tenant/census.ts';
import type { Directory, Person } from '../tenant/person.ts';
import { asRefused } from './slack-errors.ts';

/** What the app may do in a workspace: the bot scopes of manifest.yml (a test compares them). */
export const BOT_SCOPES = ['commands', 'chat:write', 'users:read', 'reactions:read'] as const;

/** A message of ours: what to show and where. */
export interface SlackMessage {
  readonly channel: string;
  readonly text: string;
  readonly blocks: readonly object[];
}

export type Posted =
  | { readonly kind: 'shown'; readonly ts: string }
  /** Slack asked to wait this long (ms). */
  | { readonly kind: 'later'; readonly waitMs: number }
  /** Slack will never show this; the reason is Slack's own word. */
  | { readonly kind: 'refused'; readonly reason: string };

/** What we ask of Slack. The bot token is one workspace's and never leaves this object. */
export interface SlackClient extends Directory {
  post(message: SlackMessage, threadTs: string | null): Promise<Posted>;
  update(message: SlackMessage, ts: string): Promise<Posted>;
  /** A line that only one person sees. */
  whisper(channel: string, user: UserId, text: string, threadTs?: string): Promise<void>;
  openView(triggerId: string, view: object): Promise<void>;
}

const userSchema = z.object({
  id: z.string(),
  team_id: z.string().optional(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  is_workflow_bot: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  is_stranger: z.boolean().optional(),
  is_admin: z.boolean().optional(),
  is_owner: z.boolean().optional(),
});
type SlackUser = z.infer<typeof userSchema>;

const TIMEOUT_MS = 5_000;
const PAGE = 200; // Slack recommends at most 200 people a page (users.list)
const SLACKBOT = 'USLACKBOT'; // users.list names it as if it were a person

/**
 * How every client of ours asks Slack. A new object each time and never with `headers`: the SDK writes a client's
 * Authorization into them, so whoever shared them would speak with that client's token.
 */
export function webOptions(apiUrl?: string): WebClientOptions {
  return {
    ...(apiUrl ? { slackApiUrl: apiUrl } : {}),
    timeout: TIMEOUT_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
  };
}

/** Whose a bot token is, as Slack says it. */
export interface Identity {
  readonly tenant: TenantId;
  readonly botUserId: string;
  /** Slack does not always say of which app. */
  readonly appId: string | null;
  readonly scopes: readonly string[];
  /** Whether the token is of a whole Enterprise organisation. */
  readonly enterprise: boolean;
}

const identitySchema = z.object({
  team_id: z.string().min(1),
  user_id: z.string().min(1),
  app_id: z.string().min(1).nullish(),
  is_enterprise_install: z.boolean().nullish(),
  response_metadata: z.object({ scopes: z.array(z.string()).nullish() }).nullish(),
});

/** Asks Slack whose the token is (auth.test). Throws what Slack answers when the token is not good. */
export async function identify(token: string, apiUrl?: string): Promise<Identity> {
  const said = identitySchema.parse(await new WebClient(token, webOptions(apiUrl)).auth.test());
  return {
    tenant: tenantId(said.team_id),
    botUserId: said.user_id,
    appId: said.app_id ?? null,
    scopes: said.response_metadata?.scopes ?? [],
    enterprise: said.is_enterprise_install === true,
  };
}

/** What Slack answers to a token that will never work again (docs.slack.dev/reference/methods/auth.test). */
const DEAD = ['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired'];

/** Whether Slack still takes the token. Throws when Slack cannot be asked. */
export async function isAccepted(token: string, apiUrl?: string): Promise<boolean> {
  try {
    await identify(token, apiUrl);
    return true;
  } catch (error) {
    const refused = asRefused(error);
    if (refused?.kind === 'refused' && DEAD.includes(refused.reason)) return false;
    throw error;
  }
}

/** The Web API client of one workspace. The SDK's own retries are off: whether to try again is decided by the log. */
export function createSlackClient({
  token,
  apiUrl,
  team,
}: {
  token: string;
  apiUrl?: string;
  team: TenantId;
}): SlackClient {
  const web = new WebClient(token, webOptions(apiUrl));

  const show = async (call: () => Promise<{ ts?: string | undefined }>): Promise<Posted> => {
    try {
      return { kind: 'shown', ts: z.string().parse((await call()).ts) };
    } catch (error) {
      const refused = asRefused(error);
      if (refused) return refused;
      throw error;
    }
  };

  async function* people(): AsyncGenerator<SlackUser> {
    let cursor: string | undefined;
    do {
      const page = await web.users.list({ limit: PAGE, ...(cursor ? { cursor } : {}) });
      for (const member of z.array(userSchema).parse(page.members)) yield member;
      cursor = page.response_metadata?.next_cursor || undefined;
    } while (cursor);
  }

  return {
    post: ({ channel, text, blocks }, threadTs) =>
      show(() =>
        web.chat.postMessage({
          channel,
          text,
          blocks: [...blocks] as never,
          unfurl_links: false,
          unfurl_media: false,
          ...(threadTs ? { thread_ts: threadTs } : {}),
        }),
      ),
    update: ({ channel, text, blocks }, ts) =>
      show(() => web.chat.update({ channel, ts, text, blocks: [...blocks] as never })),
    whisper: async (channel, user, text, threadTs) => {
      await web.chat.postEphemeral({ channel, user, text, ...(threadTs ? { thread_ts: threadTs } : {}) });
    },
    openView: async (triggerId, view) => {
      await web.views.open({ trigger_id: triggerId, view: view as never });
    },
    person: async (user) => toPerson(userSchema.parse((await web.users.info({ user })).user), team),
    census: async (roles) => {
      const tally = createTally(roles);
      for await (const found of people()) {
        if (found.id !== SLACKBOT && tally.add(toPerson(found, team))) break;
      }
      return tally.census();
    },
  };
}

/** Whether Slack vouches for someone as a full, living, human member of this workspace. Any doubt makes an outsider. */
export function toPerson(user: SlackUser, team: TenantId): Person {
  const foreign = user.team_id !== team || user.is_stranger === true;
  const guest = user.is_restricted === true || user.is_ultra_restricted === true;
  const machine = user.is_bot === true || user.is_workflow_bot === true;
  const standing = foreign || guest || machine || user.deleted === true ? 'outsider' : 'member';
  return { user: userId(user.id), standing, admin: user.is_admin === true || user.is_owner === true };
}
