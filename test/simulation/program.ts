import type { Chance } from './chance.ts';
import type { CallOff, Timeline } from './timeline.ts';

/** What a program is told of the world it runs in. */
export interface Surroundings {
  readonly timeline: Timeline;
  readonly note: (who: string, what: string) => void;
}

/** One life of a program: it ends at any effect, and then nothing of it happens any more. */
export class Program {
  readonly name: string;
  readonly chance: Chance;
  readonly #around: Surroundings;
  readonly #deathAtEffect: () => number;
  readonly #whenDead: (() => void)[] = [];
  #isAlive = true;

  /** `deathAtEffect` is the probability that it dies at any one effect. */
  constructor(name: string, around: Surroundings, chance: Chance, deathAtEffect: () => number) {
    this.name = name;
    this.chance = chance;
    this.#around = around;
    this.#deathAtEffect = deathAtEffect;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Ends it now. Harmless when it has ended. */
  die(why: string): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#around.note(this.name, `dies: ${why}`);
    for (const tell of this.#whenDead) tell();
  }

  onDeath(tell: () => void): void {
    this.#whenDead.push(tell);
  }

  /** True when it gets to this effect and past it alive. */
  survives(effect: string): boolean {
    if (this.#isAlive && this.chance.happens(this.#deathAtEffect())) this.die(`at ${effect}`);
    return this.#isAlive;
  }

  /** Calls `action` after `ms`, unless the program is dead by then. */
  after(ms: number, action: () => void): CallOff {
    return this.#around.timeline.after(ms, () => {
      if (this.#isAlive) action();
    });
  }

  /** Calls `action` every `ms()` or so for as long as it lives. */
  every(ms: () => number, action: () => void): void {
    this.after(ms() * this.chance.between(0.8, 1.2), () => {
      action();
      this.every(ms, action);
    });
  }

  /** Resolves after `ms`; never when it is dead by then. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }
}

/** What a dead program waits for. */
export const forever = (): Promise<never> => new Promise(() => undefined);
