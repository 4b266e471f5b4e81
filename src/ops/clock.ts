import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../domain/time';

/** The real time. Timers keep the process alive: whoever sets one ends it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, run) => setTimeout(run, delayMs),
  every: (periodMs, run) => setInterval(run, periodMs),
  // One call ends both kinds.
  cancel: (timer: Timer | undefined) => clearTimeout(timer as NodeJS.Timeout | undefined),
};
