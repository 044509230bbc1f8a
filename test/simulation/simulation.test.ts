import { afterAll, describe, expect, test } from '@jest/globals';
import { openCrew } from './crew.ts';
import { MUTANTS } from './mutants.ts';
import { play } from './play.ts';
import { countHarms } from './simulate.ts';

const SEEDS = 1_000;
const BATCH = 50;
const none = countHarms([]);

describe('the real code in a virtual world', () => {
  const crew = openCrew();
  afterAll(() => crew.close());

  test('a thousand worlds bring no harm, and much happens in them', async () => {
    const batches = Array.from({ length: SEEDS / BATCH }, (_, batch) => 1 + batch * BATCH);
    const answers = await Promise.all(batches.map((from) => crew.play({ from, count: BATCH, mutant: null })));
    for (const { harms, first } of answers) expect({ harms, first }).toEqual({ harms: none, first: null });
    for (const { played, commands } of answers) expect(commands).toBeGreaterThan(played);
  }, 120_000);

  test('the same seeds give the same traces, here and in another process', async () => {
    const order = { from: 1, count: 5, mutant: null };
    const [here, again, there] = [await play(order), await play(order), await crew.play(order)];
    expect(again.hash).toBe(here.hash);
    expect(there.hash).toBe(here.hash);
    const others = await play({ ...order, from: 6 });
    expect(others.hash).not.toBe(here.hash);
  });

  test.each([
    ['fsync is skipped', 'unrecorded'],
    ['a report is acknowledged before it is recorded', 'lost'],
    ['a silent agent is waited for without end', 'stuck'],
    ['a first attempt counts as new, and its key is not looked at', 'doubles'],
  ] as const)(
    'a planted bug is found: %s',
    async (name, harm) => {
      const mutant = MUTANTS.findIndex((one) => one.name === name);
      const answer = await crew.play({ from: 1, count: 50, mutant });
      expect(answer.first).not.toBeNull();
      expect(answer.harms[harm]).toBeGreaterThan(0);
    },
    60_000,
  );
});
