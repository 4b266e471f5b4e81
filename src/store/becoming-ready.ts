import type { Store } from './ports';

/** Resolves once the store is ready, now or later. */
export function becameReady(store: Store): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = store.onReady(() => {
      if (!store.ready) return;
      resolve();
      queueMicrotask(() => unsubscribe());
    });
  });
}
