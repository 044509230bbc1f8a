import { createHash } from 'node:crypto';
import { MUTANTS } from './mutants.ts';
import type { Harm } from './oracle.ts';
import { REAL } from './parts.ts';
import { countHarms, simulate } from './simulate.ts';

/** Some seeds to play one after the other. */
export interface Order {
  readonly from: number;
  readonly count: number;
  /** The number of a mutant, or null for the real thing. With one, the first seed that finds it is the last. */
  readonly mutant: number | null;
}

export interface Answer {
  readonly played: number;
  /** How many commands began on an agent. */
  readonly commands: number;
  readonly harms: Readonly<Record<Harm, number>>;
  /** The first seed that found anything, and what. */
  readonly first: { readonly seed: number; readonly sentence: string } | null;
  /** SHA-256 over the traces of all that was played, in order. */
  readonly hash: string;
}

/** Plays the seeds of an order. What a mutant plants is out of the ground again afterwards. */
export async function play({ from, count, mutant }: Order): Promise<Answer> {
  const planted = mutant === null ? undefined : MUTANTS[mutant];
  const undo = planted?.plant?.();
  const harms = countHarms([]);
  let first: Answer['first'] = null;
  let played = 0;
  let commands = 0;
  const traces = createHash('sha256');
  try {
    while (played < count && !(planted && first)) {
      const seed = from + played;
      const { findings, hash, commands: began } = await simulate(seed, planted?.parts ?? REAL);
      commands += began;
      traces.update(hash);
      for (const { harm } of findings) harms[harm] += 1;
      const [finding] = findings;
      if (finding) first ??= { seed, sentence: finding.sentence };
      played += 1;
    }
  } finally {
    undo?.();
  }
  return { played, commands, harms, first, hash: traces.digest('hex') };
}
