/** Stops something from happening; harmless when it has happened. */
export type CallOff = () => void;

interface Moment {
  readonly at: number;
  readonly order: number;
  action: (() => void) | null;
}

/** Virtual time: what is planned happens in its order, one thing after the other, and nothing really waits. */
export class Timeline {
  /** Milliseconds since the beginning. */
  now = 0;
  /** A binary heap by time, then by the order in which things were planned. */
  readonly #planned: Moment[] = [];
  #count = 0;

  /** Plans `action` for `ms` from now. */
  after(ms: number, action: () => void): CallOff {
    this.#count += 1;
    const moment: Moment = { at: this.now + Math.max(0, ms), order: this.#count, action };
    this.#push(moment);
    return () => {
      moment.action = null;
    };
  }

  /** Resolves `ms` from now. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Lets time pass until nothing is planned, `until` has come, or `isOver` says so after something happened. */
  async run(until: number, isOver: () => boolean): Promise<void> {
    for (let next = this.#planned[0]; next !== undefined && next.at <= until; next = this.#planned[0]) {
      this.#pop();
      if (next.action === null) continue;
      this.now = next.at;
      next.action();
      // What a moment set off is done before the next one: a tick comes when no promise is left to go on.
      await new Promise((resolve) => process.nextTick(resolve));
      if (isOver()) return;
    }
    this.now = Math.max(this.now, until);
  }

  #push(moment: Moment): void {
    const heap = this.#planned;
    let at = heap.push(moment) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(moment, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = moment;
  }

  #pop(): void {
    const heap = this.#planned;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const child = left && right && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (child === left ? 1 : 2);
    }
    heap[at] = last;
  }
}

function isBefore(a: Moment, b: Moment): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
