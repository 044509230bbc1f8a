import { type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { z } from 'zod';
import {
  AgentGatewayClient,
  type FromAgent,
  type ToAgent,
  type Signed as Wire,
} from '../src/protocol/generated/agent.ts';
import {
  LEASE_RENEW_MS,
  type RecordInput,
  type Report,
  type Signed,
  type Signer,
  signRecord,
  toBase64url,
} from '../src/protocol/index.ts';
import { aboutSchema } from '../src/protocol/report.ts';
import type { Clock } from './clock.ts';
import type { Welcome } from './core.ts';
import type { Asked } from './lease.ts';

/** A line to the server, as the agent uses it. */
export interface Line {
  /** Opens it; it opens itself again whenever it is lost. */
  open(): void;
  /** Drops the connection that is there, if any, and makes a new one. */
  reopen(): void;
  send(report: Report): void;
  credit(jobs: number): void;
  close(): void;
}

export interface LineEvents {
  /** The first words on a new stream, over the server's nonce and with the agent's own (base64url). */
  hello(nonce: string, leaseNonce: string): RecordInput<'hello'>;
  connected(welcome: Welcome): void;
  /** `sentence` says why, in the server's or the library's words. */
  disconnected(sentence: string): void;
  lease(signed: Signed, asked: Asked): void;
  bundle(signed: Signed): void;
  job(signed: Signed): void;
  pause(epoch: number): void;
  resume(signed: Signed): void;
  kill(envelopeId: string): void;
  acked(envelopeId: string, report: string): void;
  /** The highest `seq` in the journal. */
  seqMark(): number;
}

export interface LinkOptions {
  /** Makes a client of the gateway, with a connection of its own. */
  readonly client: () => Client;
  readonly agentId: string;
  readonly signer: Signer;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** 16 random bytes in base64url. */
  readonly nonce: () => string;
}

type Client = Pick<AgentGatewayClient, 'work' | 'close'>;
type Stream = ClientDuplexStream<FromAgent, ToAgent>;

const AGENT_ID_HEADER = 'dd0c-agent-id';
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2_000;
/** An agent is to be back within 5 s, and there may be another gateway that answers. */
const WELCOME_WITHIN_MS = 5_000;
const MAX_CHALLENGE_BYTES = 64;
const openSchema = z.array(aboutSchema);
/**
 * A peer that is silent to an open connection is found within 30 s, by an agent that asks for leases within 6 s. Messages may
 * be larger than any the server sends.
 */
const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': 600 * 1024,
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
} as const;

/**
 * The line to the gateway: connects, stays connected, and comes back with growing, jittered waits, over a connection of
 * its own each time: a stream over a half open one would be as deaf, and a channel that failed waits by a clock of its
 * own. What is sent while there is no line is dropped: the core says it again after `connected`.
 */
export class Link implements Line {
  readonly #options: LinkOptions;
  readonly #events: LineEvents;
  #client: Client;
  #stream: Stream | null = null;
  #isWelcome = false;
  #failures = 0;
  #isClosed = false;
  #cancelTimer: () => void = () => undefined;
  #asked: Asked = { nonce: '', at: 0 };
  #isAnswered = false;

  constructor(options: LinkOptions, events: LineEvents) {
    this.#options = options;
    this.#events = events;
    this.#client = options.client();
  }

  reopen(): void {
    this.#giveUp('The agent gives up this connection.');
  }

  open(): void {
    const metadata = new Metadata();
    metadata.set(AGENT_ID_HEADER, this.#options.agentId);
    const stream: Stream = this.#client.work(metadata);
    this.#stream = stream;
    stream.on('data', (message: ToAgent) => {
      if (stream === this.#stream) this.#take(message);
    });
    stream.on('error', (error) => this.#lose(stream, error.message));
    stream.on('end', () => this.#lose(stream, 'The server ended the stream.'));
    this.#later(WELCOME_WITHIN_MS, () => this.#giveUp('The server does not answer.'));
  }

  /** Signs and sends a report. Output is dropped when the line is slow: the next one says more. */
  send(report: Report): void {
    if (!this.#isWelcome || (report.kind === 'output' && this.#stream?.writableNeedDrain)) return;
    this.#write({
      kind: { $case: 'report', value: wire(signRecord('report', report, this.#options.signer)) },
    });
  }

  credit(jobs: number): void {
    if (this.#isWelcome) this.#write({ kind: { $case: 'credit', value: { jobs } } });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    this.#stream?.end();
    this.#client.close();
  }

  #write(message: FromAgent): void {
    if (this.#stream?.writable) this.#stream.write(message);
  }

  #giveUp(sentence: string): void {
    const stream = this.#stream;
    if (stream === null) return;
    this.#lose(stream, sentence);
    stream.cancel();
  }

  #lose(stream: Stream, sentence: string): void {
    if (stream !== this.#stream) return;
    this.#stream = null;
    this.#failures = this.#isWelcome ? 0 : this.#failures + 1;
    this.#isWelcome = false;
    this.#cancelTimer();
    if (this.#isClosed) return;
    this.#client.close();
    this.#client = this.#options.client();
    this.#events.disconnected(sentence);
    const longest = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#later(longest * (0.5 + this.#options.random() / 2), () => this.open());
  }

  /** One thing is waited for at a time: a welcome, the next renewal, or the next try. */
  #later(ms: number, action: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(ms, action);
  }

  /** A new question for a lease; the answer has to repeat its nonce. */
  #ask(): Asked {
    const { nonce, clock } = this.#options;
    this.#asked = { nonce: nonce(), at: clock.mono() };
    this.#isAnswered = false;
    return this.#asked;
  }

  /** A question that was not answered by the time of the next is not asked again here: the line may be half open. */
  #renewLater(): void {
    this.#later(LEASE_RENEW_MS, () => {
      if (!this.#isAnswered) {
        this.#giveUp('The server does not answer.');
        return;
      }
      const { nonce } = this.#ask();
      this.#write({ kind: { $case: 'renew', value: { nonce, seqMark: this.#events.seqMark() } } });
      this.#renewLater();
    });
  }

  #take({ kind }: ToAgent): void {
    const events = this.#events;
    switch (kind?.$case) {
      case 'challenge': {
        if (kind.value.nonce.byteLength > MAX_CHALLENGE_BYTES) {
          this.#giveUp('The challenge of the server is too large.');
          return;
        }
        const hello = events.hello(toBase64url(kind.value.nonce), this.#ask().nonce);
        const signed = signRecord('hello', hello, this.#options.signer);
        this.#write({ kind: { $case: 'hello', value: wire(signed) } });
        return;
      }
      case 'welcome': {
        const { panicEpoch: epoch, paused, resume = null, bundle = null, lease } = kind.value;
        const open = openSchema.safeParse(kind.value.open);
        if (lease === undefined || !open.success) {
          this.#giveUp('The welcome of the server is malformed.');
          return;
        }
        this.#isWelcome = true;
        this.#isAnswered = true;
        this.#renewLater();
        events.connected({ epoch, paused, resume, bundle, lease, asked: this.#asked, open: open.data });
        return;
      }
      case 'lease':
        this.#isAnswered = true;
        events.lease(kind.value, this.#asked);
        return;
      case 'bundle':
        events.bundle(kind.value);
        return;
      case 'job':
        events.job(kind.value);
        return;
      case 'ack':
        events.acked(kind.value.envelopeId, kind.value.kind);
        return;
      case 'pause':
        events.pause(kind.value.panicEpoch);
        return;
      case 'resume':
        events.resume(kind.value);
        return;
      case 'kill':
        events.kill(kind.value.envelopeId);
        return;
      case undefined:
        // A newer server may say things this agent has no word for.
        return;
    }
  }
}

/** A client of the gateway at `host:port` that trusts one certificate authority, in PEM, and speaks TLS only. */
export function connectClient(address: string, caPem: string): AgentGatewayClient {
  return new AgentGatewayClient(address, credentials.createSsl(Buffer.from(caPem)), CHANNEL_OPTIONS);
}

function wire({ keyId, payload, sig }: Signed): Wire {
  return { keyId, payload: Buffer.from(payload), sig: Buffer.from(sig) };
}
