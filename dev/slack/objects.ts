import type { Json } from './json.ts';
import {
  APP_ID,
  BOT_ID,
  BOT_USER_ID,
  type Channel,
  findPerson,
  OTHER_TEAM_ID,
  type Person,
  TEAM_ID,
} from './people.ts';
import type { Message, View } from './state.ts';

/** The `user` object of users.info and users.list for this person, as the bot token of our workspace sees it. */
export function userObject(one: Person): Record<string, unknown> {
  const common = {
    id: one.id,
    team_id: one.teamId,
    name: one.name,
    deleted: one.deleted,
    profile: {
      real_name: one.realName,
      real_name_normalized: one.realName,
      display_name: one.name,
      display_name_normalized: one.name,
      avatar_hash: 'simulator',
      team: one.teamId,
    },
    is_bot: one.isBot,
    is_app_user: false,
    updated: 1_700_000_000,
  };
  if (one.deleted) return common;
  const known = {
    ...common,
    color: one.color,
    real_name: one.realName,
    tz: 'Etc/UTC',
    tz_label: 'UTC',
    tz_offset: 0,
  };
  if (one.teamId !== TEAM_ID) return one.isStranger ? { ...known, is_stranger: true } : known;
  return {
    ...known,
    is_admin: one.isAdmin,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: one.isRestricted,
    is_ultra_restricted: one.isUltraRestricted,
    is_email_confirmed: true,
  };
}

/** The `channel` object of conversations.info. */
export function channelObject(one: Channel): Record<string, unknown> {
  const note = (value: string) => ({
    value,
    creator: findPerson('alice')?.id ?? '',
    last_set: 1_700_000_000,
  });
  return {
    id: one.id,
    name: one.name,
    name_normalized: one.name,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: false,
    is_archived: false,
    is_general: one.name === 'general',
    is_shared: one.isExtShared,
    is_ext_shared: one.isExtShared,
    is_org_shared: false,
    is_pending_ext_shared: false,
    is_member: one.hasBot,
    created: 1_700_000_000,
    creator: findPerson('alice')?.id ?? '',
    shared_team_ids: one.isExtShared ? [TEAM_ID, OTHER_TEAM_ID] : [TEAM_ID],
    context_team_id: TEAM_ID,
    topic: note(one.topic),
    purpose: note(''),
  };
}

/** `thread_ts` of a reply, and of a first message once it has replies, as Slack sends it. */
export function thread(message: Message): Json {
  if (message.threadTs !== null) return { thread_ts: message.threadTs };
  return message.hasReplies ? { thread_ts: message.ts } : {};
}

/** A message as Slack sends it, in answers and in payloads. */
export function messageObject(message: Message): Json {
  const byApp = message.user === BOT_USER_ID;
  return {
    ...(byApp ? { bot_id: BOT_ID, app_id: APP_ID } : {}),
    ...(message.clientMsgId === null ? {} : { client_msg_id: message.clientMsgId }),
    ...(message.broadcast ? { subtype: 'thread_broadcast' } : {}),
    type: 'message',
    text: message.text,
    user: message.user,
    ts: message.ts,
    team: TEAM_ID,
    ...(byApp ? { bot_profile: BOT_PROFILE } : {}),
    ...thread(message),
    ...(message.edited === null ? {} : { edited: message.edited }),
    ...(message.blocks.length === 0 ? {} : { blocks: message.blocks }),
  };
}

const BOT_PROFILE: Json = {
  id: BOT_ID,
  deleted: false,
  name: 'dd0c/run',
  updated: 1_700_000_000,
  app_id: APP_ID,
  icons: { image_36: '', image_48: '', image_72: '' },
  team_id: TEAM_ID,
};

/** A modal as Slack sends it, in answers and in payloads. */
export function viewObject(view: View): Json {
  const { content } = view;
  return {
    id: view.id,
    team_id: TEAM_ID,
    type: 'modal',
    blocks: view.blocks,
    private_metadata: content.private_metadata ?? '',
    callback_id: content.callback_id ?? '',
    state: { values: view.values },
    hash: view.hash,
    title: content.title,
    clear_on_close: content.clear_on_close ?? false,
    notify_on_close: content.notify_on_close ?? false,
    close: content.close ?? null,
    submit: content.submit ?? null,
    previous_view_id: view.previousId,
    root_view_id: view.rootId,
    app_id: APP_ID,
    external_id: content.external_id ?? '',
    app_installed_team_id: TEAM_ID,
    bot_id: BOT_ID,
  };
}
