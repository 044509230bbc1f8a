import { randomBytes } from 'node:crypto';

/** Where time and chance come from. Everything that needs them receives them, so that a test can decide both. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Random {
  /** `count` bytes nobody can foresee. */
  bytes(count: number): Uint8Array;
}

export const systemClock: Clock = { now: () => Date.now() };

export const systemRandom: Random = { bytes: (count) => randomBytes(count) };
