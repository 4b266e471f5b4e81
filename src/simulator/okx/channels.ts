import type { Interval } from '../../domain/interval';

export const TICKERS = 'tickers';
const CANDLE = 'candle';

/** Bar codes whose bars open on UTC time: what the market model can compute. */
const BARS: ReadonlyMap<string, Interval> = new Map([
  ['1s', '1s'],
  ['1m', '1m'],
  ['3m', '3m'],
  ['5m', '5m'],
  ['15m', '15m'],
  ['30m', '30m'],
  ['1H', '1h'],
  ['2H', '2h'],
  ['4H', '4h'],
  ['6Hutc', '6h'],
  ['12Hutc', '12h'],
  ['1Dutc', '1d'],
  ['1Wutc', '1w'],
  ['1Mutc', '1M'],
]);

/**
 * Further bar codes that exist, on Hong Kong time or of unusual length. The simulator has no such
 * bars: their channels are acknowledged and stay silent, and REST has none of them.
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-candlesticks-channel
 */
const SILENT_BARS: ReadonlySet<string> = new Set(
  '6H 12H 1D 2D 3D 5D 1W 1M 3M 2Dutc 3Dutc 5Dutc 3Mutc'.split(' '),
);

export function intervalOfBar(bar: string): Interval | undefined {
  return BARS.get(bar);
}

/** Undefined: no candle channel at all. */
export function barOfChannel(channel: string): string | undefined {
  if (!channel.startsWith(CANDLE)) return undefined;
  const bar = channel.slice(CANDLE.length);
  return BARS.has(bar) || SILENT_BARS.has(bar) ? bar : undefined;
}

export function channelsOfInterval(interval: Interval): readonly string[] {
  return [...BARS].filter(([, one]) => one === interval).map(([bar]) => CANDLE + bar);
}
