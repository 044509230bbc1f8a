import type { Logger } from 'pino';
import type { SigningKey } from '../src/protocol/index.ts';
import type { Verdict } from '../src/safety/verdict.ts';
import type { Host } from './checks.ts';
import type { Clock } from './clock.ts';
import { type Effect, type Input, step } from './core.ts';
import type { Journal } from './journal-file.ts';
import { Link, type LinkEvents } from './link.ts';
import { type AgentState, evolve, isSettled } from './state.ts';
import { type Running, run, runSpec } from './supervisor.ts';

export interface AgentOptions {
  /** The state before the journal: identity, trust, policy, and faults found at start. */
  readonly initial: AgentState;
  readonly journal: Journal;
  readonly key: SigningKey;
  readonly address: string;
  readonly caPem: string;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly host: Host;
  readonly hostName: string;
  readonly scanner: { classify(command: string): Verdict; readonly version: string };
  readonly logger: Logger;
}

export const AGENT_VERSION = '1';
/** After the last step has ended, the server gets this long to acknowledge its report. */
const LAST_ACK_MS = 3000;

/** The edge around the core: feeds it what happens, one input at a time, and carries out its effects in order. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #link: Link;
  readonly #processes = new Map<string, Running>();
  readonly #inbox: Input[] = [];
  #state: AgentState;
  #isBusy = false;
  #whenChanged: (() => void) | null = null;

  /** Settles what an earlier life left open, then connects. */
  constructor(options: AgentOptions) {
    const { address, caPem, key, clock, random } = options;
    this.#options = options;
    this.#state = evolve(options.initial, options.journal.reading.entries);
    this.#link = new Link({
      address,
      caPem,
      agentId: this.#state.identity.agentId,
      signer: key,
      clock,
      random,
      hello: (nonce) => this.#hello(nonce),
      events: this.#linkEvents(),
    });
    this.#feed({ kind: 'woken' });
    this.#link.open();
  }

  /**
   * Takes no more work. Resolves when nothing runs and everything is acknowledged; what still runs after the grace of
   * the policy is stopped, and an absent server is not waited for.
   */
  async drain(): Promise<void> {
    const { clock, journal } = this.#options;
    this.#feed({ kind: 'drain' });
    const cancelStop = clock.after(this.#state.policy.drain_grace_ms, () => {
      for (const process of this.#processes.values()) process.stop();
    });
    await this.#untilIdle();
    cancelStop();
    const cancelWait = await this.#untilAcknowledged();
    cancelWait();
    this.#link.close();
    journal.close();
  }

  #untilIdle(): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#processes.size === 0) resolve();
      };
      this.#whenChanged = look;
      look();
    });
  }

  #untilAcknowledged(): Promise<() => void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(LAST_ACK_MS, () => resolve(cancel));
      const look = () => {
        if (!this.#state.connected || [...this.#state.jobs.values()].every(isSettled)) resolve(cancel);
      };
      this.#whenChanged = look;
      look();
    });
  }

  #feed(input: Input): void {
    this.#inbox.push(input);
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) this.#handle(next);
    this.#isBusy = false;
    this.#whenChanged?.();
  }

  #handle(input: Input): void {
    const { clock, host, scanner, journal, logger } = this.#options;
    const before = this.#state;
    const taken = step(before, input, { now: clock.now(), host, classify: scanner.classify });
    this.#state = taken.state;
    try {
      for (const effect of taken.effects) this.#perform(effect);
      journal.sync();
    } catch (error) {
      // What the journal does not hold has not happened.
      this.#state = before;
      logger.error({ err: error }, 'An effect could not be carried out; what came after it was dropped.');
      const sentence = `The journal cannot be written, so this agent starts nothing: ${error}`;
      if (input.kind !== 'fault') this.#inbox.push({ kind: 'fault', sentence });
    }
  }

  #perform(effect: Effect): void {
    const { journal, logger } = this.#options;
    switch (effect.kind) {
      case 'append':
        journal.append(effect.entry);
        return;
      case 'spawn':
        journal.sync();
        this.#launch(effect);
        return;
      case 'stop':
        this.#processes.get(effect.envelopeId)?.stop();
        return;
      case 'send':
        journal.sync();
        this.#link.send(effect.report);
        return;
      case 'credit':
        this.#link.credit(effect.jobs);
        return;
      case 'log':
        logger[effect.level]({ code: effect.code }, effect.sentence);
    }
  }

  #launch({ envelope }: Extract<Effect, { kind: 'spawn' }>): void {
    const { policy } = this.#state;
    const profile = policy.profiles.get(envelope.profile.name);
    if (profile === undefined) throw new Error('An envelope passed its checks without a profile.');
    const envelopeId = envelope.envelope_id;
    const settle = (input: Input) => {
      this.#processes.delete(envelopeId);
      this.#feed(input);
    };
    try {
      const process = run(runSpec(envelope, policy, profile), this.#options.clock, {
        output: (tail, bytes) => this.#feed({ kind: 'output', envelopeId, tail, bytes }),
        exited: (outcome) => settle({ kind: 'exited', envelopeId, outcome }),
        failed: (sentence) => settle({ kind: 'spawn-failed', envelopeId, sentence }),
      });
      this.#processes.set(envelopeId, process);
    } catch (error) {
      settle({ kind: 'spawn-failed', envelopeId, sentence: `The command could not be started: ${error}` });
    }
  }

  #linkEvents(): LinkEvents {
    const { logger } = this.#options;
    return {
      connected: (pause) => {
        logger.info({ panicEpoch: pause.epoch, paused: pause.paused }, 'Connected.');
        this.#feed({ kind: 'connected', ...pause });
      },
      disconnected: (sentence) => {
        logger.warn(`Not connected: ${sentence}`);
        this.#feed({ kind: 'disconnected' });
      },
      job: (signed) => this.#feed({ kind: 'job', signed }),
      pause: (epoch) => this.#feed({ kind: 'pause', epoch }),
      resume: (signed) => this.#feed({ kind: 'resume', signed }),
      kill: (envelopeId) => this.#feed({ kind: 'kill', envelopeId }),
      acked: (envelopeId, report) => this.#feed({ kind: 'acked', envelopeId, report }),
    };
  }

  #hello(nonce: string) {
    const { identity, policy, panic, seqMark, faults } = this.#state;
    return {
      v: 1 as const,
      typ: 'hello' as const,
      ...identity,
      nonce,
      seqMark,
      journalHead: this.#options.journal.head(),
      panicEpoch: panic.epoch,
      paused: panic.paused,
      pausedBecause: faults.join(' ').slice(0, 1000),
      policySha256: policy.sha256,
      rulesetVersion: this.#options.scanner.version,
      version: AGENT_VERSION,
      hostName: this.#options.hostName,
      profiles: [...policy.profiles.values()].map(({ name, digest }) => ({ name, digest })),
    };
  }
}
