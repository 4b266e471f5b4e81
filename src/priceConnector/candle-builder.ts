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
 * Frames of a larger interval from frames of a smaller one. Speaks only while every part before the newest
 * one is known to the end, or to be empty: a bar that it cannot tell whole is left to REST.
 */
export class CandleBuilder {
  private windowStart = -Infinity;
  /** Every part of the window before this time is in `settled`, or had no trade. */
  private provenTo = -Infinity;
  private settled: Candle | undefined;
  private hasHole = false;
  /** Closed parts behind one that is not known to the end. */
  private readonly ahead = new Map<number, Candle>();
  private forming: Candle | undefined;
  /** From this part on the stream missed nothing: what it did not tell had no trade. */
  private continuousFrom: number | undefined;
  private resumedFrom = -Infinity;

  constructor(
    readonly interval: Interval,
    readonly source: Interval,
  ) {}

  /** A part was told that cannot be shown, as an earlier one is not known to the end. */
  get isLacking(): boolean {
    return this.ahead.size > 0 || (this.forming !== undefined && this.forming.start > this.provenTo);
  }

  /** Where the parts begin that REST has to tell for the bar of `now`. */
  unprovenFrom(now: number): number {
    return Math.max(this.provenTo, barStart(this.interval, now));
  }

  /** The stream may have missed parts until `now`. */
  interrupted(now: number): void {
    this.continuousFrom = undefined;
    this.resumedFrom = barStart(this.source, now);
  }

  /**
   * What REST tells: of the parts with `fromMs <= start < knownTo` those without a bar are empty. Returns the
   * frame that this makes possible.
   */
  seed(bars: readonly Candle[], fromMs: number, knownTo: number): Candle | undefined {
    const start = barStart(this.interval, fromMs);
    if (start < this.windowStart) return undefined;
    this.enter(start);
    for (const bar of bars) {
      if (bar.start < this.provenTo) continue;
      this.ahead.set(bar.start, bar);
      if (this.forming?.start === bar.start) this.forming = undefined;
    }
    if (fromMs <= this.provenTo) this.settleTo(knownTo);
    this.settle();
    // Without news of the stream there is no price of now to show.
    const frame = this.frame();
    return this.forming || frame?.closed ? frame : undefined;
  }

  /** The frame of the larger bar after this part; undefined where an earlier part is not known to the end. */
  accept(part: Candle): Candle | undefined {
    const start = barStart(this.interval, part.start);
    if (start < this.windowStart) return undefined;
    this.follow(part);
    this.enter(start);
    if (!this.take(part)) return undefined;
    this.settle();
    return this.frame();
  }

  private follow(part: Candle): void {
    this.continuousFrom ??= Math.max(part.start, this.resumedFrom);
    if (!this.forming || this.forming.start >= part.start) return;
    // Its last values were missed, and who knows what else.
    this.forming = undefined;
    this.continuousFrom = part.start;
  }

  private enter(windowStart: number): void {
    if (windowStart <= this.windowStart) return;
    if (this.forming) this.continuousFrom = undefined;
    this.windowStart = windowStart;
    this.provenTo = windowStart;
    this.settled = undefined;
    this.hasHole = false;
    this.ahead.clear();
    this.forming = undefined;
  }

  /** False: the part is known already, in newer values. */
  private take(part: Candle): boolean {
    const { start, closed } = part;
    if (start < this.provenTo || this.ahead.has(start)) return false;
    if (closed) {
      this.ahead.set(start, part);
      if (this.forming?.start === start) this.forming = undefined;
    } else if (this.forming && start < this.forming.start) return false;
    else this.forming = part;
    return true;
  }

  private settle(): void {
    let next = this.nextProven();
    while (next) {
      this.settlePart(next);
      next = this.nextProven();
    }
  }

  private nextProven(): Candle | undefined {
    const next = this.ahead.get(this.provenTo);
    if (next || this.continuousFrom === undefined || this.continuousFrom > this.provenTo) return next;
    const known = Math.min(...this.ahead.keys(), this.forming?.start ?? Infinity);
    if (known < Infinity) this.skipTo(known);
    return this.ahead.get(known);
  }

  private settleTo(knownTo: number): void {
    for (const start of [...this.ahead.keys()].sort((a, b) => a - b)) {
      const part = this.ahead.get(start);
      if (part && start < knownTo) this.settlePart(part);
    }
    // What the stream began to tell and the venue does not know any more.
    if (this.forming && this.forming.start < knownTo) this.forming = undefined;
    this.skipTo(knownTo);
  }

  /** Merged once: a week of five-minute parts must not be merged again with each frame. */
  private settlePart(part: Candle): void {
    this.skipTo(part.start);
    this.settled = this.settled ? merge(this.settled, part) : this.whole(part);
    this.ahead.delete(part.start);
    this.provenTo = nextBarStart(this.source, part.start);
  }

  private skipTo(start: number): void {
    if (start <= this.provenTo) return;
    this.hasHole = true;
    this.provenTo = start;
  }

  private frame(): Candle | undefined {
    const { settled, forming } = this;
    if (this.isLacking) return undefined;
    if (forming) return settled ? merge(settled, forming) : this.whole(forming);
    if (!settled) return undefined;
    // A bar with holes is closed by REST: the stream proves them well enough for a forming bar only.
    const isWhole = !this.hasHole && this.provenTo === nextBarStart(this.interval, this.windowStart);
    return { ...settled, closed: isWhole };
  }

  private whole(first: Candle): Candle {
    return { ...first, interval: this.interval, start: this.windowStart, closed: false };
  }
}

function merge(whole: Candle, part: Candle): Candle {
  return {
    ...whole,
    high: greater(whole.high, part.high),
    low: lesser(whole.low, part.low),
    close: part.close,
    volume: add(whole.volume, part.volume),
    time: part.time,
  };
}
