import { randomBytes } from 'node:crypto';
import { isObject, type Json } from './json.ts';
import type { Team } from './people.ts';
import { Pulse } from './pulse.ts';

/** A stored block: Slack fills in the ids an app leaves out. */
export type Block = Json & { readonly type: string; readonly block_id: string };

/** What a message said at one time. `at` is in ms since 1970. */
export interface Version {
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly at: number;
}

/** A message of a channel. `visibleTo` names the one reader of an ephemeral message; `versions` is oldest first. */
export interface Message {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly threadTs: string | null;
  readonly broadcast: boolean;
  readonly visibleTo: string | null;
  readonly clientMsgId: string | null;
  text: string;
  blocks: readonly Block[];
  edited: { readonly user: string; readonly ts: string } | null;
  deleted: boolean;
  hasReplies: boolean;
  readonly versions: Version[];
  readonly reactions: Map<string, string[]>;
}

/** A modal on someone's screen. `values` is what the person typed so far, `errors` the app's words under each input. */
export interface View {
  readonly id: string;
  readonly user: string;
  readonly rootId: string;
  readonly previousId: string | null;
  hash: string;
  content: Json;
  blocks: readonly Block[];
  values: Values;
  errors: Readonly<Record<string, string>>;
  banner: string | null;
}

/** `view.state.values`: block id → action id → the element's state. */
export type Values = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** One Web API call of the app. */
export interface Call {
  readonly method: string;
  readonly args: Json;
  readonly status: number;
  readonly response: Json;
  readonly at: number;
}

/** One request to the app. `status` is 0 when no answer came; `shown` is what Slack tells the person about a failure. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly shown: string | null;
}
/** A request to the app, kept. `retry` is 0 for the first try; `at` is in ms since 1970; `via` is how it went. */
export interface Delivery extends Answer {
  readonly kind: string;
  readonly via: 'http' | 'socket';
  readonly payload: Json;
  readonly retry: number;
  readonly at: number;
}

/** Where a response_url leads. Five uses within 30 minutes: docs.slack.dev/interactivity/handling-user-interaction */
export interface Hook {
  readonly channel: string;
  readonly user: string;
  readonly messageTs: string | null;
  readonly expires: number;
  left: number;
}
const HOOK_USES = 5;
const HOOK_MS = 30 * 60_000;
/** A trigger_id lives three seconds (same page). */
const TRIGGER_MS = 3_000;

/** Where time (ms since 1970) and random bytes come from. */
export interface Sources {
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
}

/** The app in a workspace. `isActive` is false once its bot token was revoked: the app is there, its bot is in no channel. */
export interface Installation {
  readonly token: string;
  readonly scopes: readonly string[];
  readonly installedBy: string | null;
  readonly isActive: boolean;
}

/** Everything one simulated workspace remembers, in memory only. */
export class Workspace {
  readonly team: Team;
  /** Null while the app is not installed here. */
  installation: Installation | null = null;
  readonly messages: Message[] = [];
  readonly calls: Call[] = [];
  readonly deliveries: Delivery[] = [];
  readonly hooks = new Map<string, Hook>();
  /** Open modals, each person's stack from bottom to top. */
  views: View[] = [];
  readonly now: () => number;
  readonly #random: (size: number) => Uint8Array;
  readonly #triggers = new Map<string, { user: string; expires: number; used: boolean }>();
  readonly #pulse: Pulse;
  #lastMicros = 0;

  constructor(team: Team, sources: Partial<Sources> = {}, pulse = new Pulse()) {
    this.team = team;
    this.#pulse = pulse;
    this.now = sources.now ?? Date.now;
    this.#random = sources.random ?? randomBytes;
  }

  /** Tells whoever listens. To be called once after each change. */
  changed(): void {
    this.#pulse.changed();
  }

  /** Takes the app out: its modals close and its trigger ids and response URLs are dead. What it posted stays. */
  removeApp(): void {
    this.installation = null;
    this.views = [];
    this.hooks.clear();
    this.#triggers.clear();
    this.changed();
  }

  /** An identifier as Slack makes them: a prefix and ten upper-case letters or digits. */
  id(prefix: string): string {
    return (
      prefix +
      [...this.#random(10)]
        .map((byte) => (byte % 36).toString(36))
        .join('')
        .toUpperCase()
    );
  }

  /** `size` random bytes as lower-case hex. */
  secret(size: number): string {
    return Buffer.from(this.#random(size)).toString('hex');
  }

  /** A message timestamp, `seconds.micros`, unique and increasing even when the clock stands still. */
  ts(): string {
    this.#lastMicros = Math.max(this.now() * 1000, this.#lastMicros + 1);
    return `${Math.floor(this.#lastMicros / 1e6)}.${String(this.#lastMicros % 1e6).padStart(6, '0')}`;
  }

  /** A fresh trigger_id for this person: three seconds, one use. */
  trigger(user: string): string {
    const id = `${this.now()}.${parseInt(this.secret(4), 16)}.${this.secret(16)}`;
    this.#triggers.set(id, { user, expires: this.now() + TRIGGER_MS, used: false });
    return id;
  }

  /** Spends a trigger_id: the person it belongs to, or Slack's error code. */
  spendTrigger(id: unknown): { user: string } | { error: string } {
    const trigger = typeof id === 'string' ? this.#triggers.get(id) : undefined;
    if (!trigger) return { error: 'invalid_trigger_id' };
    if (trigger.used) return { error: 'exchanged_trigger_id' };
    if (this.now() > trigger.expires) return { error: 'expired_trigger_id' };
    trigger.used = true;
    return { user: trigger.user };
  }

  /** The secret path of a new response_url. */
  hook(kind: 'actions' | 'commands' | 'app', at: Pick<Hook, 'channel' | 'user' | 'messageTs'>): string {
    const path = `/hooks/${kind}/${this.team.id}/${this.secret(12)}`;
    this.hooks.set(path, { ...at, expires: this.now() + HOOK_MS, left: HOOK_USES });
    return path;
  }

  /** Stores a message. The caller has checked it. */
  post(
    fields: Pick<Message, 'channel' | 'user' | 'text'> & { blocks: readonly Json[] } & Partial<
        Pick<Message, 'threadTs' | 'broadcast' | 'visibleTo' | 'clientMsgId'>
      >,
  ): Message {
    const blocks = this.withIds(fields.blocks);
    const message: Message = {
      threadTs: null,
      broadcast: false,
      visibleTo: null,
      clientMsgId: null,
      ...fields,
      ts: this.ts(),
      blocks,
      edited: null,
      deleted: false,
      hasReplies: false,
      versions: [{ text: fields.text, blocks, at: this.now() }],
      reactions: new Map(),
    };
    const root = message.threadTs === null ? undefined : this.message(message.channel, message.threadTs);
    if (root && message.visibleTo === null) root.hasReplies = true;
    this.messages.push(message);
    this.changed();
    return message;
  }

  /** Replaces what a message says and keeps the old version. An edit without blocks shows "(edited)", as in Slack. */
  rewrite(message: Message, text: string, blocks: readonly Json[]): void {
    message.text = text;
    message.blocks = this.withIds(blocks);
    message.versions.push({ text, blocks: message.blocks, at: this.now() });
    if (blocks.length === 0) message.edited = { user: message.user, ts: this.ts() };
    this.changed();
  }

  /** The stored message, ephemerals included; undefined when there is none or it was deleted. */
  message(channel: string, ts: string): Message | undefined {
    return this.messages.find((one) => one.channel === channel && one.ts === ts && !one.deleted);
  }

  /** Opens a modal on a person's screen: above `previous`, or as the only one. */
  openView(user: string, content: Json, previous: View | null = null): View {
    const id = this.id('V');
    const view: View = {
      id,
      user,
      rootId: previous?.rootId ?? id,
      previousId: previous?.id ?? null,
      hash: '',
      content: {},
      blocks: [],
      values: {},
      errors: {},
      banner: null,
    };
    if (!previous) this.views = this.views.filter((one) => one.user !== user);
    this.views.push(view);
    this.setView(view, content);
    return view;
  }

  /** Gives an open modal new content. What was typed stays where block and action ids stay. */
  setView(view: View, content: Json): void {
    view.content = content;
    view.blocks = this.withIds(Array.isArray(content.blocks) ? content.blocks : []);
    view.hash = `${Math.floor(this.now() / 1000)}.${this.secret(4)}`;
    view.errors = {};
    view.banner = null;
    this.changed();
  }

  /** The blocks with a random id where the app gave none, as Slack stores them. */
  withIds(blocks: readonly Json[]): Block[] {
    return blocks.map((block) => {
      const elements = Array.isArray(block.elements) ? { elements: block.elements.map(this.#actionId) } : {};
      const accessory = !isObject(block.accessory) ? {} : { accessory: this.#actionId(block.accessory) };
      const element = !isObject(block.element) ? {} : { element: this.#actionId(block.element) };
      const blockId = typeof block.block_id === 'string' ? block.block_id : this.#shortId();
      return { ...block, ...elements, ...accessory, ...element, type: String(block.type), block_id: blockId };
    });
  }

  readonly #shortId = (): string => Buffer.from(this.#random(4)).toString('base64url').slice(0, 5);

  readonly #actionId = <T>(element: T): T | Json =>
    !isObject(element) || NOT_INTERACTIVE.test(String(element.type)) || element.action_id !== undefined
      ? element
      : { ...element, action_id: this.#shortId() };
}

const NOT_INTERACTIVE = /^(rich_text_(section|list|preformatted|quote)|plain_text|mrkdwn|image)$/;
