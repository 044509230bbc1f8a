/** Every order in which the statements of a few processes can reach the database in memory. */

/** Lets a process through when it is its turn. */
export type Gate = () => Promise<void>;

interface Waiting {
  readonly process: number;
  readonly go: () => void;
}

/**
 * Plays a scene once for every order in which its processes can pass their gates, and returns how many there were. `scene`
 * gets one gate a process, open until it is set, and gives back what the processes do; `check` looks at how it ended.
 */
export async function everyOrder(
  processes: number,
  scene: (gates: readonly Gate[]) => Promise<readonly (() => Promise<unknown>)[]>,
  check: () => Promise<void>,
): Promise<number> {
  let choices: { taken: number; of: number }[] = [];
  for (let count = 1; ; count += 1) {
    choices = await playOnce(processes, scene, choices);
    await check();
    const last = choices.findLastIndex(({ taken, of }) => taken + 1 < of);
    const turned = choices[last];
    if (turned === undefined) return count;
    choices = [...choices.slice(0, last), { ...turned, taken: turned.taken + 1 }];
  }
}

/** Plays the scene, taking the given turns first and the first that is open after that. Returns the turns it took. */
async function playOnce(
  processes: number,
  scene: (gates: readonly Gate[]) => Promise<readonly (() => Promise<unknown>)[]>,
  given: readonly { taken: number }[],
): Promise<{ taken: number; of: number }[]> {
  const waiting: Waiting[] = [];
  let isOpen = true;
  const gates = Array.from({ length: processes }, (_, process): Gate => {
    return async () => {
      if (!isOpen) await new Promise<void>((go) => waiting.push({ process, go }));
    };
  });
  const work = await scene(gates);
  isOpen = false;
  let running = work.length;
  const done = work.map((start) => start().finally(() => (running -= 1)));
  const turns: { taken: number; of: number }[] = [];
  for (;;) {
    // Everything between two statements is promises and no timers: after this, all stand at a gate or at a lock.
    await new Promise((resolve) => setImmediate(resolve));
    if (running === 0) break;
    waiting.sort((a, b) => a.process - b.process);
    const of = waiting.length;
    if (of === 0) throw new Error('Nobody can go on: the processes wait for each other.');
    const taken = Math.min(given[turns.length]?.taken ?? 0, of - 1);
    turns.push({ taken, of });
    waiting.splice(taken, 1)[0]?.go();
  }
  await Promise.all(done);
  return turns;
}
