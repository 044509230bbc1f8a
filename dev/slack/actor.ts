import { dropView, obey, showReply } from './acks.ts';
import { type AppLink, failed } from './deliver.ts';
import {
  actionOf,
  type Filled,
  type Found,
  fillable,
  findElement,
  inputErrors,
  type Target,
  valuesOf,
} from './elements.ts';
import { emojiName } from './emoji.ts';
import type { Json } from './json.ts';
import type { Manifest } from './manifest.ts';
import {
  eventCallback,
  messageAction,
  messageShortcut,
  type Scene,
  slashCommand,
  viewAction,
  viewClosed,
  viewSubmission,
} from './payloads.ts';
import { type Channel, findChannel, isOurs, type Person, SLACKBOT_ID, type Team } from './people.ts';
import { compose, escapeText } from './richtext.ts';
import type { Answer, Message, View, Workspace } from './state.ts';

/** What an actor needs of the simulator. */
export interface Stage {
  readonly workspace: Workspace;
  readonly manifest: Manifest;
  readonly link: AppLink;
  readonly origin: () => string;
}

/** Nothing was sent to the app: Slack itself said no, or had nobody to tell. */
const notSent = (shown: string | null = null, body: unknown = null): Answer => ({ status: 0, body, shown });
const NOT_INSTALLED = 'The app is not installed in this workspace. Nothing was sent.';
/** Under a modal whose app failed (github.com/slackapi/bolt-js/issues/758). */
const MODAL_TROUBLE = 'We had some trouble connecting. Try again?';

/**
 * One person at their Slack client. Methods throw an Error for what no client could do (a message that is not there, a button
 * that is not drawn); they return what the app answered. Confirm dialogs count as confirmed.
 */
export class Actor {
  readonly person: Person;
  readonly #stage: Stage;

  constructor(stage: Stage, person: Person) {
    this.#stage = stage;
    this.person = person;
  }

  get #scene(): Scene {
    return { workspace: this.#stage.workspace, person: this.person, origin: this.#stage.origin() };
  }

  /** Sends typed or pasted text to a channel, or into a thread. Returns the message's ts. */
  post(channel: string, typed: string, threadTs: string | null = null): string {
    const { workspace } = this.#stage;
    const place = this.#place(channel);
    const root = threadTs === null ? null : this.#message(place, threadTs);
    const { text, blocks } = compose(typed);
    if (text === '') throw new Error('An empty message cannot be sent.');
    const message = workspace.post({
      channel: place.id,
      user: this.person.id,
      text,
      blocks,
      threadTs: root === null ? null : (root.threadTs ?? root.ts),
      clientMsgId: workspace.secret(16),
    });
    return message.ts;
  }

  /** Uses a message shortcut of the app. Slack offers it only to members of the workspace that installed the app. */
  async shortcut(channel: string, ts: string, callbackId = 'turn_into_runbook'): Promise<Answer> {
    const { workspace } = this.#stage;
    const place = this.#place(channel);
    const message = this.#message(place, ts);
    if (!this.#stage.manifest.shortcuts.some((one) => one.callbackId === callbackId)) {
      throw new Error(`The manifest has no message shortcut ${callbackId}.`);
    }
    if (!isOurs(workspace.team, this.person))
      return notSent('Shortcuts of this app are not offered to people of other workspaces.');
    if (workspace.installation === null) return notSent(NOT_INSTALLED);
    const answer = await this.#send(messageShortcut(this.#scene, place, message, callbackId));
    return failed(answer)
      ? { ...answer, shown: 'This shortcut did not work: the app did not respond.' }
      : answer;
  }

  /**
   * Clicks a button of a message, or chooses `value` in a menu. With `stale`, an element of an earlier version counts too: the
   * person clicked before the update reached the screen.
   */
  async click(channel: string, ts: string, target: Target, { stale = false } = {}): Promise<Answer> {
    const place = this.#place(channel);
    const message = this.#message(place, ts);
    const versions = stale ? [...message.versions].reverse() : [{ blocks: message.blocks }];
    const tries = versions.map((version) => findElement(version.blocks, target));
    const found = tries.find((one): one is Found => 'element' in one);
    if (!found) throw new Error(problemOf(tries[0]));
    const { workspace } = this.#stage;
    const action = actionOf(workspace.team, found, chosenValue(target));
    if (workspace.installation === null) return notSent(NOT_INSTALLED);
    const answer = await this.#send(
      messageAction(this.#scene, place, message, { block: found.block, action }),
    );
    return failed(answer)
      ? { ...answer, shown: 'This button did not work: the app did not respond.' }
      : answer;
  }

  /** Clicks a button or chooses in a menu of an open modal; `filled` is what was typed before. */
  async clickInView(viewId: string, target: Target, filled: Filled = {}): Promise<Answer> {
    const view = this.#view(viewId);
    this.#fill(view, filled);
    const found = findElement(view.blocks, target);
    if ('problem' in found) throw new Error(found.problem);
    const value = chosenValue(target);
    if (value !== undefined && found.element.type !== 'button')
      this.#fill(view, { [String(found.element.action_id)]: value });
    const action = actionOf(this.#stage.workspace.team, found, value);
    const answer = await this.#send(viewAction(this.#scene, view, { block: found.block, action }));
    if (!failed(answer)) return answer;
    this.#trouble(view);
    return { ...answer, shown: MODAL_TROUBLE };
  }

  /**
   * Submits a modal with these values, by action id or block id. What Slack's client refuses (an empty required input) is not
   * sent. The app's answer is carried out as Slack does: errors, update, push, clear, or close.
   */
  async submit(viewId: string, filled: Filled = {}): Promise<Answer> {
    const { workspace } = this.#stage;
    const view = this.#view(viewId);
    this.#fill(view, filled);
    const errors = inputErrors(view.blocks, view.values);
    view.errors = errors;
    view.banner = null;
    workspace.changed();
    if (Object.keys(errors).length > 0) return notSent(null, { response_action: 'errors', errors });
    const answer = await this.#send(viewSubmission(this.#scene, view));
    if (!failed(answer) && obey(workspace, view, answer.body)) return answer;
    this.#trouble(view);
    return { ...answer, shown: MODAL_TROUBLE };
  }

  /** Closes a modal by its close button. The app hears of it only if it asked with `notify_on_close`. */
  async close(viewId: string): Promise<Answer> {
    const view = this.#view(viewId);
    const all = view.content.clear_on_close === true;
    dropView(this.#stage.workspace, view, all);
    return view.content.notify_on_close === true ? this.#send(viewClosed(this.#scene, view, all)) : notSent();
  }

  /** Sends a slash command as typed, `/runbook help`. */
  async slash(channel: string, line: string): Promise<Answer> {
    const place = this.#place(channel);
    const [, command = '', rest = ''] = /^(\/\S*)\s*([\s\S]*)$/.exec(line.trim()) ?? [];
    const { workspace, manifest } = this.#stage;
    const known = workspace.installation !== null && manifest.commands.some((one) => one.command === command);
    if (!known || !isOurs(workspace.team, this.person)) {
      const shown = `${command} is not a valid command. In Slack, all messages that start with the "/" character are interpreted as commands.`;
      this.#slackbot(place, shown);
      return notSent(shown);
    }
    const answer = await this.#stage.link.send(
      'command',
      slashCommand(this.#scene, place, command, escapeText(rest)),
    );
    const error = failed(answer)
      ? answer.shown === 'http_timeout'
        ? 'operation_timeout'
        : 'dispatch_failed'
      : showReply(this.#stage.workspace, place, this.person.id, answer.body);
    if (error === null) return answer;
    const shown = `${command} failed with the error "${error}"`;
    this.#slackbot(place, shown);
    return { ...answer, shown };
  }

  /** Adds a reaction, by name (`octagonal_sign`, `raised_hand::skin-tone-3`) or character. A second one by the same person is nothing new. */
  async react(channel: string, ts: string, emoji: string): Promise<Answer> {
    const { workspace, manifest, link } = this.#stage;
    const place = this.#place(channel);
    const message = this.#message(place, ts);
    const reaction = emojiName(emoji);
    const shown = reaction.replace(/::skin-tone-\d$/, '');
    const people = message.reactions.get(shown) ?? [];
    if (people.includes(this.person.id)) return notSent();
    message.reactions.set(shown, [...people, this.person.id]);
    workspace.changed();
    const hears =
      place.hasBot &&
      workspace.installation?.isActive === true &&
      manifest.events.includes('reaction_added') &&
      workspace.installation.scopes.includes('reactions:read');
    if (!hears) return notSent();
    const event = {
      type: 'reaction_added',
      user: this.person.id,
      reaction,
      item: { type: 'message', channel: place.id, ts: message.ts },
      item_user: message.user,
      event_ts: workspace.ts(),
    };
    return link.sendEvent(eventCallback(workspace, event, place.sharedWith.length > 0));
  }

  /** Takes a reaction back. The app does not subscribe to that, so nobody hears of it. */
  unreact(channel: string, ts: string, emoji: string): void {
    const message = this.#message(this.#place(channel), ts);
    const name = emojiName(emoji);
    const people = (message.reactions.get(name) ?? []).filter((id) => id !== this.person.id);
    if (people.length > 0) message.reactions.set(name, people);
    else message.reactions.delete(name);
    this.#stage.workspace.changed();
  }

  #place(channel: string): Channel {
    return channelOf(this.#stage.workspace.team, channel);
  }

  #send(payload: Json): Promise<Answer> {
    return this.#stage.link.send('interaction', payload);
  }

  #message(place: Channel, ts: string): Message {
    const message = this.#stage.workspace.message(place.id, ts);
    if (!message || (message.visibleTo !== null && message.visibleTo !== this.person.id)) {
      throw new Error(`${this.person.name} sees no message ${ts} in #${place.name}.`);
    }
    return message;
  }

  #view(viewId: string): View {
    const view = this.#stage.workspace.views.find((one) => one.id === viewId && one.user === this.person.id);
    if (!view) throw new Error(`${this.person.name} has no open modal ${viewId}.`);
    return view;
  }

  #fill(view: View, filled: Filled): void {
    const known = fillable(view.blocks);
    const unknown = Object.keys(filled).find((key) => !known.has(key));
    if (unknown !== undefined)
      throw new Error(`The modal has no input ${unknown}. There are: ${[...known].join(', ')}.`);
    view.values = valuesOf(this.#stage.workspace.team, view.blocks, view.values, filled);
  }

  #trouble(view: View): void {
    view.banner = MODAL_TROUBLE;
    this.#stage.workspace.changed();
  }

  #slackbot(place: Channel, text: string): void {
    const from = { channel: place.id, user: SLACKBOT_ID, visibleTo: this.person.id };
    this.#stage.workspace.post({ ...from, text: escapeText(text), blocks: [] });
  }
}

/** The channel of a workspace by id, name or `#name`. Throws when there is none. */
export function channelOf(team: Team, key: string): Channel {
  const channel = findChannel(team, key);
  if (!channel) throw new Error(`There is no channel ${key}.`);
  return channel;
}

function chosenValue(target: Target): string | undefined {
  return typeof target === 'string' ? undefined : target.value;
}

function problemOf(tried: ReturnType<typeof findElement> | undefined): string {
  return tried && 'problem' in tried ? tried.problem : 'The message has no elements.';
}
