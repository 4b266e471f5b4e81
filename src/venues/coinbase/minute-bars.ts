import { add, greater, lesser } from '../../domain/decimal';
import type { Bar } from './bars';

/**
 * One-minute bars of one product, built from its trades, as the venue streams no such candles. A bar is
 * only told when every trade of its minute was heard: others are left to REST.
 */
export interface MinuteSeries {
  /** Minutes not yet closed, oldest first: the one that is ending, and the one that has begun. */
  readonly bars: Bar[];
  /** Trades after this time (epoch ms) are known without a hole. */
  completeFrom: number;
  /** Minutes that opened before this time are closed, or were never ours to tell. */
  closedUpTo: number;
  /** Ids grow with each trade of a product. */
  lastId: number;
  /** `PublicState.gaps` at its last frame. */
  gaps: number;
}

export interface Trade {
  readonly id: number;
  readonly price: string;
  readonly size: string;
  /** Epoch ms. */
  readonly time: number;
}

const MINUTE_MS = 60_000;
/** Trades come in batches of 250 ms: after this time no more are awaited of a past minute. */
const LATE_MS = 3_000;

/** Begins (anew) with the minute of `now`. */
export function newSeries(now: number, completeFrom: number, gaps: number): MinuteSeries {
  return { bars: [], completeFrom, closedUpTo: minuteOf(now), lastId: -1, gaps };
}

/** Trades in the order of their ids; a known one changes nothing. */
export function addTrade(series: MinuteSeries, { id, price, size, time }: Trade): void {
  if (id <= series.lastId) return;
  series.lastId = id;
  const start = minuteOf(time);
  if (start < series.closedUpTo) return;
  const at = series.bars.findIndex((bar) => bar.start >= start);
  const bar = series.bars[at];
  if (bar?.start === start) series.bars[at] = grown(bar, price, size);
  else {
    const opened = { start, open: price, high: price, low: price, close: price, volume: size };
    series.bars.splice(at < 0 ? series.bars.length : at, 0, opened);
  }
}

/** Takes out the minutes that are over at `now` (venue time); returns those that are whole. */
export function closeUntil(series: MinuteSeries, now: number): readonly Bar[] {
  const closed: Bar[] = [];
  let bar = series.bars[0];
  while (bar !== undefined && bar.start + MINUTE_MS + LATE_MS <= now) {
    if (isWhole(series, bar)) closed.push(bar);
    series.closedUpTo = bar.start + MINUTE_MS;
    series.bars.shift();
    bar = series.bars[0];
  }
  return closed;
}

/** The minute to show. While one is ending, the next is withheld: it would seem to close the former. */
export function formingBar(series: MinuteSeries): Bar | undefined {
  const [bar] = series.bars;
  return bar !== undefined && isWhole(series, bar) ? bar : undefined;
}

function isWhole({ completeFrom }: MinuteSeries, { start }: Bar): boolean {
  return completeFrom < start;
}

function grown(bar: Bar, price: string, size: string): Bar {
  return {
    start: bar.start,
    open: bar.open,
    high: greater(bar.high, price),
    low: lesser(bar.low, price),
    close: price,
    volume: add(bar.volume, size),
  };
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}
