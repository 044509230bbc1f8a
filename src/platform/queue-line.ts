/** What is known of the way to the queues, and how it is told: once a change, never once a second. */
import type { Logger } from './logger.ts';

/** Whether the queues can be reached. Both are harmless when repeated; only a change is logged. */
export interface Line {
  /** False while they are known to be away, and on Redis until the first connection stands. */
  readonly there: boolean;
  lost(error: unknown): void;
  back(): void;
}

const QUIET_MS = 30_000;

/** Of an error only its words: an error of a client may carry its command, and with it a password. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node's refusal of every address of a name has no words, only a code.
  return error.message || ('code' in error ? String(error.code) : error.name);
}

/** A line that begins as `there` or as not known; `who` begins the sentences that are logged. */
export function createLine(who: string, logger: Logger, begin: 'there' | 'unknown'): Line {
  let state: 'there' | 'unknown' | 'away' = begin;
  return {
    get there() {
      return state === 'there';
    },
    lost(error) {
      if (state !== 'away')
        logger.warn({ reason: reasonOf(error) }, `${who} cannot reach the queues; nothing is lost meanwhile`);
      state = 'away';
    },
    back() {
      if (state === 'away') logger.info(`${who} can reach the queues again`);
      state = 'there';
    },
  };
}

/** Logs a warning, and is quiet about the next ones for half a minute; then it says how many those were. */
export function seldom(logger: Logger): (fields: Record<string, unknown>, message: string) => void {
  let quiet = false;
  let unsaid = 0;
  return (fields, message) => {
    if (quiet) {
      unsaid += 1;
      return;
    }
    logger.warn({ ...fields, ...(unsaid > 0 ? { unsaid } : {}) }, message);
    quiet = true;
    unsaid = 0;
    setTimeout(() => {
      quiet = false;
    }, QUIET_MS).unref();
  };
}

/** Waits for the work, but no longer than `ms`: whether it ended in time. A fault of it is an end like any other. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}
