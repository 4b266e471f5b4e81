import type { Candle } from '../domain/events';
import type { Instrument } from '../domain/instrument';
import type { Interval } from '../domain/interval';
import { barStart, nextBarStart, nominalLengthMs } from '../domain/interval';
import type { MarketDescriptor, VenueRest } from '../venues/contract';
import { joinCandles, sourceOf } from './candle-builder';

/** How the candles of an interval are had at a market. */
export type CandleSource =
  | { readonly kind: 'native' }
  /** Joined from the frames of a smaller streamed interval. */
  | { readonly kind: 'built'; readonly from: Interval }
  /** Fetched from the REST API after each bar's end. */
  | { readonly kind: 'polled' };

/** Undefined: the market cannot serve the interval in any way. */
export function candleSource(market: MarketDescriptor, interval: Interval): CandleSource | undefined {
  if (market.intervals.includes(interval)) return { kind: 'native' };
  if (market.polledIntervals?.includes(interval)) return { kind: 'polled' };
  const from = sourceOf(interval, market.intervals);
  return from && { kind: 'built', from };
}

const MAX_BARS = 1_000;
/** REST may lag behind: a part that is not told so long (ms) after its end had no trade. */
export const REST_LAG_MS = 30_000;

/** What the venue tells of a range of bars. */
export interface History {
  /** Closed ones, oldest first. */
  readonly bars: readonly Candle[];
  /** Venue time at which those of the range that are not told yet can be; absent: there are no more. */
  readonly completeAt?: number;
}

/** Bars that one back-fill may ask for: built ones cost several of the venue's. */
export function maxBackfillBars(interval: Interval, source: CandleSource): number {
  if (source.kind !== 'built') return MAX_BARS;
  return Math.max(1, Math.floor((MAX_BARS * nominalLengthMs(source.from)) / nominalLengthMs(interval)));
}

/** Closed bars with `fromMs <= start < toMs`, whatever the source. */
export async function fetchCandles(
  { market, rest }: { readonly market: MarketDescriptor; readonly rest: VenueRest },
  instrument: Instrument,
  wanted: { readonly interval: Interval; readonly source: CandleSource },
  range: { readonly fromMs: number; readonly toMs: number; readonly venueNow: number },
): Promise<History> {
  const { interval, source } = wanted;
  const { venueNow, ...query } = range;
  if (source.kind !== 'built')
    return { bars: await rest.candles(market, { instrument, interval, ...query }) };
  const parts = await rest.candles(market, { instrument, interval: source.from, ...query });
  const joined = joinCandles(parts, interval);
  const knownTo = barStart(interval, partsKnownTo(parts, source.from, { toMs: range.toMs, venueNow }));
  if (knownTo >= range.toMs) return { bars: joined };
  return { bars: joined.filter(({ start }) => start < knownTo), completeAt: range.toMs + REST_LAG_MS };
}

/** Every part before this time that had a trade is among `parts`: those that were asked for up to `toMs`. */
export function partsKnownTo(
  parts: readonly Candle[],
  part: Interval,
  { toMs, venueNow }: { readonly toMs: number; readonly venueNow: number },
): number {
  const last = parts.at(-1);
  const told = last ? nextBarStart(part, last.start) : -Infinity;
  return Math.max(told, Math.min(toMs, barStart(part, venueNow - REST_LAG_MS)));
}
