import { describe, expect, test } from '@jest/globals';
import { trackWork } from '../../src/platform/under-way.ts';

/** Work that ends when it is told to. */
function work() {
  let end: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { promise, end: () => end(), fail: () => fail(new Error('broken')) };
}

describe('work under way', () => {
  test('is waited for until the last of it has ended', async () => {
    const tracked = trackWork();
    const [first, second] = [work(), work()];
    void tracked.add(first.promise);
    void tracked.add(second.promise);
    let settled = false;
    const waiting = tracked.settled(60_000).then((all) => {
      settled = true;
      return all;
    });
    first.end();
    await Promise.resolve();
    expect(settled).toBe(false);
    second.end();
    expect(await waiting).toBe(true);
  });

  test('that begins while others are waited for is waited for too', async () => {
    const tracked = trackWork();
    const [first, second] = [work(), work()];
    void tracked.add(first.promise.then(() => void tracked.add(second.promise)));
    const waiting = tracked.settled(60_000);
    first.end();
    second.end();
    expect(await waiting).toBe(true);
  });

  test('that takes too long is given up, and said so', async () => {
    const tracked = trackWork();
    void tracked.add(work().promise);
    expect(await tracked.settled(1)).toBe(false);
  });

  test('that breaks has ended, and its fault reaches whoever asked for it', async () => {
    const tracked = trackWork();
    const one = work();
    const added = tracked.add(one.promise);
    one.fail();
    await expect(added).rejects.toThrow('broken');
    expect(await tracked.settled(60_000)).toBe(true);
  });

  test('that is none is settled at once', async () => {
    expect(await trackWork().settled(0)).toBe(true);
  });
});
