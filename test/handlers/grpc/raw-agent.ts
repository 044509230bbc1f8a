import { type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { AGENT_ID_HEADER } from '../../../handlers/grpc/greet.ts';
import {
  AgentGatewayClient,
  type FromAgent,
  type ToAgent,
  type Welcome,
} from '../../../src/protocol/generated/agent.ts';
import {
  type RecordInput,
  type Signed,
  type SigningKey,
  sha256Hex,
  signRecord,
  toBase64url,
} from '../../../src/protocol/index.ts';
import { agentKey, NONCE } from '../../agent/world.ts';
import { tls } from './memory.ts';

/** An agent that says whatever the test wants. */
export class RawAgent {
  readonly jobs: Signed[] = [];
  readonly leases: Signed[] = [];
  readonly bundles: Signed[] = [];
  /** The server's nonce, base64url. */
  readonly challenge: Promise<string>;
  readonly welcome: Promise<Welcome>;
  /** The sentence with which the server ended the stream. */
  readonly refusal: Promise<string>;
  readonly #client: AgentGatewayClient;
  readonly #stream: ClientDuplexStream<FromAgent, ToAgent>;
  readonly #key: SigningKey;

  constructor(port: number, options: { key?: SigningKey; metadata?: Record<string, string> } = {}) {
    this.#key = options.key ?? agentKey;
    this.#client = new AgentGatewayClient(
      `127.0.0.1:${port}`,
      credentials.createSsl(Buffer.from(tls.certPem)),
    );
    this.#stream = this.#client.work(
      Metadata.fromHttp2Headers(options.metadata ?? { [AGENT_ID_HEADER]: 'agent-1' }),
    );
    this.challenge = this.#heard((kind) =>
      kind?.$case === 'challenge' ? toBase64url(kind.value.nonce) : undefined,
    );
    this.welcome = this.#heard((kind) => (kind?.$case === 'welcome' ? kind.value : undefined));
    this.refusal = new Promise((resolve) => {
      this.#stream.on('error', (error) => {
        resolve(error.message);
        this.#client.close();
      });
    });
    this.#stream.on('data', ({ kind }: ToAgent) => {
      if (kind?.$case === 'job') this.jobs.push(kind.value);
      if (kind?.$case === 'lease') this.leases.push(kind.value);
      if (kind?.$case === 'bundle') this.bundles.push(kind.value);
    });
  }

  helloRecord(nonce: string): RecordInput<'hello'> {
    return {
      v: 1,
      typ: 'hello',
      agentId: 'agent-1',
      tenantId: 'T1',
      agentEpoch: 1,
      nonce,
      leaseNonce: NONCE,
      seqMark: 0,
      leaseEpoch: 0,
      bundleVersion: 1,
      journalHead: sha256Hex(''),
      panicEpoch: 0,
      paused: false,
      pausedBecause: '',
      policySha256: sha256Hex(''),
      rulesetVersion: '1',
      rulesetSha256: 'a'.repeat(64),
      version: '1',
      hostName: 'raw',
      profiles: [],
    };
  }

  /** Answers the challenge, with whatever the test wants to be different. */
  async hello(overrides: Partial<RecordInput<'hello'>> = {}): Promise<void> {
    const record = { ...this.helloRecord(await this.challenge), ...overrides };
    this.write({ kind: { $case: 'hello', value: wire(signRecord('hello', record, this.#key)) } });
  }

  renew(nonce: string, seqMark = 0): void {
    this.write({ kind: { $case: 'renew', value: { nonce, seqMark } } });
  }

  credit(jobs: number): void {
    this.write({ kind: { $case: 'credit', value: { jobs } } });
  }

  report(signed: Signed): void {
    this.write({ kind: { $case: 'report', value: wire(signed) } });
  }

  write(message: FromAgent): void {
    this.#stream.write(message);
  }

  close(): void {
    this.#stream.end();
    this.#client.close();
  }

  #heard<T>(pick: (kind: ToAgent['kind']) => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      this.#stream.on('data', ({ kind }: ToAgent) => {
        const found = pick(kind);
        if (found !== undefined) resolve(found);
      });
    });
  }
}

function wire({ keyId, payload, sig }: Signed) {
  return { keyId, payload: Buffer.from(payload), sig: Buffer.from(sig) };
}
