import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { FromAgent, ToAgent } from '../../src/protocol/generated/agent.ts';
import type { AgentId, TenantId } from '../../src/protocol/ids.ts';
import { openSigned, type Signed, sha256Hex, type VerifyKey } from '../../src/protocol/index.ts';
import type { GatewayPorts } from './ports.ts';

export type WorkStream = ServerDuplexStream<FromAgent, ToAgent>;

/** An agent that proved who it is. */
export interface ProvenAgent {
  readonly agentId: AgentId;
  readonly tenantId: TenantId;
  readonly key: VerifyKey;
}

/** One proven agent on one stream: takes its reports, hands it jobs as far as its credit goes, tells it of pauses. */
export class Session {
  readonly agent: ProvenAgent;
  readonly #stream: WorkStream;
  readonly #ports: GatewayPorts;
  readonly #log: Logger;
  /** Payload hashes of the envelopes this connection has carried. */
  readonly #handed = new Set<string>();
  /** The envelopes this connection has told the agent to end. */
  readonly #killed = new Set<string>();
  #credit = 0;
  #told: { epoch: number; paused: boolean } | null = null;
  /** The highest epoch a broadcast named; until the tenant's own state gets there, the session stays paused. */
  #broadcastEpoch = 0;
  #wanted = false;
  #looking = false;

  constructor(agent: ProvenAgent, stream: WorkStream, ports: GatewayPorts, log: Logger) {
    this.agent = agent;
    this.#stream = stream;
    this.#ports = ports;
    this.#log = log;
  }

  /** Tells the agent how its tenant stands. Nothing else is sent before it. */
  async welcome(): Promise<void> {
    const pause = await this.#ports.tenantPause(this.agent.tenantId);
    const paused = pause.paused || pause.epoch < this.#broadcastEpoch;
    this.#told = { epoch: Math.max(pause.epoch, this.#broadcastEpoch), paused };
    const value = { panicEpoch: this.#told.epoch, paused, resume: paused ? undefined : wire(pause.resume) };
    this.#send({ kind: { $case: 'welcome', value } });
  }

  /** Tells the agent to stop taking work, at once and without asking anyone. */
  pause(epoch: number): void {
    this.#broadcastEpoch = Math.max(this.#broadcastEpoch, epoch);
    if (this.#told === null) return;
    this.#told = { epoch: Math.max(this.#told.epoch, epoch), paused: true };
    this.#send({ kind: { $case: 'pause', value: { panicEpoch: this.#told.epoch } } });
  }

  /** Ends the stream, because the agent has a newer one on another gateway. One that is not welcomed yet is the newest. */
  giveWay(): void {
    if (this.#told === null || this.#stream.destroyed) return;
    const details =
      'This agent has connected to another server since. If two programs have its identity: stop one and enrol it again.';
    this.#log.warn(details);
    this.#stream.emit('error', { code: status.ALREADY_EXISTS, details });
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
      while (this.#wanted && !this.#stream.destroyed) {
        this.#wanted = false;
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
    if (!this.#mayHandOut()) return;
    for (const job of await this.#ports.waitingJobs(this.agent.agentId)) {
      if (!this.#mayHandOut()) return;
      const hash = sha256Hex(job.payload);
      if (this.#handed.has(hash)) continue;
      this.#handed.add(hash);
      this.#credit -= 1;
      this.#send({ kind: { $case: 'job', value: toWire(job) } });
    }
  }

  #mayHandOut(): boolean {
    return this.#credit > 0 && this.#told !== null && !this.#told.paused && !this.#stream.destroyed;
  }

  async #record(message: { keyId: string; payload: Uint8Array; sig: Uint8Array }): Promise<void> {
    const { agentId, key } = this.agent;
    const opened = openSigned('report', message, (keyId) => (keyId === key.keyId ? key : undefined));
    if (!opened.ok) {
      this.#log.warn({ code: opened.code }, `A report was refused and not recorded. ${opened.sentence}`);
      return;
    }
    const report = opened.record;
    await this.#ports.record(agentId, report, message);
    this.#send({ kind: { $case: 'ack', value: { envelopeId: report.envelopeId, kind: report.kind } } });
  }

  #send(message: ToAgent): void {
    if (this.#stream.writable) this.#stream.write(message);
  }
}

function toWire(signed: Signed) {
  return { keyId: signed.keyId, payload: Buffer.from(signed.payload), sig: Buffer.from(signed.sig) };
}

function wire(signed: Signed | null) {
  return signed === null ? undefined : toWire(signed);
}
