import type { Outcome } from '../../agent/core.ts';
import type { RunEvents, Running, RunSpec } from '../../agent/supervisor.ts';
import type { Chance } from './chance.ts';
import type { MachineClock } from './clock.ts';
import type { CallOff, Timeline } from './timeline.ts';

/** How commands behave on a host. */
export interface Manners {
  /** How long one takes on average (ms). */
  readonly duration: number;
  /** The probabilities that one cannot be started, fails, never ends by itself, or prints something. */
  readonly notStarted: number;
  readonly fails: number;
  readonly hangs: number;
  readonly prints: number;
}

type Ending = Pick<Outcome, 'exitCode' | 'signal'>;

/** One process on a host. It goes on when its agent dies, and nobody hears of it then. */
export class Process {
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #spec: RunSpec;
  readonly #ended: (ending: Ending, timedOut: boolean) => void;
  readonly #calls: CallOff[] = [];
  #isOver = false;
  #isStopping = false;
  #timedOut = false;

  constructor(
    {
      timeline,
      chance,
      manners,
      spec,
    }: { timeline: Timeline; chance: Chance; manners: Manners; spec: RunSpec },
    printed: () => void,
    ended: (ending: Ending, timedOut: boolean) => void,
  ) {
    this.#timeline = timeline;
    this.#chance = chance;
    this.#spec = spec;
    this.#ended = ended;
    const duration = chance.wait(manners.duration);
    if (chance.happens(manners.prints)) this.#later(duration / 2, printed);
    const exitCode = chance.happens(manners.fails) ? 1 : 0;
    if (!chance.happens(manners.hangs)) this.#later(duration, () => this.#end({ exitCode, signal: null }));
    this.#later(spec.timeoutMs, () => {
      this.#timedOut = true;
      this.stop();
    });
  }

  /** TERM, which it heeds or not, and KILL after the grace. */
  stop(): void {
    if (this.#isStopping || this.#isOver) return;
    this.#isStopping = true;
    const heeds = this.#chance.happens(0.7);
    this.#later(heeds ? this.#chance.wait(50) : this.#spec.graceMs, () =>
      this.#end({ exitCode: null, signal: heeds ? 'SIGTERM' : 'SIGKILL' }),
    );
  }

  /** The power goes. */
  kill(): void {
    this.#isOver = true;
    for (const callOff of this.#calls) callOff();
  }

  #later(ms: number, action: () => void): void {
    this.#calls.push(this.#timeline.after(ms, action));
  }

  #end(ending: Ending): void {
    if (this.#isOver) return;
    this.kill();
    this.#ended(ending, this.#timedOut);
  }
}

/** What the agent's supervisor would say of an ending. */
export function outcomeOf(
  ending: Ending,
  timedOut: boolean,
  startedAt: number,
  clock: MachineClock,
): Outcome {
  const head = 'done\n';
  return {
    ...ending,
    timedOut,
    head,
    tail: '',
    bytes: head.length,
    sha256: OUTPUT_SHA256,
    startedAt,
    finishedAt: clock.now(),
  };
}

const OUTPUT_SHA256 = '0'.repeat(64);

export type { RunEvents, Running, RunSpec };
