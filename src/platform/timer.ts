import type { Logger } from './logger.ts';

export interface Timer {
  /** Ends it, and waits for the turn that is under way. */
  stop(): Promise<void>;
}

/** Does the work every `ms`, one turn at a time. A turn that throws is logged and the next one tries again. */
export function every(ms: number, logger: Logger, work: () => Promise<void>): Timer {
  let turn: Promise<void> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    turn = work()
      .catch((err: unknown) => logger.warn({ err }, 'a periodic task failed; the next turn tries again'))
      .finally(() => {
        busy = false;
      });
  }, ms);
  return {
    async stop() {
      clearInterval(timer);
      await turn;
    },
  };
}
