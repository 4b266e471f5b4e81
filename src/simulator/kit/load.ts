import type { Clock } from '../../domain/time';

export interface LoadOptions {
  /** Ticker updates per second, all connections of the target together get each of them. */
  readonly tickersPerSecond: number;
  /** Updates per frame; default 1. */
  readonly tickersPerFrame?: number | undefined;
}

export interface LoadRun {
  /** Updates offered so far; frames skipped for slow readers are in the origin's stats. */
  sent(): number;
  stop(): void;
}

/** Bursts this often: fine enough for latency figures, coarse enough for 100k updates/s. */
const BURST_MS = 5;
/** After a stall of our own process: catch up by so much at most, so that no flood follows. */
const MAX_CATCH_UP_MS = 100;

/** Calls `send(updates)` for every due frame at a steady rate; `send` must be cheap. */
export function startLoad(clock: Clock, options: LoadOptions, send: (updates: number) => void): LoadRun {
  const { tickersPerSecond, tickersPerFrame = 1 } = options;
  let due = 0;
  let last = clock.monotonic();
  let sent = 0;
  const timer = clock.every(BURST_MS, () => {
    const now = clock.monotonic();
    due += (Math.min(now - last, MAX_CATCH_UP_MS) * tickersPerSecond) / 1_000;
    last = now;
    for (; due >= tickersPerFrame; due -= tickersPerFrame) {
      send(tickersPerFrame);
      sent += tickersPerFrame;
    }
  });
  return { sent: () => sent, stop: () => clock.cancel(timer) };
}
