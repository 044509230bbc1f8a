import pino from 'pino';
import { Agent } from '../../agent/agent.ts';
import type { Clock } from '../../agent/clock.ts';
import type { Welcome } from '../../agent/core.ts';
import { openJournal } from '../../agent/journal-file.ts';
import type { LineEvents } from '../../agent/link.ts';
import type { Policy } from '../../agent/policy.ts';
import { initialState } from '../../agent/state.ts';
import type { RunEvents } from '../../agent/supervisor.ts';
import type { RecordInput, Report } from '../../src/protocol/index.ts';
import { MemoryDisk } from './memory-disk.ts';
import {
  asked,
  benchWith,
  HASH,
  leaseWith,
  M0,
  NONCE,
  policyOf,
  root,
  stateWith,
  T0,
  trust,
} from './world.ts';

/** A clock that moves by hand and calls what is due. */
export class HandClock implements Clock {
  #passed = 0;
  #waiting: { at: number; action: () => void }[] = [];

  now = () => T0 + this.#passed;
  mono = () => M0 + this.#passed;

  after = (ms: number, action: () => void) => {
    const one = { at: this.#passed + ms, action };
    this.#waiting.push(one);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== one);
    };
  };

  pass(ms: number): void {
    const end = this.#passed + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#waiting = this.#waiting.filter((one) => one !== next);
      this.#passed = next.at;
      next.action();
    }
    this.#passed = end;
  }

  #next(end: number) {
    return this.#waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** The whole agent over a disk in memory, with its line and its processes played by the test. */
export class Rig {
  readonly disk: MemoryDisk;
  readonly clock = new HandClock();
  /** What was done to the world, in order. */
  readonly trace: string[] = [];
  readonly sent: Report[] = [];
  readonly hellos: RecordInput<'hello'>[] = [];
  /** Processes by envelope id, as they were started: how to end them. */
  readonly processes = new Map<string, RunEvents>();
  readonly agent: Agent;
  #events: LineEvents | null = null;
  /** Called when a process is started; may throw. */
  whenRun: () => void = () => undefined;
  /** Called when a report is sent; may throw. */
  whenSent: () => void = () => undefined;

  constructor(disk = new MemoryDisk(), policy: Policy = policyOf()) {
    this.disk = disk;
    const { identity } = stateWith();
    const { host, classify } = benchWith();
    disk.operations.length = 0;
    const { before } = disk;
    disk.before = (operation, path) => {
      if (path === 'journal') this.trace.push(operation);
      before(operation, path);
    };
    this.agent = new Agent({
      initial: initialState(identity, root, trust, policy),
      journal: openJournal('journal', disk, 1 << 21),
      connect: (events) => this.#line(events),
      run: (spec, _, events) => {
        this.whenRun();
        this.trace.push('spawn');
        this.processes.set(spec.env.DD0C_ENVELOPE ?? '', events);
        return { stop: () => this.trace.push('stop') };
      },
      clock: this.clock,
      host,
      hostName: 'host-1',
      scanner: { classify, version: '1', sha256: HASH },
      logger: pino({ level: 'silent' }),
    });
  }

  /** What the agent listens to. */
  get line(): LineEvents {
    if (this.#events === null) throw new Error('The agent has not asked for a line.');
    return this.#events;
  }

  #line(events: LineEvents) {
    this.#events = events;
    return {
      open: () => this.trace.push('open'),
      reopen: () => {
        this.trace.push('reopen');
        events.disconnected('The agent gives up this connection.');
      },
      send: (report: Report) => {
        this.whenSent();
        this.trace.push(`send ${report.kind}`);
        this.sent.push(report);
      },
      credit: (jobs: number) => this.trace.push(`credit ${jobs}`),
      close: () => this.trace.push('close'),
    };
  }

  /** The server greets the agent on its n-th connection. */
  welcome(lease_epoch = 1, welcome: Partial<Welcome> = {}): void {
    this.hellos.push(this.line.hello(NONCE, NONCE));
    const lease = leaseWith({ lease_epoch, now: this.clock.now() });
    const at = { nonce: asked.nonce, at: this.clock.mono() };
    this.line.connected({
      epoch: 0,
      paused: false,
      resume: null,
      bundle: null,
      open: [],
      lease,
      asked: at,
      ...welcome,
    });
  }

  /** Forgets what was traced so far. */
  clear(): void {
    this.trace.length = 0;
  }
}
