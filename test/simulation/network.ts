import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { WorkStream } from '../../handlers/grpc/session.ts';
import type { AgentGatewayClient, FromAgent, ToAgent } from '../../src/protocol/generated/agent.ts';
import type { Chance } from './chance.ts';
import type { Program, Surroundings } from './program.ts';
import { AgentEnd, GatewayEnd } from './streams.ts';

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
