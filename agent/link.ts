import { type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import {
  AgentGatewayClient,
  type FromAgent,
  type ToAgent,
  type Signed as Wire,
} from '../src/protocol/generated/agent.ts';
import {
  type RecordInput,
  type Report,
  type Signed,
  type Signer,
  signRecord,
  toBase64url,
} from '../src/protocol/index.ts';
import type { Clock } from './clock.ts';

export interface LinkOptions {
  /** `host:port` of the gateway. */
  readonly address: string;
  /** The certificate the gateway's must chain to; nothing else is trusted. */
  readonly caPem: string;
  readonly agentId: string;
  readonly signer: Signer;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** The first words on a new stream, over the server's nonce (base64url). */
  hello(nonce: string): RecordInput<'hello'>;
  readonly events: LinkEvents;
}

export interface LinkEvents {
  connected(pause: {
    readonly epoch: number;
    readonly paused: boolean;
    readonly resume: Signed | null;
  }): void;
  /** `sentence` says why, in the server's or the library's words. */
  disconnected(sentence: string): void;
  job(signed: Signed): void;
  pause(epoch: number): void;
  resume(signed: Signed): void;
  kill(envelopeId: string): void;
  acked(envelopeId: string, report: string): void;
}

type Stream = ClientDuplexStream<FromAgent, ToAgent>;

const AGENT_ID_HEADER = 'dd0c-agent-id';
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 15_000;
/** A silent peer is found within 30 s (docs/threats.md, section 5); larger than any message the server sends. */
const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': 600 * 1024,
  'grpc.initial_reconnect_backoff_ms': FIRST_RETRY_MS,
  'grpc.max_reconnect_backoff_ms': LAST_RETRY_MS,
  'grpc.enable_retries': 0,
} as const;

/**
 * The line to the gateway: connects, stays connected, and comes back with growing, jittered waits. What is sent while
 * there is none is dropped: the core says it again after `connected`.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #client: AgentGatewayClient;
  #stream: Stream | null = null;
  #isWelcome = false;
  #failures = 0;
  #isClosed = false;
  #cancelRetry: (() => void) | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#client = connectClient(options.address, options.caPem);
  }

  /** Opens a stream; every later one is opened by the link itself. */
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
  }

  /** Signs and sends a report. Output is dropped when the line is slow: the next one says more. */
  send(report: Report): void {
    if (!this.#isWelcome || (report.kind === 'output' && this.#stream?.writableNeedDrain)) return;
    this.#write({
      kind: { $case: 'report', value: wire(signRecord('report', report, this.#options.signer)) },
    });
  }

  /** Says how many jobs the agent would take now. */
  credit(jobs: number): void {
    if (this.#isWelcome) this.#write({ kind: { $case: 'credit', value: { jobs } } });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#stream?.end();
    this.#client.close();
  }

  #write(message: FromAgent): void {
    if (this.#stream?.writable) this.#stream.write(message);
  }

  #lose(stream: Stream, sentence: string): void {
    if (stream !== this.#stream) return;
    this.#stream = null;
    this.#failures = this.#isWelcome ? 0 : this.#failures + 1;
    this.#isWelcome = false;
    if (this.#isClosed) return;
    const { clock, events, random } = this.#options;
    events.disconnected(sentence);
    const longest = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#cancelRetry = clock.after(longest * (0.5 + random() / 2), () => this.open());
  }

  #take({ kind }: ToAgent): void {
    const { events, hello, signer } = this.#options;
    switch (kind?.$case) {
      case 'challenge': {
        const signed = signRecord('hello', hello(toBase64url(kind.value.nonce)), signer);
        this.#write({ kind: { $case: 'hello', value: wire(signed) } });
        return;
      }
      case 'welcome': {
        this.#isWelcome = true;
        const { panicEpoch, paused, resume } = kind.value;
        events.connected({ epoch: panicEpoch, paused, resume: resume ?? null });
        return;
      }
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

/** A client that trusts one certificate authority and speaks TLS only. */
export function connectClient(address: string, caPem: string): AgentGatewayClient {
  return new AgentGatewayClient(address, credentials.createSsl(Buffer.from(caPem)), CHANNEL_OPTIONS);
}

function wire({ keyId, payload, sig }: Signed): Wire {
  return { keyId, payload: Buffer.from(payload), sig: Buffer.from(sig) };
}
