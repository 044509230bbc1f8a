/**
 * What goes wrong with the next calls of a method: Slack's error code; an HTTP status (429 with Retry-After in seconds); no
 * answer at all; or the connection reset after the call took effect, so that the app cannot know.
 */
export type Fault =
  | { readonly error: string }
  | { readonly status: number; readonly retryAfter?: number }
  | { readonly hang: true }
  | { readonly reset: true };

/** The faults tests have planned. */
export class Faults {
  readonly #planned = new Map<string, { fault: Fault; left: number }[]>();

  /** Plans a fault for the next `count` calls of `method` (`'*'` for any method), after the ones planned before. */
  set(method: string, fault: Fault, count = 1): void {
    const planned = this.#planned.get(method) ?? [];
    planned.push({ fault, left: count });
    this.#planned.set(method, planned);
  }

  /** Forgets what is planned. */
  clear(): void {
    this.#planned.clear();
  }

  /** Uses up one planned fault for this call; null when none is planned. */
  take(method: string): Fault | null {
    for (const planned of [this.#planned.get(method), this.#planned.get('*')]) {
      const next = planned?.[0];
      if (!planned || !next) continue;
      next.left -= 1;
      if (next.left <= 0) planned.shift();
      return next.fault;
    }
    return null;
  }
}
