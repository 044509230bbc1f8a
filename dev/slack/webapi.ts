import { APP_METHODS, type ApiAnswer, type Credentials, fail } from './appapi.ts';
import type { Grant } from './grants.ts';
import { type Json, parseJson } from './json.ts';
import {
  blockErrors,
  blockTextLength,
  MAX_BLOCK_TEXT,
  MAX_TEXT,
  MAX_UPDATE_TEXT,
  MAX_VIEW_BYTES,
  viewErrors,
} from './limits.ts';
import { channelObject, messageObject, userObject, viewObject } from './objects.ts';
import { type Channel, findPerson } from './people.ts';
import type { Platform } from './platform.ts';
import type { Workspace } from './state.ts';

/** Who calls: the workspace of the token, and the token. */
interface Api {
  readonly workspace: Workspace;
  readonly grant: Grant;
  readonly platform: Platform;
}
type Method = { readonly scope: string | null; readonly run: (api: Api, args: Json) => ApiAnswer };

/** `messages` as Slack attaches them to errors in arguments. */
const withMessages = (errors: readonly string[]): Json => ({
  response_metadata: { messages: errors.map((error) => `[ERROR] ${error}`) },
});
const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '');
/** Form bodies carry JSON in strings and booleans as words; JSON bodies carry them as they are. */
const truth = (value: unknown): boolean => value === true || value === 'true' || value === '1';

/** A JSON argument, from a form or from a JSON body; undefined when it is absent, null when it cannot be read. */
function jsonOf(value: unknown): unknown {
  return typeof value === 'string' ? (parseJson(value) ?? null) : value;
}

type Content = { readonly text: string; readonly blocks: readonly Json[] };

/** Text and blocks of a message that Slack would take, or its error. */
function content(args: Json): Content | ApiAnswer {
  const text = stringOf(args.text);
  const blocks = jsonOf(args.blocks) ?? [];
  if (args.blocks !== undefined && jsonOf(args.blocks) === null) return fail('invalid_blocks_format');
  if (!Array.isArray(blocks)) return fail('invalid_blocks_format');
  const errors = blockErrors(blocks, 'message');
  if (errors.length > 0) return fail('invalid_blocks', { errors, ...withMessages(errors) });
  if (text === '' && blocks.length === 0) return fail('no_text');
  return { text, blocks };
}

function channelIn({ team }: Workspace, args: Json): Channel | null {
  return team.channels.find((one) => one.id === args.channel) ?? null;
}

/** The thread a new message goes into: null for none, an error when its first message is not there. */
function thread(
  workspace: Workspace,
  channel: Channel,
  ts: unknown,
): { threadTs: string | null } | ApiAnswer {
  if (ts === undefined || ts === '') return { threadTs: null };
  const root = workspace.message(channel.id, stringOf(ts));
  if (!root || root.threadTs !== null || root.visibleTo !== null) return fail('cannot_reply_to_message');
  return { threadTs: root.ts };
}

function authTest({ workspace: { team } }: Api): ApiAnswer {
  return {
    ok: true,
    url: `https://${team.domain}.slack.com/`,
    team: team.name,
    user: findPerson(team, team.botUserId)?.name,
    team_id: team.id,
    user_id: team.botUserId,
    bot_id: team.botId,
    is_enterprise_install: false,
  };
}

function postMessage({ workspace }: Api, args: Json): ApiAnswer {
  const channel = channelIn(workspace, args);
  if (!channel) return fail('channel_not_found');
  if (!channel.hasBot) return fail('not_in_channel');
  const said = content(args);
  if ('ok' in said) return said;
  if (blockTextLength(said.blocks) > MAX_BLOCK_TEXT) return fail('msg_blocks_too_long');
  const where = thread(workspace, channel, args.thread_ts);
  if ('ok' in where) return where;
  const message = workspace.post({
    channel: channel.id,
    user: workspace.team.botUserId,
    text: said.text.slice(0, MAX_TEXT),
    blocks: said.blocks,
    threadTs: where.threadTs,
    broadcast: where.threadTs !== null && truth(args.reply_broadcast),
  });
  return { ok: true, channel: channel.id, ts: message.ts, message: messageObject(workspace.team, message) };
}

function updateMessage({ workspace }: Api, args: Json): ApiAnswer {
  const channel = channelIn(workspace, args);
  if (!channel?.hasBot) return fail('channel_not_found');
  const message = workspace.message(channel.id, stringOf(args.ts));
  if (!message || message.visibleTo !== null) return fail('message_not_found');
  if (message.user !== workspace.team.botUserId) return fail('cant_update_message');
  const said = content(args);
  if ('ok' in said) return said;
  if ([...said.text].length > MAX_UPDATE_TEXT) return fail('msg_too_long');
  if (blockTextLength(said.blocks) > MAX_BLOCK_TEXT) return fail('msg_too_long');
  workspace.rewrite(message, said.text, said.blocks);
  const { ts: _ts, ...shown } = messageObject(workspace.team, message);
  return { ok: true, channel: channel.id, ts: message.ts, text: message.text, message: shown };
}

function postEphemeral({ workspace }: Api, args: Json): ApiAnswer {
  const channel = channelIn(workspace, args);
  if (!channel) return fail('channel_not_found');
  if (!channel.hasBot) return fail('not_in_channel');
  const reader = workspace.team.people.find((one) => one.id === args.user);
  if (!reader || reader.isStranger || reader.deleted || reader.isBot) return fail('user_not_in_channel');
  const said = content(args);
  if ('ok' in said) return said;
  if (blockTextLength(said.blocks) > MAX_BLOCK_TEXT) return fail('msg_too_long');
  const where = thread(workspace, channel, args.thread_ts);
  if ('ok' in where) return where;
  const message = workspace.post({
    channel: channel.id,
    user: workspace.team.botUserId,
    text: said.text.slice(0, MAX_TEXT),
    blocks: said.blocks,
    threadTs: where.threadTs,
    visibleTo: reader.id,
  });
  return { ok: true, message_ts: message.ts };
}

/** A modal Slack would take, or its error. */
function modal(args: Json): { view: Json } | ApiAnswer {
  const view = jsonOf(args.view);
  if (JSON.stringify(view ?? null).length > MAX_VIEW_BYTES) return fail('view_too_large');
  const errors = viewErrors(view);
  if (errors.length > 0) return fail('invalid_arguments', withMessages(errors));
  return { view: view as Json };
}

function viewsOpen({ workspace }: Api, args: Json): ApiAnswer {
  const asked = modal(args);
  if ('ok' in asked) return asked;
  const spent = workspace.spendTrigger(args.trigger_id);
  if ('error' in spent) return fail(spent.error);
  const external = asked.view.external_id;
  if (external && workspace.views.some((one) => one.content.external_id === external)) {
    return fail('duplicate_external_id');
  }
  return { ok: true, view: viewObject(workspace.team, workspace.openView(spent.user, asked.view)) };
}

function viewsUpdate({ workspace }: Api, args: Json): ApiAnswer {
  const asked = modal(args);
  if ('ok' in asked) return asked;
  const view = workspace.views.find(
    (one) => one.id === args.view_id || (args.external_id && one.content.external_id === args.external_id),
  );
  if (!view) return fail('not_found');
  if (args.hash !== undefined && args.hash !== '' && args.hash !== view.hash) return fail('hash_conflict');
  workspace.setView(view, asked.view);
  return { ok: true, view: viewObject(workspace.team, view) };
}

function usersInfo({ workspace: { team } }: Api, args: Json): ApiAnswer {
  const found = team.people.find((one) => one.id === args.user);
  return found ? { ok: true, user: userObject(team, found) } : fail('user_not_found');
}

/** Pages through everyone, strangers and Slackbot included; the cursor is opaque, as Slack's is. */
function usersList({ workspace }: Api, args: Json): ApiAnswer {
  const { people } = workspace.team;
  const limit = Number(args.limit ?? 0);
  if (!Number.isInteger(limit) || limit < 0 || limit > 1000) return fail('invalid_limit');
  const cursor = Buffer.from(stringOf(args.cursor), 'base64')
    .toString('utf8')
    .replace(/^user:/, '');
  const start = cursor === '' ? 0 : people.findIndex((one) => one.id === cursor);
  if (start < 0) return fail('invalid_cursor');
  const end = start + (limit === 0 ? people.length : limit);
  const next = people[end];
  return {
    ok: true,
    members: people.slice(start, end).map((one) => userObject(workspace.team, one)),
    cache_ts: Math.floor(workspace.now() / 1000),
    response_metadata: { next_cursor: next ? Buffer.from(`user:${next.id}`).toString('base64') : '' },
  };
}

function conversationsInfo({ workspace }: Api, args: Json): ApiAnswer {
  const channel = channelIn(workspace, args);
  return channel ? { ok: true, channel: channelObject(workspace.team, channel) } : fail('channel_not_found');
}

/** With `test` the token is left alone: docs.slack.dev/reference/methods/auth.revoke */
function authRevoke({ platform, grant }: Api, args: Json): ApiAnswer {
  const revoked = !truth(args.test);
  if (revoked) void platform.revoke(grant);
  return { ok: true, revoked };
}

function appsUninstall({ platform, workspace }: Api, args: Json): ApiAnswer {
  const error = platform.oauth.credentialError(args.client_id, args.client_secret);
  if (error !== null) return fail(error);
  void platform.uninstall(workspace);
  return { ok: true };
}

/** Scopes as in Slack's method reference. */
const METHODS: Readonly<Record<string, Method>> = {
  'auth.test': { scope: null, run: authTest },
  'chat.postMessage': { scope: 'chat:write', run: postMessage },
  'chat.update': { scope: 'chat:write', run: updateMessage },
  'chat.postEphemeral': { scope: 'chat:write', run: postEphemeral },
  'views.open': { scope: null, run: viewsOpen },
  'views.update': { scope: null, run: viewsUpdate },
  'users.info': { scope: 'users:read', run: usersInfo },
  'users.list': { scope: 'users:read', run: usersList },
  'conversations.info': { scope: 'channels:read', run: conversationsInfo },
  'auth.revoke': { scope: null, run: authRevoke },
  'apps.uninstall': { scope: null, run: appsUninstall },
};

/** The methods the simulator answers; any other gets `unknown_method`. */
export const METHOD_NAMES: readonly string[] = [...Object.keys(METHODS), ...Object.keys(APP_METHODS)];

/**
 * Answers one Web API call: token and scope first, then the method, in the workspace of the token. The token is that of the
 * Authorization header or the body. Errors are values in Slack's shape.
 */
export function callMethod(platform: Platform, method: string, by: Credentials, args: Json): ApiAnswer {
  const ofApp = Object.hasOwn(APP_METHODS, method) ? APP_METHODS[method] : undefined;
  if (ofApp) return ofApp(platform, by, args);
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (!known) return fail('unknown_method', { req_method: method });
  if (by.token === null) return fail('not_authed');
  const grant = platform.grants.find(by.token);
  if (!grant) return fail('invalid_auth');
  if (grant.dead !== null) return fail(grant.dead);
  if (known.scope !== null && !grant.scopes.includes(known.scope)) {
    return fail('missing_scope', { needed: known.scope, provided: grant.scopes.join(',') });
  }
  return known.run({ workspace: grant.workspace, grant, platform }, args);
}
