/** Listeners of one thing that happens without arguments. */
export class Signal {
  private readonly listeners = new Set<() => void>();

  /** Returns the unsubscriber. The same function may be added more than once. */
  add(listener: () => void): () => void {
    const entry = (): void => listener();
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }

  /**
   * Calls every listener. One that throws is a defect: it must neither keep the others from hearing
   * nor unwind the socket library that we are called from, so its error surfaces as uncaught.
   */
  emit(): void {
    for (const listener of [...this.listeners]) guarded(listener);
  }

  clear(): void {
    this.listeners.clear();
  }
}

/** Runs foreign code from inside a library's event: what it throws surfaces as uncaught, outside. */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
