import type { Interval } from '../../domain/interval';

/**
 * Canonical interval -> granularity of the REST candles.
 * https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/products/get-public-product-candles
 */
const GRANULARITIES: ReadonlyMap<Interval, string> = new Map([
  ['1m', 'ONE_MINUTE'],
  ['5m', 'FIVE_MINUTE'],
  ['15m', 'FIFTEEN_MINUTE'],
  ['30m', 'THIRTY_MINUTE'],
  ['1h', 'ONE_HOUR'],
  ['2h', 'TWO_HOUR'],
  ['6h', 'SIX_HOUR'],
  ['1d', 'ONE_DAY'],
]);

/** `candles` has five-minute buckets only; minutes are built from `market_trades` in the codec. */
export const STREAMED_INTERVALS: readonly Interval[] = ['1m', '5m'];

/** The backend uses the canonical names. */
export const INTERVAL_NAMES: Readonly<Record<string, Interval>> = Object.fromEntries(
  [...GRANULARITIES].map(([interval, granularity]) => [granularity, interval]),
);

export function granularityOf(interval: Interval): string | undefined {
  return GRANULARITIES.get(interval);
}
