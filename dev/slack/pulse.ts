/** Counts the changes of the whole simulator, and tells whoever wants to hear of them. */
export class Pulse {
  revision = 0;
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after every change until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the listeners. To be called once after each change. */
  changed(): void {
    this.revision += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}
