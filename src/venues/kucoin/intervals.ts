import type { MarketKind } from '../../domain/exchange';
import type { Interval } from '../../domain/interval';

/**
 * Interval -> the venue's `type`, in topics and in spot REST. `5min` is missing in the table of the
 * spot topic, but works. Weekly bars open on Thursdays, 00:00 UTC, on every door of KuCoin (its own
 * charts excepted): they are passed on as they are, since the consumer's history has the same ones.
 * https://github.com/Kucoin/kucoin-api-docs/issues/373
 * https://www.kucoin.com/docs-new/3470071w0 (spot), https://www.kucoin.com/docs-new/3470086w0 (futures)
 */
const TYPES: ReadonlyMap<Interval, string> = new Map([
  ['1m', '1min'],
  ['3m', '3min'],
  ['5m', '5min'],
  ['15m', '15min'],
  ['30m', '30min'],
  ['1h', '1hour'],
  ['2h', '2hour'],
  ['4h', '4hour'],
  ['6h', '6hour'],
  ['8h', '8hour'],
  ['12h', '12hour'],
  ['1d', '1day'],
  ['1w', '1week'],
  ['1M', '1month'],
]);

/**
 * Interval -> `granularity` of the futures REST, in minutes. The futures stream has 3min and 1month
 * too, but bars that REST cannot back-fill would have holes; it has no 6hour.
 * https://www.kucoin.com/docs-new/rest/futures-trading/market-data/get-klines
 */
const GRANULARITIES: ReadonlyMap<Interval, number> = new Map([
  ['1m', 1],
  ['5m', 5],
  ['15m', 15],
  ['30m', 30],
  ['1h', 60],
  ['2h', 120],
  ['4h', 240],
  ['8h', 480],
  ['12h', 720],
  ['1d', 1_440],
  ['1w', 10_080],
]);

const INTERVALS: ReadonlyMap<string, Interval> = new Map(
  [...TYPES].map(([interval, type]) => [type, interval]),
);

/** The backend sends the venue's own types (contract 3.2). */
export const INTERVAL_NAMES: Readonly<Record<string, Interval>> = Object.fromEntries(INTERVALS);

export function intervalsOf(kind: MarketKind): readonly Interval[] {
  return [...(kind === 'spot' ? TYPES : GRANULARITIES).keys()];
}

export function typeOf(interval: Interval): string | undefined {
  return TYPES.get(interval);
}

export function granularityOf(interval: Interval): number | undefined {
  return GRANULARITIES.get(interval);
}

export function intervalOfType(type: string): Interval | undefined {
  return INTERVALS.get(type);
}
