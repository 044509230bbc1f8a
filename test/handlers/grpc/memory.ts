import pino from 'pino';
import { type Gateway, startGateway } from '../../../handlers/grpc/gateway.ts';
import type { GatewayPorts, Hello, OpenAttempt, Report, Signed } from '../../../handlers/grpc/ports.ts';
import { selfSigned, type TlsPair } from '../../../handlers/grpc/tls.ts';
import { agentId, runId, stepId, type TenantId, tenantId } from '../../../src/protocol/ids.ts';
import { encodeSigned, type RecordInput } from '../../../src/protocol/index.ts';
import { bundleWith, leaseWith, rootKey, signJob } from '../../agent/world.ts';

export const TOKEN = 'one-time-token-of-the-test';

type Job = RecordInput<'job'>;

/** The trust bundle of this test's server, valid now. */
const bundle = bundleWith({ iat: Date.now() });

/** The system behind gateways, in memory: what it was told, and what it has to hand out. */
export class Memory implements GatewayPorts {
  readonly agents = new Map<string, { tenantId: TenantId; publicKey: string; agentEpoch: number }>();
  readonly reports: Report[] = [];
  readonly hellos: Hello[] = [];
  /** Jobs that are signed when they are handed out, or envelopes as the test made them. */
  readonly waiting: (Job | Signed)[] = [];
  /** Ids of envelopes that are not to be handed out any more, and of those that a connection has said it withheld. */
  readonly over = new Set<string>();
  readonly withheldIds: string[] = [];
  /** The lease epoch of the newest connection. */
  leaseEpoch = 0;
  gone = 0;
  renewals = 0;
  /** How often the gateway looked for pauses and work. */
  looks = 0;
  kills: string[] = [];
  pause = { epoch: 0, paused: false, resume: null as Signed | null };
  trust = { version: 1, signed: bundle };
  /** When set, nothing can be recorded, as if the database were away. */
  isBroken = false;
  /** The server's clock. */
  now: () => number = Date.now;
  /** When set, a new connection is refused with this sentence. */
  refusal: string | null = null;
  #token: string | null = TOKEN;
  readonly #signed = new Map<Job, Signed & { leaseEpoch: number }>();
  readonly #listeners = new Set<(tenant: TenantId) => void>();

  async redeemEnrolment(token: string, publicKey: string) {
    if (token !== this.#token)
      return { ok: false as const, sentence: 'This token is not valid or has been used.' };
    this.#token = null;
    const agent = { tenantId: tenantId('T1'), publicKey, agentEpoch: 1 };
    this.agents.set('agent-1', agent);
    return { ok: true as const, agentId: agentId('agent-1'), ...agent };
  }

  async findAgent(id: string) {
    return this.agents.get(id) ?? null;
  }

  bundle() {
    return this.trust;
  }

  async connect(_: string, hello: Hello) {
    this.hellos.push(hello);
    if (this.refusal !== null) return { ok: false as const, sentence: this.refusal };
    this.leaseEpoch = Math.max(this.leaseEpoch, hello.leaseEpoch) + 1;
    const ended = this.#ended();
    const open = [...this.#signed.keys()].map(aboutOf).filter(({ envelopeId }) => !ended.has(envelopeId));
    const lease = this.#lease(hello.leaseNonce, hello.seqMark);
    return { ok: true as const, connection: { leaseEpoch: this.leaseEpoch, lease, open } };
  }

  async renew(_: string, leaseEpoch: number, nonce: string, seqMark: number) {
    this.renewals += 1;
    return leaseEpoch === this.leaseEpoch ? this.#lease(nonce, seqMark) : null;
  }

  #lease(nonce: string, seq_mark: number): Signed {
    const { epoch: panic_epoch } = this.pause;
    const { version: bundle_version } = this.trust;
    const says = { now: this.now(), lease_epoch: this.leaseEpoch, panic_epoch, bundle_version, seq_mark };
    return leaseWith({ nonce, ...says });
  }

  async disconnected() {
    this.gone += 1;
  }

  async killsAsked() {
    return this.kills;
  }

  async waitingJobs(_: string, leaseEpoch: number) {
    const ended = this.#ended();
    const jobs = this.waiting.map((item, at) => {
      if (!('sig' in item)) return { signed: this.#sign(item), about: aboutOf(item) };
      // What is in it may be anything.
      const about = { runId: runId('?'), stepId: stepId('?'), attempt: 1, envelopeId: `item ${at}` };
      return { signed: { ...item, leaseEpoch }, about };
    });
    return jobs
      .filter(({ signed, about }) => signed.leaseEpoch === leaseEpoch && !ended.has(about.envelopeId))
      .map((job) => ({
        ...job,
        standing: this.over.has(job.about.envelopeId) ? ('over' as const) : ('ready' as const),
      }));
  }

  /** The envelope of a job: made once, under the lease of the newest connection. */
  #sign(job: Job) {
    const { leaseEpoch } = this;
    const signed = this.#signed.get(job) ?? { ...signJob({ ...job, lease_epoch: leaseEpoch }), leaseEpoch };
    this.#signed.set(job, signed);
    return signed;
  }

  async withheld(_: string, { envelopeId }: OpenAttempt) {
    if (this.isBroken) throw new Error('The database is away.');
    this.withheldIds.push(envelopeId);
  }

  async record(_: string, report: Report) {
    if (this.isBroken) throw new Error('The database is away.');
    this.reports.push(report);
    // It never came: it is made anew.
    if (report.kind === 'missing')
      for (const job of this.#signed.keys())
        if (job.envelope_id === report.envelopeId) this.#signed.delete(job);
  }

  async tenantPause() {
    this.looks += 1;
    return this.pause;
  }

  onChange(listener: (tenant: TenantId) => void) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change() {
    for (const listener of this.#listeners) listener(tenantId('T1'));
  }

  hand(job: Job | Signed) {
    this.waiting.push(job);
    this.change();
  }

  /** Resolves when the gateway has looked again, twice and fully: what it would hand out it has handed out. */
  async afterLooks(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      const before = this.looks;
      this.change();
      await until('the next look', () => this.looks > before);
    }
  }

  #ended(): Set<string> {
    return new Set(this.ends().map(({ envelopeId }) => envelopeId));
  }

  ends(): Report[] {
    return this.reports.filter(
      ({ kind }) => kind === 'finished' || kind === 'rejected' || kind === 'unknown',
    );
  }
}

const aboutOf = (job: Job): OpenAttempt => ({
  runId: runId(job.run_id),
  stepId: stepId(job.step_id),
  attempt: job.attempt,
  envelopeId: job.envelope_id,
});

export const silent = pino({ level: 'silent' });

/** One certificate for the whole test file. */
export const tls: TlsPair = await selfSigned(['127.0.0.1', 'localhost'], Date.now());

export async function gatewayOver(memory: Memory, port = 0): Promise<Gateway> {
  return startGateway({ host: '127.0.0.1', port, tls, ports: memory, logger: silent });
}

export function inviteFor(port: number) {
  const pins = { root_key: rootKey.publicKey, bundle: encodeSigned(bundle) };
  return { address: `127.0.0.1:${port}`, ca_pem: tls.certPem, token: TOKEN, tenant_id: 'T1', ...pins };
}

/** Looks every few milliseconds until there is something; fails with a name after `limitMs`. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | null,
  limitMs = 15_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  while (Date.now() < end) {
    const found = look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Waited ${limitMs} ms in vain for ${what}.`);
}
