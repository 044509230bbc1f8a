import type { FromAgent, ToAgent } from '../../src/protocol/generated/agent.ts';
import type { Connection } from './network.ts';

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
    if (chance.happens(weather.cut)) this.#connection.cut('a cut');
    if (this.#connection.isOver || chance.happens(weather.drop)) return;
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

/** The stream as the agent's `Link` sees it. */
export class AgentEnd {
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
export class GatewayEnd {
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
