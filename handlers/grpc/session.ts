import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { FromAgent, ToAgent } from '../../src/protocol/generated/agent.ts';
import type { AgentId, TenantId } from '../../src/protocol/ids.ts';
import { openSigned, type Signed, type VerifyKey } from '../../src/protocol/index.ts';
import type { Connection, GatewayPorts } from './ports.ts';

export type WorkStream = ServerDuplexStream<FromAgent, ToAgent>;

/** An agent that proved who it is. */
export interface ProvenAgent {
  readonly agentId: AgentId;
  readonly tenantId: TenantId;
  readonly key: VerifyKey;
}

/** The way back to the agent. */
export interface Line {
  readonly isOpen: boolean;
  send(message: ToAgent): void;
  /** Ends the stream with a status and a sentence. */
  end(code: status, details: string): void;
}

/** One proven agent on one stream: takes its reports, hands it jobs as far as its credit goes, tells it of pauses. */
export class Session {
  readonly agent: ProvenAgent;
  readonly #connection: Connection;
  readonly #line: Line;
  readonly #ports: GatewayPorts;
  readonly #log: Logger;
  /** The envelopes this connection has carried, and those that it never will. */
  readonly #handed = new Set<string>();
  readonly #withheld = new Set<string>();
  /** The envelopes this connection has told the agent to end. */
  readonly #killed = new Set<string>();
  #credit = 0;
  #bundleVersion = 0;
  #told: { epoch: number; paused: boolean } | null = null;
  /** The highest epoch a broadcast named; until the tenant's own state gets there, the session stays paused. */
  #broadcastEpoch = 0;
  #wanted = false;
  #looking = false;

  constructor(agent: ProvenAgent, connection: Connection, line: Line, ports: GatewayPorts, log: Logger) {
    this.agent = agent;
    this.#connection = connection;
    this.#line = line;
    this.#ports = ports;
    this.#log = log;
  }

  /** The higher of two is that of the newer connection. */
  get leaseEpoch(): number {
    return this.#connection.leaseEpoch;
  }

  /** Tells the agent how its tenant stands, its lease, and what to account for. Nothing else is sent before it. */
  async welcome(bundleVersion: number): Promise<void> {
    const pause = await this.#ports.tenantPause(this.agent.tenantId);
    const paused = pause.paused || pause.epoch < this.#broadcastEpoch;
    this.#told = { epoch: Math.max(pause.epoch, this.#broadcastEpoch), paused };
    const { lease, open } = this.#connection;
    const bundle = this.#ports.bundle();
    this.#bundleVersion = Math.max(bundleVersion, bundle.version);
    if (bundleVersion > bundle.version)
      this.#log.warn(
        { its: bundleVersion, ours: bundle.version },
        'The agent has a newer trust bundle than this server: the folder of keys is an old copy. Bring it up to date, or renew the bundle until its version is higher (dd0c keys renew).',
      );
    const value = {
      panicEpoch: this.#told.epoch,
      paused,
      resume: paused ? undefined : wire(pause.resume),
      bundle: bundle.version > bundleVersion ? toWire(bundle.signed) : undefined,
      lease: toWire(lease),
      open: open.map((attempt) => ({ ...attempt })),
    };
    this.#put({ kind: { $case: 'welcome', value } });
  }

  /** Tells the agent to stop taking work, at once and without asking anyone. */
  pause(epoch: number): void {
    this.#broadcastEpoch = Math.max(this.#broadcastEpoch, epoch);
    if (this.#told === null) return;
    this.#told = { epoch: Math.max(this.#told.epoch, epoch), paused: true };
    this.#send({ kind: { $case: 'pause', value: { panicEpoch: this.#told.epoch } } });
  }

  /** Ends the stream, because the agent has a newer one. */
  giveWay(): void {
    if (!this.#line.isOpen) return;
    const details =
      'This agent has connected anew since. If two programs have its identity: stop one and enrol it again.';
    this.#log.warn(details);
    this.#line.end(status.ALREADY_EXISTS, details);
  }

  /** Takes one message of the agent; resolves when its consequences are durable. Rejects when they cannot be. */
  async take(message: FromAgent): Promise<void> {
    switch (message.kind?.$case) {
      case 'credit':
        this.#credit = message.kind.value.jobs;
        this.look();
        return;
      case 'report':
        await this.#record(message.kind.value);
        return;
      case 'renew':
        await this.#renew(message.kind.value);
        return;
      case 'hello':
      case undefined:
        this.#log.warn('The agent sent a message that has no place here; it was ignored.');
    }
  }

  /** Looks whether there is a pause or a kill to tell or a job to hand out. Calls during a look lead to one more look. */
  look(): void {
    if (this.#told === null) return;
    this.#wanted = true;
    if (!this.#looking) void this.#lookUntilSettled();
  }

  async #lookUntilSettled(): Promise<void> {
    this.#looking = true;
    try {
      while (this.#wanted && this.#line.isOpen) {
        this.#wanted = false;
        this.#tellBundle();
        await this.#tellPause();
        await this.#tellKills();
        await this.#handOut();
      }
    } catch (error) {
      this.#log.error(
        { err: error },
        'Could not look for work for the agent; the next look is within a second.',
      );
    } finally {
      this.#looking = false;
    }
  }

  #tellBundle(): void {
    const { version, signed } = this.#ports.bundle();
    if (version <= this.#bundleVersion) return;
    this.#bundleVersion = version;
    this.#put({ kind: { $case: 'bundle', value: toWire(signed) } });
  }

  async #renew({ nonce, seqMark }: { nonce: string; seqMark: number }): Promise<void> {
    const { agentId } = this.agent;
    const lease = await this.#ports.renew(agentId, this.#connection.leaseEpoch, nonce, seqMark);
    if (lease === null) return this.giveWay();
    this.#send({ kind: { $case: 'lease', value: toWire(lease) } });
  }

  async #tellPause(): Promise<void> {
    const pause = await this.#ports.tenantPause(this.agent.tenantId);
    if (this.#told === null || pause.epoch < this.#told.epoch) return;
    if (pause.epoch === this.#told.epoch && pause.paused === this.#told.paused) return;
    const resume = wire(pause.resume);
    if (pause.paused) this.pause(pause.epoch);
    else if (resume !== undefined) {
      this.#told = { epoch: pause.epoch, paused: false };
      this.#send({ kind: { $case: 'resume', value: resume } });
    }
  }

  async #tellKills(): Promise<void> {
    for (const envelopeId of await this.#ports.killsAsked(this.agent.agentId)) {
      if (this.#killed.has(envelopeId)) continue;
      this.#killed.add(envelopeId);
      this.#send({ kind: { $case: 'kill', value: { envelopeId } } });
    }
  }

  async #handOut(): Promise<void> {
    const { leaseEpoch } = this.#connection;
    const { agentId } = this.agent;
    for (const { about, signed, standing } of await this.#ports.waitingJobs(agentId, leaseEpoch)) {
      const { envelopeId } = about;
      if (this.#handed.has(envelopeId)) continue;
      if (standing === 'over') this.#withheld.add(envelopeId);
      if (this.#withheld.has(envelopeId)) await this.#ports.withheld(agentId, about, leaseEpoch);
      else if (standing === 'ready' && this.#mayHandOut()) {
        this.#handed.add(envelopeId);
        this.#credit -= 1;
        this.#send({ kind: { $case: 'job', value: toWire(signed) } });
      }
    }
  }

  #mayHandOut(): boolean {
    return this.#credit > 0 && this.#told !== null && !this.#told.paused && this.#line.isOpen;
  }

  async #record(message: { keyId: string; payload: Uint8Array; sig: Uint8Array }): Promise<void> {
    const { agentId, key } = this.agent;
    const opened = openSigned('report', message, (keyId) => (keyId === key.keyId ? key : undefined));
    if (!opened.ok) {
      this.#log.warn({ code: opened.code }, `A report was refused and not recorded. ${opened.sentence}`);
      return;
    }
    const report = opened.record;
    await this.#ports.record(agentId, report, this.#connection.leaseEpoch);
    this.#send({ kind: { $case: 'ack', value: { envelopeId: report.envelopeId, kind: report.kind } } });
  }

  /** Sends it, after the newest bundle: the message may be signed by a key that only this one names. */
  #send(message: ToAgent): void {
    this.#tellBundle();
    this.#put(message);
  }

  #put(message: ToAgent): void {
    if (this.#line.isOpen) this.#line.send(message);
  }
}

function toWire(signed: Signed) {
  return { keyId: signed.keyId, payload: Buffer.from(signed.payload), sig: Buffer.from(signed.sig) };
}

function wire(signed: Signed | null) {
  return signed === null ? undefined : toWire(signed);
}
