import type { Timeline } from './timeline.ts';

/** When every simulation begins: 2026-11-24T10:00:00Z, in ms since 1970. */
export const BEGINNING = Date.UTC(2026, 10, 24, 10);

/** The clocks of one machine: the one on the wall may be off, jump and drift; the other only ever counts up. */
export class MachineClock {
  readonly #timeline: Timeline;
  #offset: number;
  /** How much faster than true time both run, e.g. 0.0001. */
  readonly #drift: number;

  constructor(timeline: Timeline, offset = 0, drift = 0) {
    this.#timeline = timeline;
    this.#offset = offset;
    this.#drift = drift;
  }

  now(): number {
    return Math.floor(BEGINNING + this.#timeline.now * (1 + this.#drift) + this.#offset);
  }

  mono(): number {
    return this.#timeline.now * (1 + this.#drift);
  }

  /** How far the one on the wall is ahead of the other: it changes only when somebody sets the clock. */
  get lead(): number {
    return BEGINNING + this.#offset;
  }

  jump(ms: number): void {
    this.#offset += ms;
  }

  /** Somebody sets it right. */
  correct(): void {
    this.#offset = 0;
  }
}

/** True time in ms since 1970: what no machine knows. */
export const trueTime = (timeline: Timeline): number => Math.floor(BEGINNING + timeline.now);
