const LOOK_MS = 10;

/** Waits until `found` says yes, and looks often. Throws after `limitMs`, saying what it waited for. */
export async function until(
  what: string,
  found: () => boolean | Promise<boolean>,
  limitMs = 15_000,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await found())) {
    if (Date.now() > end) throw new Error(`Waited ${limitMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
