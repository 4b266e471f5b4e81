import { add, greater, lesser } from '../domain/decimal';
import type { Candle } from '../domain/events';
import type { Interval } from '../domain/interval';
import { barStart, nextBarStart, nominalLengthMs } from '../domain/interval';

/**
 * The largest native interval of which whole bars make up the wanted one, UTC-aligned at both ends;
 * undefined: it cannot be built.
 */
export function sourceOf(wanted: Interval, native: readonly Interval[]): Interval | undefined {
  return native
    .filter((one) => divides(one, wanted))
    .sort((a, b) => nominalLengthMs(b) - nominalLengthMs(a))[0];
}

function divides(part: Interval, whole: Interval): boolean {
  if (part === whole || part === '1M') return false;
  // Months begin at any day of the week and of no fixed cycle: only days and parts of days fit.
  if (whole === '1M') return nominalLengthMs(part) <= nominalLengthMs('1d');
  const isWhole = nominalLengthMs(whole) % nominalLengthMs(part) === 0;
  return isWhole && barStart(part, barStart(whole, ANY_TIME)) === barStart(whole, ANY_TIME);
}

const ANY_TIME = Date.UTC(2026, 0, 15);

/** Joins bars of a smaller interval, in order and without a hole, into closed bars of a larger one. */
export function joinCandles(bars: readonly Candle[], interval: Interval): readonly Candle[] {
  const joined: Candle[] = [];
  for (const bar of bars) {
    const start = barStart(interval, bar.start);
    const last = joined.at(-1);
    if (last?.start === start) joined[joined.length - 1] = merge(last, bar);
    else joined.push({ ...bar, interval, start });
  }
  return joined.map((bar) => ({ ...bar, closed: true, time: nextBarStart(interval, bar.start) }));
}

/**
 * Frames of a larger interval from frames of a smaller one. Speaks only while it knows the window from
 * its first part on: a bar that it cannot tell whole is left to REST.
 */
export class CandleBuilder {
  private windowStart = -Infinity;
  private readonly parts = new Map<number, Candle>();

  constructor(
    readonly interval: Interval,
    readonly source: Interval,
  ) {}

  /** Closed parts of the current window, as REST tells them. */
  seed(bars: readonly Candle[]): void {
    for (const bar of bars) this.remember(bar);
  }

  /** The frame of the larger bar after this part; undefined where its beginning is not known. */
  accept(part: Candle): Candle | undefined {
    if (!this.remember(part)) return undefined;
    const parts: Candle[] = [];
    for (let at = this.windowStart; at <= part.start; at = nextBarStart(this.source, at)) {
      const known = this.parts.get(at);
      if (!known) return undefined;
      parts.push(known);
    }
    const [first, ...rest] = parts;
    if (!first) return undefined;
    const isLastPart =
      nextBarStart(this.source, part.start) === nextBarStart(this.interval, this.windowStart);
    const whole = rest.reduce(merge, { ...first, interval: this.interval, start: this.windowStart });
    return {
      ...whole,
      time: part.time,
      closed: part.closed && isLastPart && parts.every(({ closed }) => closed),
    };
  }

  private remember(part: Candle): boolean {
    const start = barStart(this.interval, part.start);
    if (start < this.windowStart) return false;
    if (start > this.windowStart) {
      this.windowStart = start;
      this.parts.clear();
    }
    const known = this.parts.get(part.start);
    if (!known?.closed || part.closed) this.parts.set(part.start, part);
    return true;
  }
}

function merge(whole: Candle, part: Candle): Candle {
  return {
    ...whole,
    high: greater(whole.high, part.high),
    low: lesser(whole.low, part.low),
    close: part.close,
    volume: add(whole.volume, part.volume),
  };
}
