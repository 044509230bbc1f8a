import { setImmediate as turn } from 'node:timers/promises';
import type { Wait } from '../../src/platform/model-asking.ts';
import { NOW } from './builders.ts';

/** Time that passes only when everything waits for it, and then at once. */
export function virtualTime(now = NOW) {
  const due: { at: number; wake: () => void }[] = [];
  const wait: Wait = (ms, signal) =>
    new Promise((wake) => {
      due.push({ at: now + ms, wake });
      if (signal.aborted) wake();
      signal.addEventListener('abort', () => wake(), { once: true });
    });
  /** Lets time pass until the work is done. */
  const pass = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    for (await turn(); !done; await turn()) {
      due.sort((one, other) => one.at - other.at);
      const next = due.shift();
      if (!next) throw new Error('The work waits for something that never comes.');
      now = Math.max(now, next.at);
      next.wake();
    }
    return work;
  };
  const advance = (ms: number): void => {
    now += ms;
  };
  return { now: () => now, wait, pass, advance };
}
