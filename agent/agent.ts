import type { Logger } from 'pino';
import type { RecordInput } from '../src/protocol/index.ts';
import type { Classify } from '../src/safety/verdict.ts';
import type { Host } from './checks.ts';
import type { Clock } from './clock.ts';
import { type Effect, type Input, step } from './core.ts';
import { type Journal, JournalError, JournalFullError } from './journal-file.ts';
import type { Line, LineEvents } from './link.ts';
import { toSentence } from './sentence.ts';
import { standstill } from './standstill.ts';
import { type AgentState, evolve, isSettled } from './state.ts';
import { type Running, type run, runSpec } from './supervisor.ts';

export interface AgentOptions {
  /** The state before the journal: identity, trust, policy, and faults found at start. */
  readonly initial: AgentState;
  readonly journal: Journal;
  /** The line to the server. */
  readonly connect: (events: LineEvents) => Line;
  /** Runs one process. */
  readonly run: typeof run;
  readonly clock: Clock;
  readonly host: Host;
  readonly hostName: string;
  /** The scanner in this program, and the version and hash of its rules. */
  readonly scanner: { readonly classify: Classify; readonly version: string; readonly sha256: string };
  readonly logger: Logger;
}

export const AGENT_VERSION = '1';
/** After the last step has ended, the server gets this long to acknowledge its report. */
const LAST_ACK_MS = 3000;
const TICK_MS = 1000;

/** The edge around the core: feeds it what happens, one input at a time, and carries out its effects in order. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #line: Line;
  readonly #processes = new Map<string, Running>();
  readonly #inbox: Input[] = [];
  #state: AgentState;
  #isBusy = false;
  #whenChanged: (() => void) | null = null;
  #cancelTick: () => void = () => undefined;

  /** Settles what an earlier life left open, then connects. */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.#state = evolve(options.initial, options.journal.reading.entries);
    this.#line = options.connect(this.#lineEvents());
    this.#feed({ kind: 'woken' });
    this.#line.open();
    this.#tickLater();
  }

  #tickLater(): void {
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => {
      this.#feed({ kind: 'tick' });
      this.#tickLater();
    });
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
    this.#cancelTick();
    this.#line.close();
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
    const times = { now: clock.now(), mono: clock.mono() };
    const { classify, sha256: rulesetSha256 } = scanner;
    const taken = step(before, input, { ...times, host, classify, rulesetSha256 });
    this.#state = taken.state;
    try {
      for (const effect of taken.effects) this.#perform(effect);
      journal.sync();
      const trouble = journal.trouble();
      if (trouble !== null) this.#next({ kind: 'fault', sentence: `This agent starts nothing. ${trouble}` });
    } catch (error) {
      logger.error({ err: error }, 'An effect could not be carried out; what came after it was dropped.');
      if (input.kind === 'fault') return;
      // What the journal does not hold has not happened.
      if (error instanceof JournalError) this.#state = before;
      const fault: Input = { kind: 'fault', sentence: `This agent starts nothing. ${sentenceOf(error)}` };
      // A job that the journal has no room for is looked at once more, to be refused by that fault and answered.
      this.#next(fault, ...(error instanceof JournalFullError ? [input] : []));
    }
  }

  /** Comes before whatever waits. */
  #next(...inputs: readonly Input[]): void {
    const isNews = (input: Input) => input.kind !== 'fault' || !this.#state.faults.includes(input.sentence);
    this.#inbox.unshift(...inputs.filter(isNews));
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
        this.#line.send(effect.report);
        return;
      case 'credit':
        journal.sync();
        this.#line.credit(effect.jobs);
        return;
      case 'reconnect':
        this.#line.reopen();
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
      const process = this.#options.run(runSpec(envelope, policy, profile), this.#options.clock, {
        output: (tail, bytes) => this.#feed({ kind: 'output', envelopeId, tail, bytes }),
        exited: (outcome) => settle({ kind: 'exited', envelopeId, outcome }),
        failed: (sentence) => settle({ kind: 'spawn-failed', envelopeId, sentence }),
      });
      this.#processes.set(envelopeId, process);
    } catch (error) {
      settle({ kind: 'spawn-failed', envelopeId, sentence: `The command could not be started: ${error}` });
    }
  }

  #lineEvents(): LineEvents {
    const { logger } = this.#options;
    return {
      hello: (nonce, leaseNonce) => this.#hello(nonce, leaseNonce),
      seqMark: () => this.#state.seqMark,
      connected: (welcome) => {
        logger.info({ panicEpoch: welcome.epoch, paused: welcome.paused }, 'Connected.');
        this.#feed({ kind: 'connected', ...welcome });
      },
      disconnected: (sentence) => {
        logger.warn(`Not connected: ${sentence}`);
        this.#feed({ kind: 'disconnected' });
      },
      lease: (signed, asked) => this.#feed({ kind: 'lease', signed, asked }),
      bundle: (signed) => this.#feed({ kind: 'bundle', signed }),
      job: (signed) => this.#feed({ kind: 'job', signed }),
      pause: (epoch) => this.#feed({ kind: 'pause', epoch }),
      resume: (signed) => this.#feed({ kind: 'resume', signed }),
      kill: (envelopeId) => this.#feed({ kind: 'kill', envelopeId }),
      acked: (envelopeId, report) => this.#feed({ kind: 'acked', envelopeId, report }),
    };
  }

  #hello(nonce: string, leaseNonce: string): RecordInput<'hello'> {
    const { clock, journal, scanner, hostName } = this.#options;
    const { identity, policy, panic, seqMark, leaseEpoch, trust } = this.#state;
    const because = standstill(this.#state, { now: clock.now(), mono: clock.mono() });
    return {
      v: 1,
      typ: 'hello',
      ...identity,
      nonce,
      leaseNonce,
      seqMark,
      leaseEpoch,
      bundleVersion: trust.version,
      journalHead: journal.head(),
      panicEpoch: panic.epoch,
      paused: panic.paused,
      pausedBecause: toSentence(because ?? ''),
      policySha256: policy.sha256,
      rulesetVersion: scanner.version,
      rulesetSha256: scanner.sha256,
      version: AGENT_VERSION,
      hostName,
      profiles: [...policy.profiles.values()].map(({ name, digest }) => ({ name, digest })),
    };
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
