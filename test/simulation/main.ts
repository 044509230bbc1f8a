/** `npm run simulate`: the real code in a virtual world, over many seeds. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { progress } from '../../scripts/progress.mjs';
import { type Crew, openCrew, serveCrew } from './crew.ts';
import { MUTANTS } from './mutants.ts';
import { HARMS } from './oracle.ts';
import type { Answer } from './play.ts';
import { countHarms, simulate } from './simulate.ts';

const USAGE = `Usage: npm run simulate -- [--seeds N] [--from SEED]
       npm run simulate -- --seed SEED [--trace]
       npm run simulate -- --mutants [--seeds N]

Plays N seeds (default 1000) from SEED (default 1) on, on all cores. Each seed is a small world of its own: programs that
die at any effect; networks, disks, clocks, queues and a database with faults; people who click. An oracle that stands
outside counts what must not be:
  doubles     a command began a second time, and nobody had said that it may
  lost        what was recorded, acknowledged or done is not in the log, or the log says otherwise
  stuck       a run has neither ended nor waits for a person in good time, or an agent never hears of a pause or its end
  unrecorded  a command began that was not approved as it is, not written down before, not where it was sent to, or not
              in its turn and its time: also after a pause
The last line is JSON; the exit code is 0 when all four are zero and commands began in these worlds. --trace prints all that
happens in one seed.
--mutants plants one bug after the other and looks for the first of N seeds (default 20000) that finds it.`;

const argumentsSchema = z.strictObject({
  seeds: z.coerce.number().int().min(1).max(10_000_000).optional(),
  from: z.coerce.number().int().min(0).default(1),
  seed: z.coerce.number().int().min(0).optional(),
  trace: z.boolean().default(false),
  mutants: z.boolean().default(false),
  help: z.boolean().default(false),
});

const options = {
  seeds: { type: 'string' },
  from: { type: 'string' },
  seed: { type: 'string' },
  trace: { type: 'boolean' },
  mutants: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const SEEDS = 1_000;
const MUTANT_SEEDS = 20_000;
/** So many seeds are played before somebody is told how far it is. */
const BATCH = 100;
const LAST_LINES = 60;

async function main(): Promise<number> {
  const read = argumentsSchema.safeParse(parseArguments());
  if (!read.success || read.data.help) {
    console.log(USAGE);
    return read.success ? 0 : 2;
  }
  const { seed, trace, mutants, seeds, from } = read.data;
  if (seed !== undefined) return playOne(seed, trace);
  const crew = openCrew();
  try {
    return mutants
      ? await playMutants(crew, seeds ?? MUTANT_SEEDS)
      : await playMany(crew, from, seeds ?? SEEDS);
  } finally {
    crew.close();
  }
}

function parseArguments(): unknown {
  try {
    return parseArgs({ options }).values;
  } catch {
    return null;
  }
}

/** Plays one seed, and shows what led to what it finds. */
async function playOne(seed: number, trace: boolean): Promise<number> {
  const { findings, hash, commands, virtualMs, swarm, trace: lines } = await simulate(seed);
  if (trace) console.log(JSON.stringify(swarm));
  const shown = trace ? lines : findings.length > 0 ? lines.slice(-LAST_LINES) : [];
  for (const line of shown) console.log(line);
  for (const { harm, sentence } of findings) console.log(`${harm}: ${sentence}`);
  console.log(
    JSON.stringify({ seed, ...countHarms(findings), commands, virtualMs: Math.round(virtualMs), hash }),
  );
  return findings.length === 0 ? 0 : 1;
}

async function playMany(crew: Crew, from: number, seeds: number): Promise<number> {
  const began = performance.now();
  const line = progress(`playing ${seeds} seeds`);
  const harms = countHarms([]);
  const firsts: NonNullable<Answer['first']>[] = [];
  let played = 0;
  let commands = 0;
  const batches = Array.from({ length: Math.ceil(seeds / BATCH) }, (_, batch) => from + batch * BATCH);
  await Promise.all(
    batches.map(async (first) => {
      const count = Math.min(BATCH, from + seeds - first);
      const answer = await crew.play({ from: first, count, mutant: null });
      played += answer.played;
      commands += answer.commands;
      for (const harm of HARMS) harms[harm] += answer.harms[harm];
      if (answer.first) firsts.push(answer.first);
      line.say(
        `${played} of ${seeds} seeds are played, ${firsts.length > 0 ? 'some found something' : 'nothing is found'}`,
      );
    }),
  );
  line.end();
  const [first] = firsts.sort((a, b) => a.seed - b.seed);
  if (first) {
    console.log(
      `The first seed that finds something is ${first.seed}. Again: npm run simulate -- --seed ${first.seed}`,
    );
    await playOne(first.seed, false);
  }
  // Nothing goes wrong where nothing happens.
  const isIdle = commands < played / 2;
  if (isIdle) console.log(`Only ${commands} commands began, so these worlds say nothing.`);
  console.log(JSON.stringify({ seeds: played, ...harms, elapsedMs: Math.round(performance.now() - began) }));
  return !isIdle && HARMS.every((harm) => harms[harm] === 0) ? 0 : 1;
}

async function playMutants(crew: Crew, seeds: number): Promise<number> {
  const line = progress(`looking for ${MUTANTS.length} mutants`);
  const needed = await Promise.all(
    MUTANTS.map(async ({ name }, mutant) => {
      const found = await findMutant(crew, mutant, seeds);
      line.say(`the last one: ${name}`);
      console.log(
        found ? `${found.seed} seeds: ${name} (${found.sentence})` : `NOT FOUND in ${seeds} seeds: ${name}`,
      );
      return found?.seed ?? null;
    }),
  );
  line.end();
  const found = needed.filter((seed) => seed !== null);
  const worstSeeds = Math.max(0, ...found);
  console.log(JSON.stringify({ mutants: MUTANTS.length, found: found.length, worstSeeds }));
  return found.length === MUTANTS.length ? 0 : 1;
}

async function findMutant(crew: Crew, mutant: number, seeds: number): Promise<Answer['first']> {
  for (let from = 1; from <= seeds; from += BATCH) {
    const { first } = await crew.play({ from, count: Math.min(BATCH, seeds - from + 1), mutant });
    if (first) return first;
  }
  return null;
}

if (!serveCrew()) process.exitCode = await main();
