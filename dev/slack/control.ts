import { Actor, channelOf, type Stage } from './actor.ts';
import type { DeliveryKind } from './deliver.ts';
import { Faults } from './faults.ts';
import type { Json } from './json.ts';
import { findPerson, type Person, type Team } from './people.ts';
import type { Pulse } from './pulse.ts';
import type { DisconnectReason } from './sockets.ts';
import type { Answer, Call, Delivery, Installation, Message, Values, Version, View } from './state.ts';

/** A message as a test or the page sees it. `visibleTo` is the id of the only reader, `versions` every text it ever had. */
export interface SeenMessage {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly name: string;
  readonly text: string;
  readonly blocks: readonly Json[];
  readonly threadTs: string | null;
  readonly broadcast: boolean;
  readonly visibleTo: string | null;
  readonly edited: boolean;
  readonly versions: readonly Version[];
  readonly reactions: Readonly<Record<string, readonly string[]>>;
}

/** A modal as a test or the page sees it. */
export interface SeenView {
  readonly id: string;
  readonly user: string;
  readonly title: string;
  readonly submit: string | null;
  readonly closeLabel: string;
  readonly callbackId: string;
  readonly privateMetadata: string;
  readonly blocks: readonly Json[];
  readonly values: Values;
  readonly errors: Readonly<Record<string, string>>;
  readonly banner: string | null;
}

const textOf = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && 'text' in value ? String(value.text) : null;

/** What tests do and look at in one workspace. Everything is in memory; nothing waits on a clock except `waitFor`'s limit. */
export class Control {
  readonly faults = new Faults();
  readonly #stage: Stage;
  readonly #pulse: Pulse;

  constructor(stage: Stage, pulse: Pulse) {
    this.#stage = stage;
    this.#pulse = pulse;
  }

  /** The id that payloads of this workspace carry. */
  get teamId(): string {
    return this.#stage.workspace.team.id;
  }

  /** The app as it is installed here: its newest token, its scopes and who installed it. Null while it is not. */
  installation(): Installation | null {
    return this.#stage.workspace.installation;
  }

  /**
   * Points the simulator at the app's request URL, `http://127.0.0.1:3000/slack/events`. Several URLs are served in turn, as by a
   * load balancer: where nobody listens, the next gets the request; where the connection broke after it was made, only events
   * go on to the next, because a click was perhaps handled. The app is one, so this holds for every workspace.
   */
  connect(appUrl: string | readonly string[]): void {
    this.#stage.link.app.balancer.connect(appUrl);
  }

  /** How many Socket Mode connections of the app are open. While there is one, deliveries of every workspace go over it. */
  sockets(): number {
    return this.#stage.link.app.sockets.count;
  }

  /** Asks the app to come back by another socket, as Slack does every few hours. Nothing more goes over the old ones. */
  disconnectSockets(reason: DisconnectReason = 'refresh_requested'): void {
    this.#stage.link.app.sockets.disconnect(reason);
  }

  /** Breaks every socket without a word. */
  dropSockets(): void {
    this.#stage.link.app.sockets.drop();
  }

  /** A person to act as, by name or id. Throws when there is none. */
  act(who: string): Actor {
    return new Actor(this.#stage, this.person(who));
  }

  /** The account by name or id. Throws when there is none. */
  person(who: string): Person {
    const person = findPerson(this.#stage.workspace.team, who);
    if (!person) throw new Error(`There is nobody called ${who}.`);
    return person;
  }

  /** A channel's messages, thread replies included, oldest first. With `as`: only what that person sees. */
  messages(channel: string, { as }: { as?: string } = {}): SeenMessage[] {
    const { team } = this.#stage.workspace;
    const { id } = channelOf(team, channel);
    const reader = as === undefined ? null : this.person(as).id;
    return this.#stage.workspace.messages
      .filter((one) => one.channel === id && !one.deleted)
      .filter((one) => reader === null || one.visibleTo === null || one.visibleTo === reader)
      .map((one) => seen(team, one));
  }

  /** A thread: its first message and the replies, oldest first. Without `ts`: the thread replied to last, else the last message. */
  thread(channel: string, ts?: string): SeenMessage[] {
    const all = this.messages(channel);
    const root = ts ?? all.findLast((one) => one.threadTs !== null)?.threadTs ?? all.at(-1)?.ts;
    return all.filter((one) => one.ts === root || one.threadTs === root);
  }

  /** The modals on a person's screen, the top one last. */
  views(who: string): SeenView[] {
    const { id } = this.person(who);
    return this.#stage.workspace.views.filter((one) => one.user === id).map(seenView);
  }

  /** The app's Web API calls, oldest first. */
  calls(method?: string): Call[] {
    return this.#stage.workspace.calls.filter((one) => method === undefined || one.method === method);
  }

  /** The requests sent to the app and its answers, oldest first. */
  deliveries(): readonly Delivery[] {
    return [...this.#stage.workspace.deliveries];
  }

  /** Sends any payload, signed, for tests of replays, forgeries and clocks: `skewMs` moves the signed time. */
  deliver(kind: DeliveryKind, payload: Json, options: { skewMs?: number } = {}): Promise<Answer> {
    return this.#stage.link.send(kind, payload, options);
  }

  /**
   * Resolves with the first truthy value of `predicate`, which is asked now and after every change, in whatever workspace. Throws after
   * `timeoutMs` (5 s) with `what` it was waiting for.
   */
  waitFor<T>(
    predicate: () => T | null | undefined | false,
    { timeoutMs = 5_000, what = 'the condition' }: { timeoutMs?: number; what?: string } = {},
  ): Promise<T> {
    const pulse = this.#pulse;
    return new Promise((resolve, reject) => {
      const stop = pulse.subscribe(check);
      const timer = setTimeout(
        () => finish(() => reject(new Error(`${what} did not come about in ${timeoutMs} ms`))),
        timeoutMs,
      );
      function finish(settle: () => void): void {
        stop();
        clearTimeout(timer);
        settle();
      }
      function check(): void {
        try {
          const value = predicate();
          if (value) finish(() => resolve(value));
        } catch (error) {
          finish(() => reject(error));
        }
      }
      check();
    });
  }
}

function seen(team: Team, message: Message): SeenMessage {
  const { ts, channel, user, text, blocks, threadTs, broadcast, visibleTo } = message;
  return {
    ts,
    channel,
    user,
    name: findPerson(team, user)?.name ?? user,
    text,
    blocks,
    threadTs,
    broadcast,
    visibleTo,
    edited: message.edited !== null,
    versions: [...message.versions],
    reactions: Object.fromEntries(message.reactions),
  };
}

function seenView(view: View): SeenView {
  const { content } = view;
  return {
    id: view.id,
    user: view.user,
    title: textOf(content.title) ?? '',
    submit: textOf(content.submit),
    closeLabel: textOf(content.close) ?? 'Cancel',
    callbackId: String(content.callback_id ?? ''),
    privateMetadata: String(content.private_metadata ?? ''),
    blocks: view.blocks,
    values: view.values,
    errors: view.errors,
    banner: view.banner,
  };
}
