import type { Json } from './json.ts';
import { APP_ID, type Channel, type Person, type Team } from './people.ts';
import type { Message, View } from './state.ts';

/** The `user` object of users.info and users.list for this person, as the bot token of `team` sees it. */
export function userObject(team: Team, one: Person): Record<string, unknown> {
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
  if (one.teamId !== team.id) return one.isStranger ? { ...known, is_stranger: true } : known;
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
export function channelObject(team: Team, one: Channel): Record<string, unknown> {
  const creator = team.people.find((person) => person.isAdmin)?.id ?? '';
  const isExtShared = one.sharedWith.length > 0;
  const note = (value: string) => ({
    value,
    creator,
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
    is_shared: isExtShared,
    is_ext_shared: isExtShared,
    is_org_shared: false,
    is_pending_ext_shared: false,
    is_member: one.hasBot,
    created: 1_700_000_000,
    creator,
    shared_team_ids: [team.id, ...one.sharedWith],
    context_team_id: team.id,
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
export function messageObject(team: Team, message: Message): Json {
  const byApp = message.user === team.botUserId;
  return {
    ...(byApp ? { bot_id: team.botId, app_id: APP_ID } : {}),
    ...(message.clientMsgId === null ? {} : { client_msg_id: message.clientMsgId }),
    ...(message.broadcast ? { subtype: 'thread_broadcast' } : {}),
    type: 'message',
    text: message.text,
    user: message.user,
    ts: message.ts,
    team: team.id,
    ...(byApp ? { bot_profile: botProfile(team) } : {}),
    ...thread(message),
    ...(message.edited === null ? {} : { edited: message.edited }),
    ...(message.blocks.length === 0 ? {} : { blocks: message.blocks }),
  };
}

const botProfile = (team: Team): Json => ({
  id: team.botId,
  deleted: false,
  name: 'dd0c/run',
  updated: 1_700_000_000,
  app_id: APP_ID,
  icons: { image_36: '', image_48: '', image_72: '' },
  team_id: team.id,
});

/** A modal as Slack sends it, in answers and in payloads. */
export function viewObject(team: Team, view: View): Json {
  const { content } = view;
  return {
    id: view.id,
    team_id: team.id,
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
    app_installed_team_id: team.id,
    bot_id: team.botId,
  };
}
