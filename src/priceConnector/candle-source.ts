import type { Candle } from '../domain/events';
import type { Instrument } from '../domain/instrument';
import type { Interval } from '../domain/interval';
import { nominalLengthMs } from '../domain/interval';
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
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly Candle[]> {
  const { interval, source } = wanted;
  if (source.kind !== 'built') return rest.candles(market, { instrument, interval, ...range });
  const parts = await rest.candles(market, { instrument, interval: source.from, ...range });
  return joinCandles(parts, interval);
}
