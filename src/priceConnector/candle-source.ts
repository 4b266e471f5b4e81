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
const REST_LAG_MS = 30_000;

/** Bars that one back-fill may ask for: built ones cost several of the venue's. */
export function maxBackfillBars(interval: Interval, source: CandleSource): number {
  if (source.kind !== 'built') return MAX_BARS;
  return Math.max(1, Math.floor((MAX_BARS * nominalLengthMs(source.from)) / nominalLengthMs(interval)));
}

/** Closed bars with `fromMs <= start < toMs`, oldest first, whatever the source. */
export async function fetchCandles(
  { market, rest }: { readonly market: MarketDescriptor; readonly rest: VenueRest },
  instrument: Instrument,
  wanted: { readonly interval: Interval; readonly source: CandleSource },
  range: { readonly fromMs: number; readonly toMs: number; readonly venueNow: number },
): Promise<readonly Candle[]> {
  const { interval, source } = wanted;
  const { venueNow, ...query } = range;
  if (source.kind !== 'built') return rest.candles(market, { instrument, interval, ...query });
  const parts = await rest.candles(market, { instrument, interval: source.from, ...query });
  const joined = joinCandles(parts, interval);
  return isLastPartDue(parts.at(-1), source.from, interval, venueNow) ? joined.slice(0, -1) : joined;
}

/** REST may lag behind: a bar that has just ended is not whole without its last part. Later a gap is a quiet time. */
function isLastPartDue(last: Candle | undefined, part: Interval, whole: Interval, venueNow: number): boolean {
  if (!last) return false;
  const end = nextBarStart(whole, barStart(whole, last.start));
  return nextBarStart(part, last.start) < end && venueNow - end < REST_LAG_MS;
}
