/** Latencies of a model, drawn from its recorded percentiles. */
import { type Dice, dice } from '../dev/random.ts';

/** What was recorded of a model (ms): of issue 6. */
const P50 = 1_100;
const P95 = 3_200;
const P99 = 6_000;
const ERRORS = 0.01;
const HANGS = 0.005;

/** How many standard deviations above the mean the percentiles of a normal distribution are. */
const Z95 = 1.644_854;
const Z99 = 2.326_348;

/** What becomes of one request: it is answered or broken after `ms`, or never answered. */
export type Fate = { readonly kind: 'answer' | 'error'; readonly ms: number } | { readonly kind: 'hang' };

/** Draws fates, the same for the same seed. Log-normal through p50 and p95, with the heavier tail that p99 asks for. */
export function fates(seed: number): () => Fate {
  const chance = dice(seed);
  return () => {
    const luck = chance.between(0, 1);
    const ms = latencyAt(normal(chance));
    if (luck < HANGS) return { kind: 'hang' };
    return { kind: luck < HANGS + ERRORS ? 'error' : 'answer', ms };
  };
}

/** The latency so many standard deviations from the median (ms). */
export function latencyAt(z: number): number {
  const body = Math.log(P95 / P50) / Z95;
  const tail = Math.log(P99 / P95) / (Z99 - Z95);
  return z <= Z95 ? P50 * Math.exp(body * z) : P95 * Math.exp(tail * (z - Z95));
}

/** Box and Muller's. */
const normal = (chance: Dice): number =>
  Math.sqrt(-2 * Math.log(1 - chance.between(0, 1))) * Math.cos(2 * Math.PI * chance.between(0, 1));
