/** Time as the agent sees it; injected, so that tests and the simulation own it. */
export interface Clock {
  /** Milliseconds since 1970, as the host has it: it may jump. */
  now(): number;
  /** Milliseconds that only ever count up, from any beginning. */
  mono(): number;
  /** Calls `action` once after `ms`; the returned function calls it off. */
  after(ms: number, action: () => void): () => void;
}

/** The host's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  mono: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

/** Clocks of server and agent may differ by this much (docs/threats.md, section 4). */
export const CLOCK_SKEW_MS = 30_000;
