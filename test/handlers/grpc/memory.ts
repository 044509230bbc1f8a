import pino from 'pino';
import { type Gateway, startGateway } from '../../../handlers/grpc/gateway.ts';
import type { GatewayPorts, Hello, Report, Signed } from '../../../handlers/grpc/ports.ts';
import { selfSigned, type TlsPair } from '../../../handlers/grpc/tls.ts';
import { agentId, type TenantId, tenantId } from '../../../src/protocol/ids.ts';
import { bundle } from '../../agent/world.ts';

export const TOKEN = 'one-time-token-of-the-test';

/** The system behind a gateway, in memory: what it was told, and what it has to hand out. */
export class Memory implements GatewayPorts {
  readonly agents = new Map<string, { tenantId: TenantId; publicKey: string; agentEpoch: number }>();
  readonly reports: Report[] = [];
  readonly signedReports: Signed[] = [];
  readonly hellos: Hello[] = [];
  readonly waiting: Signed[] = [];
  gone = 0;
  beats = 0;
  /** How often the gateway looked for pauses and work. */
  looks = 0;
  /** How often it asked for jobs: only for an agent that wants one. */
  asked = 0;
  kills: string[] = [];
  pause = { epoch: 0, paused: false, resume: null as Signed | null };
  /** When set, nothing can be recorded, as if the database were away. */
  isBroken = false;
  /** When set, the agent has a newer connection to another gateway. */
  isElsewhere = false;
  #token: string | null = TOKEN;
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

  async connected(_: string, info: Hello) {
    this.hellos.push(info);
  }

  async disconnected() {
    this.gone += 1;
  }

  async alive() {
    this.beats += 1;
    return !this.isElsewhere;
  }

  async killsAsked() {
    return this.kills;
  }

  async waitingJobs() {
    this.asked += 1;
    const ended = new Set(this.ends().map((report) => report.envelopeId));
    return this.waiting.filter(
      (signed) => !ended.has(JSON.parse(new TextDecoder().decode(signed.payload)).envelope_id),
    );
  }

  async record(_: string, report: Report, signed: Signed) {
    if (this.isBroken) throw new Error('The database is away.');
    this.reports.push(report);
    this.signedReports.push(signed);
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

  hand(signed: Signed) {
    this.waiting.push(signed);
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

  ends(): Report[] {
    return this.reports.filter(
      ({ kind }) => kind === 'finished' || kind === 'rejected' || kind === 'unknown',
    );
  }
}

export const silent = pino({ level: 'silent' });

/** One certificate for the whole test file. */
export const tls: TlsPair = await selfSigned(['127.0.0.1', 'localhost'], Date.now());

export async function gatewayOver(memory: Memory, port = 0): Promise<Gateway> {
  return startGateway({ host: '127.0.0.1', port, tls, ports: memory, logger: silent });
}

export function inviteFor(port: number) {
  return { address: `127.0.0.1:${port}`, ca_pem: tls.certPem, token: TOKEN, tenant_id: 'T1', trust: bundle };
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
