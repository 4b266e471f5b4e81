import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../../domain/time';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, run) => setTimeout(run, delayMs),
  every: (periodMs, run) => setInterval(run, periodMs),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** A venue's clock. `factor` venue ms pass per real ms. */
export interface VenueClock extends Clock {
  readonly factor: number;
}

const MINUTE = 60_000;

/**
 * Time warp: venue time starts at the last full minute and runs `factor` times faster, so that
 * (factor 30) a one-minute bar closes every 2 s. Venue times therefore run ahead of the real time,
 * ever further: event times, bar times and REST `serverTime` are consistent among themselves only.
 * Limits, heartbeats and push periods stay in real time. `factor` 1 is plain time.
 */
export function warpClock(real: Clock, factor: number): VenueClock {
  if (!(factor >= 1)) throw new RangeError('warp factor must be at least 1');
  const startedAt = real.now();
  const origin = factor === 1 ? startedAt : Math.floor(startedAt / MINUTE) * MINUTE;
  const toReal = (ms: number): number => ms / factor;
  return {
    factor,
    now: () => Math.floor(origin + (real.now() - startedAt) * factor),
    monotonic: () => real.monotonic() * factor,
    after: (delayMs: number, run: () => void): Timer => real.after(toReal(delayMs), run),
    every: (periodMs: number, run: () => void): Timer => real.every(toReal(periodMs), run),
    cancel: (timer) => real.cancel(timer),
  };
}
