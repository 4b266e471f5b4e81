import type { Clock, Timer } from '../domain/time';
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

/** The same, but gives up waiting after `limitMs`. */
export async function becameReadyOrLate(store: Store, clock: Clock, limitMs: number): Promise<void> {
  if (store.ready) return;
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => (timer = clock.after(limitMs, resolve)));
  await Promise.race([becameReady(store), late]);
  clock.cancel(timer);
}
