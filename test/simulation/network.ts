import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { WorkStream } from '../../handlers/grpc/session.ts';
import type { AgentGatewayClient, FromAgent, ToAgent } from '../../src/protocol/generated/agent.ts';
import type { Chance } from './chance.ts';
import type { Program, Surroundings } from './program.ts';

/** What a network does to what is sent over it. Times are in ms, the rest are probabilities a message. */
export interface Weather {
  /** How long a message takes on average. */
  delay: number;
  /** A connection breaks at this message, and what was on its way is gone. */
  cut: number;
  /** A message takes some seconds. */
  stall: number;
  /** What no TCP does, and nothing may rest on: messages vanish, come twice, or overtake each other. */
  drop: number;
  twice: number;
  overtake: number;
}

export const FAIR: Weather = { delay: 5, cut: 0, stall: 0, drop: 0, twice: 0, overtake: 0 };

/** A silent peer is found after 30 s (docs/threats.md, section 5). */
const KEEPALIVE_MS = 30_000;
/** Where messages can be lost out of the middle of a stream, somebody ends it at last. */
const LOSSY_LIFE_MS = 60_000;

/** Sees every message to an agent on its way, and may put others beside it. True lets it pass. */
export type Eavesdropper = (connection: Connection, message: ToAgent) => boolean;

/** A place agents can call. */
export interface Listener {
  readonly program: Program;
  serve(stream: WorkStream): void;
}

/** The way between agents and gateways. */
export class Network {
  readonly weather: Weather = { ...FAIR };
  readonly connections = new Set<Connection>();
  /** Agents that reach nobody. */
  readonly apart = new Set<string>();
  readonly listeners: Listener[] = [];
  eavesdropper: Eavesdropper | null = null;
  readonly #around: Surroundings;
  readonly chance: Chance;

  constructor(around: Surroundings, chance: Chance) {
    this.#around = around;
    this.chance = chance;
  }

  /** A client for an agent, as its `Link` makes one. */
  client(agent: Program, agentId: string): Pick<AgentGatewayClient, 'work' | 'close'> {
    return {
      work: () => {
        const open = this.listeners.filter(({ program }) => program.isAlive);
        const listener = open.length > 0 && !this.apart.has(agentId) ? this.chance.pick(open) : null;
        const connection = new Connection(this, this.#around, agent, agentId, listener);
        return connection.atAgent as unknown as ClientDuplexStream<FromAgent, ToAgent>;
      },
      close: () => undefined,
    };
  }
}

type Handler = (value?: unknown) => void;

/** One direction: in the order of sending, unless the weather is worse than TCP lets through. */
class Direction<Message> {
  readonly #connection: Connection;
  readonly #receive: (message: Message) => void;
  #lastAt = 0;

  constructor(connection: Connection, receive: (message: Message) => void) {
    this.#connection = connection;
    this.#receive = receive;
  }

  send(message: Message): void {
    const { network, timeline } = this.#connection;
    const { weather, chance } = network;
    if (chance.happens(weather.cut)) return this.#connection.cut('a cut');
    if (chance.happens(weather.drop)) return;
    const copies = chance.happens(weather.twice) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const travel = chance.wait(weather.delay) + (chance.happens(weather.stall) ? chance.wait(5_000) : 0);
      const inOrder = Math.max(this.#lastAt, timeline.now + travel);
      const at = chance.happens(weather.overtake) ? timeline.now + travel : inOrder;
      this.#lastAt = Math.max(this.#lastAt, at);
      timeline.after(at - timeline.now, () => {
        if (this.#connection.isPassing) this.#receive(message);
      });
    }
  }
}

/** One stream between an agent and a gateway, with both its ends as gRPC shows them. */
export class Connection {
  readonly network: Network;
  readonly timeline: Surroundings['timeline'];
  readonly agentId: string;
  readonly agent: Program;
  readonly gateway: Program | null;
  readonly atAgent: AgentEnd;
  readonly atGateway: GatewayEnd;
  readonly #note: (what: string) => void;
  #isHalfOpen = false;
  #isOver = false;

  constructor(
    network: Network,
    { timeline, note }: Surroundings,
    agent: Program,
    agentId: string,
    listener: Listener | null,
  ) {
    this.network = network;
    this.timeline = timeline;
    this.agent = agent;
    this.agentId = agentId;
    this.gateway = listener?.program ?? null;
    this.atAgent = new AgentEnd(this);
    this.atGateway = new GatewayEnd(this);
    this.#note = (what) => note(`line ${agentId}`, what);
    if (listener === null) {
      timeline.after(network.chance.between(1, 50), () =>
        this.#end(() => this.atAgent.failed('Nobody answers.')),
      );
      return;
    }
    network.connections.add(this);
    agent.onDeath(() => this.cut('the agent is gone'));
    listener.program.onDeath(() => this.cut('the gateway is gone'));
    const isLossy = network.weather.drop > 0 || network.weather.overtake > 0;
    if (isLossy) timeline.after(LOSSY_LIFE_MS, () => this.cut('its time is over'));
    timeline.after(network.chance.wait(network.weather.delay), () => {
      if (this.isPassing) listener.serve(this.atGateway as unknown as WorkStream);
    });
  }

  /** Messages get through. */
  get isPassing(): boolean {
    return !this.#isOver && !this.#isHalfOpen;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Broken, and both ends hear of it: sooner or later, and not at the same time. */
  cut(why: string): void {
    this.#end(() => {
      this.#note(`breaks: ${why}`);
      const { chance } = this.network;
      this.timeline.after(chance.wait(20), () => this.atAgent.failed('The connection broke.'));
      this.timeline.after(chance.wait(20), () => this.atGateway.left(false));
    });
  }

  /** Broken, and neither end knows until it is told by its keepalive. */
  halfOpen(): void {
    if (!this.isPassing) return;
    this.#note('is half open');
    this.#isHalfOpen = true;
    this.timeline.after(this.network.chance.between(KEEPALIVE_MS / 3, KEEPALIVE_MS), () =>
      this.cut('keepalive'),
    );
  }

  /** Notes what arrives, but for what comes every few seconds. */
  overhear(arrow: string, kind: (FromAgent | ToAgent)['kind']): void {
    if (kind?.$case !== 'lease' && kind?.$case !== 'renew') this.#note(`${arrow} ${kind?.$case}`);
  }

  /** Ended by the gateway, in words or without. */
  endedByGateway(sentence: string | null): void {
    this.#end(() => {
      const { chance, weather } = this.network;
      this.#note(`is ended by the gateway: ${sentence ?? 'in order'}`);
      this.timeline.after(chance.wait(weather.delay), () => this.atAgent.failed(sentence));
    });
  }

  /** Ended by the agent: cancelled, or in order. */
  endedByAgent(isOrderly: boolean): void {
    this.#end(() => {
      const { chance, weather } = this.network;
      this.#note(`is ended by the agent`);
      this.timeline.after(chance.wait(weather.delay), () => this.atGateway.left(isOrderly));
    });
  }

  #end(how: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.network.connections.delete(this);
    how();
  }
}

/** The stream as the agent's `Link` sees it. */
class AgentEnd {
  readonly #connection: Connection;
  readonly #to: Direction<FromAgent>;
  readonly #handlers = new Map<string, Handler>();
  readonly writableNeedDrain = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#to = new Direction(connection, (message) => connection.atGateway.take(message));
  }

  get writable(): boolean {
    return !this.#connection.isOver;
  }

  on(event: string, handler: Handler): this {
    this.#handlers.set(event, handler);
    return this;
  }

  write(message: FromAgent): boolean {
    const { agent, isOver } = this.#connection;
    if (!isOver && agent.survives(`sending ${message.kind?.$case}`)) this.#to.send(message);
    return true;
  }

  cancel(): void {
    this.#connection.endedByAgent(false);
  }

  end(): void {
    this.#connection.endedByAgent(true);
  }

  take(message: ToAgent): void {
    if (!this.#connection.agent.isAlive) return;
    this.#connection.overhear('→', message.kind);
    this.#handlers.get('data')?.(message);
  }

  /** `null`: it ended in order. */
  failed(sentence: string | null): void {
    if (!this.#connection.agent.isAlive) return;
    if (sentence === null) this.#handlers.get('end')?.();
    else this.#handlers.get('error')?.(new Error(sentence));
  }
}

/** The stream as the gateway's `serve` sees it. */
class GatewayEnd {
  readonly #connection: Connection;
  readonly #to: Direction<ToAgent>;
  readonly #handlers = new Map<string, Handler>();
  readonly #waiting: FromAgent[] = [];
  #reader: { resolve(next: IteratorResult<FromAgent>): void; reject(error: Error): void } | null = null;
  #left: 'no' | 'in order' | 'cancelled' = 'no';
  destroyed = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#to = new Direction(connection, (message) => connection.atAgent.take(message));
  }

  readonly metadata = { get: () => [this.#connection.agentId] };
  readonly getPeer = () => 'agent';

  get writable(): boolean {
    return !this.destroyed && this.#left === 'no';
  }

  get cancelled(): boolean {
    return this.#left === 'cancelled';
  }

  on(event: string, handler: Handler): this {
    this.#handlers.set(event, handler);
    return this;
  }

  write(message: ToAgent): boolean {
    const { network, gateway } = this.#connection;
    if (!this.writable || !gateway?.survives(`sending ${message.kind?.$case}`)) return true;
    if (network.eavesdropper?.(this.#connection, message) ?? true) this.send(message);
    return true;
  }

  /** Onto the wire, whoever says it. */
  send(message: ToAgent): void {
    if (!this.#connection.isOver) this.#to.send(message);
  }

  emit(_event: 'error', { details }: { details: string }): void {
    this.destroyed = true;
    this.#connection.endedByGateway(details);
    this.#finish();
  }

  end(): void {
    this.destroyed = true;
    this.#connection.endedByGateway(null);
  }

  destroy(): void {
    this.destroyed = true;
    this.#finish();
  }

  take(message: FromAgent): void {
    if (!this.#connection.gateway?.isAlive) return;
    this.#connection.overhear('←', message.kind);
    const reader = this.#reader;
    this.#reader = null;
    if (reader) reader.resolve({ done: false, value: message });
    else this.#waiting.push(message);
  }

  /** The agent has left, in order or not. */
  left(isOrderly: boolean): void {
    if (!this.#connection.gateway?.isAlive || this.#left !== 'no') return;
    this.#left = isOrderly ? 'in order' : 'cancelled';
    if (!isOrderly) this.#handlers.get('cancelled')?.();
    this.#finish();
  }

  #finish(): void {
    const reader = this.#reader;
    this.#reader = null;
    if (this.#left === 'in order') reader?.resolve({ done: true, value: undefined });
    else reader?.reject(new Error('Premature close'));
  }

  [Symbol.asyncIterator](): AsyncIterator<FromAgent> {
    return {
      next: () => {
        const value = this.#waiting.shift();
        if (value !== undefined && !this.destroyed) return Promise.resolve({ done: false, value });
        if (this.#left === 'in order') return Promise.resolve({ done: true, value: undefined });
        if (this.destroyed || this.#left === 'cancelled') return Promise.reject(new Error('Premature close'));
        return new Promise((resolve, reject) => {
          this.#reader = { resolve, reject };
        });
      },
    };
  }
}
