/** Work that goes on after its request was answered, so that an orderly end can wait for it. */
export interface UnderWay {
  /** Counts the work until it ends, however it ends. Its fault is its caller's to see. */
  add<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is under way; false when that took longer than `limitMs`. */
  settled(limitMs: number): Promise<boolean>;
}

export function trackWork(): UnderWay {
  const open = new Set<Promise<unknown>>();
  return {
    add(work) {
      const end = work.then(
        () => undefined,
        () => undefined,
      );
      open.add(end);
      end.then(() => open.delete(end));
      return work;
    },
    async settled(limitMs) {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), limitMs);
      });
      try {
        while (open.size > 0) {
          if ((await Promise.race([Promise.all(open), limit])) === 'late') return false;
        }
        return true;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
