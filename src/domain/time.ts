/** Handle of a timer; opaque. */
export type Timer = object | number;

/** Time as a dependency, so that tests own it. */
export interface Clock {
  /** Epoch ms. May jump. */
  now(): number;
  /** Monotonic ms, for durations and deadlines. */
  monotonic(): number;
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
  cancel(timer: Timer | undefined): void;
}

/** Uniform in [0, 1). */
export type Random = () => number;
