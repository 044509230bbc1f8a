import { valuesOf } from './elements.ts';
import type { Json } from './json.ts';
import { messageObject, thread, viewObject } from './objects.ts';
import { APP_ID, type Channel, type Person, type Team, VERIFICATION_TOKEN } from './people.ts';
import type { Block, Message, Values, View, Workspace } from './state.ts';

/** Where a payload comes from: the workspace, the person who acted, and the simulator's own address for response URLs. */
export interface Scene {
  readonly workspace: Workspace;
  readonly person: Person;
  readonly origin: string;
}

const interaction = ({ workspace, person }: Scene): Json => ({
  user: { id: person.id, username: person.name, name: person.name, team_id: person.teamId },
  api_app_id: APP_ID,
  token: VERIFICATION_TOKEN,
  team: { id: workspace.team.id, domain: workspace.team.domain },
  enterprise: null,
  is_enterprise_install: false,
});

const place = (channel: Channel): Json => ({ id: channel.id, name: channel.name });

/** A slash command, as the fields of a form. */
export function slashCommand(
  scene: Scene,
  channel: Channel,
  command: string,
  text: string,
): Record<string, string> {
  const { workspace, person, origin } = scene;
  const hook = workspace.hook('commands', { channel: channel.id, user: person.id, messageTs: null });
  return {
    token: VERIFICATION_TOKEN,
    team_id: workspace.team.id,
    team_domain: workspace.team.domain,
    channel_id: channel.id,
    channel_name: channel.name,
    user_id: person.id,
    user_name: person.name,
    command,
    text,
    api_app_id: APP_ID,
    is_enterprise_install: 'false',
    response_url: origin + hook,
    trigger_id: workspace.trigger(person.id),
  };
}

/** What was used in a message or modal: the block it is in, and the `actions[0]` fields that say what was chosen. */
export interface Use {
  readonly block: Block;
  readonly action: Json;
}

/** A click or choice in a message. An ephemeral message is not in the payload, as Slack does not store it. */
export function messageAction(scene: Scene, channel: Channel, message: Message, use: Use): Json {
  const { workspace, person, origin } = scene;
  const messageTs = message.ts;
  const isEphemeral = message.visibleTo !== null;
  const hook = workspace.hook('actions', { channel: channel.id, user: person.id, messageTs });
  return {
    type: 'block_actions',
    ...interaction(scene),
    container: {
      type: 'message',
      message_ts: messageTs,
      channel_id: channel.id,
      is_ephemeral: isEphemeral,
      ...thread(message),
    },
    trigger_id: workspace.trigger(person.id),
    channel: place(channel),
    ...(isEphemeral ? {} : { message: messageObject(workspace.team, message) }),
    state: { values: valuesAfter(workspace.team, message, use) },
    response_url: origin + hook,
    actions: [{ ...use.action, block_id: use.block.block_id, action_ts: workspace.ts() }],
  };
}

/** `state.values` of a message: what its menus show, the choice just made included. */
function valuesAfter(team: Team, message: Message, { block, action }: Use): Values {
  const shown = valuesOf(team, message.blocks, {}, {});
  const { action_id: id, ...state } = action;
  const inBlock = shown[block.block_id];
  if (inBlock === undefined || !Object.hasOwn(inBlock, String(id))) return shown;
  return { ...shown, [block.block_id]: { ...inBlock, [String(id)]: state } };
}

/** A click or choice in a modal. */
export function viewAction(scene: Scene, view: View, use: Use): Json {
  const { workspace, person } = scene;
  return {
    type: 'block_actions',
    ...interaction(scene),
    container: { type: 'view', view_id: view.id },
    trigger_id: workspace.trigger(person.id),
    view: viewObject(workspace.team, view),
    actions: [{ ...use.action, block_id: use.block.block_id, action_ts: workspace.ts() }],
  };
}

/** A message shortcut, with the whole message. */
export function messageShortcut(scene: Scene, channel: Channel, message: Message, callbackId: string): Json {
  const { workspace, person, origin } = scene;
  const hook = workspace.hook('app', { channel: channel.id, user: person.id, messageTs: message.ts });
  return {
    type: 'message_action',
    ...interaction(scene),
    action_ts: workspace.ts(),
    channel: place(channel),
    callback_id: callbackId,
    trigger_id: workspace.trigger(person.id),
    response_url: origin + hook,
    message_ts: message.ts,
    message: messageObject(workspace.team, message),
  };
}

/** A modal submitted. */
export function viewSubmission(scene: Scene, view: View): Json {
  return {
    type: 'view_submission',
    ...interaction(scene),
    trigger_id: scene.workspace.trigger(scene.person.id),
    view: viewObject(scene.workspace.team, view),
    response_urls: [],
  };
}

/** A modal closed by the person, sent only when the app asked by `notify_on_close`. */
export function viewClosed(scene: Scene, view: View, isCleared: boolean): Json {
  return {
    type: 'view_closed',
    ...interaction(scene),
    view: viewObject(scene.workspace.team, view),
    is_cleared: isCleared,
  };
}

/** An event in its envelope. */
export function eventCallback(workspace: Workspace, event: Json, isExtShared: boolean): Json {
  const { team } = workspace;
  return {
    token: VERIFICATION_TOKEN,
    team_id: team.id,
    enterprise_id: null,
    context_team_id: team.id,
    context_enterprise_id: null,
    api_app_id: APP_ID,
    event,
    type: 'event_callback',
    event_id: workspace.id('Ev'),
    event_time: Math.floor(workspace.now() / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: team.id,
        user_id: team.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: isExtShared,
    event_context: `4-${workspace.secret(24)}`,
  };
}
