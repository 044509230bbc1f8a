/** Waits for what goes on by itself, by looking often and only for so long. */

/** How long between two looks (ms). */
const LOOK_MS = 5;

/** Looks until what is read `holds`, and gives it back; throws with what it saw when that takes too long. */
export async function eventually<T>(
  read: () => T | Promise<T>,
  holds: (value: T) => boolean,
  limitMs = 10_000,
  what = 'what was waited for',
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (performance.now() > end)
      throw new Error(`Waited ${limitMs} ms in vain for ${what}; it is ${JSON.stringify(value)}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Waits until `found` says yes. Throws after `limitMs`, saying what it waited for. */
export async function until(
  what: string,
  found: () => boolean | Promise<boolean>,
  limitMs = 15_000,
): Promise<void> {
  await eventually(found, Boolean, limitMs, what);
}
