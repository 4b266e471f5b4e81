import type { MarketKind } from '../../domain/exchange';
import type { Interval } from '../../domain/interval';

interface Codes {
  /** Suffix of the stream channel, and the granularity of contracts over REST. */
  readonly code: string;
  /** Granularity of spot over REST, which has words of its own. */
  readonly spot: string;
}

/**
 * From six hours on the plain codes (`6H`, `1D`, `1W`) open at UTC+8, so only their UTC forms are used.
 * No 2h, 8h or (streamed) 3m; the alignment of `3Dutc` is not documented, so three-day bars are left to
 * be built from days.
 * https://www.bitget.com/api-doc/spot/websocket/public/Candlesticks-Channel
 * https://www.bitget.com/api-doc/spot/market/Get-Candle-Data
 * https://www.bitget.com/api-doc/contract/market/Get-Candle-Data
 */
const CODES: ReadonlyMap<Interval, Codes> = new Map([
  ['1m', { code: '1m', spot: '1min' }],
  ['5m', { code: '5m', spot: '5min' }],
  ['15m', { code: '15m', spot: '15min' }],
  ['30m', { code: '30m', spot: '30min' }],
  ['1h', { code: '1H', spot: '1h' }],
  ['4h', { code: '4H', spot: '4h' }],
  ['6h', { code: '6Hutc', spot: '6Hutc' }],
  ['12h', { code: '12Hutc', spot: '12Hutc' }],
  ['1d', { code: '1Dutc', spot: '1Dutc' }],
  ['1w', { code: '1Wutc', spot: '1Wutc' }],
  ['1M', { code: '1Mutc', spot: '1Mutc' }],
]);

const CHANNEL_PREFIX = 'candle';

const BY_CHANNEL: ReadonlyMap<string, Interval> = new Map(
  [...CODES].map(([interval, { code }]) => [CHANNEL_PREFIX + code, interval]),
);

export const NATIVE_INTERVALS: readonly Interval[] = [...CODES.keys()];

/**
 * The backend sends channel names, and three that the venue lacks: `3min`, `2h`, `8h`. Bars that open
 * at UTC+8 are not offered: they are other bars.
 */
export const INTERVAL_NAMES: Readonly<Record<string, Interval>> = Object.fromEntries<Interval>([
  ...BY_CHANNEL,
  ...[...CODES].flatMap(([interval, { code, spot }]): [string, Interval][] => [
    [code, interval],
    [spot, interval],
  ]),
  ['3min', '3m'],
  ['candle3m', '3m'],
  ['2h', '2h'],
  ['2H', '2h'],
  ['candle2H', '2h'],
  ['8h', '8h'],
  ['8H', '8h'],
  ['candle8H', '8h'],
  ['candle3Dutc', '3d'],
  ['3Dutc', '3d'],
]);

export function candleChannelOf(interval: Interval): string | undefined {
  const codes = CODES.get(interval);
  return codes && CHANNEL_PREFIX + codes.code;
}

export function intervalOfChannel(channel: string): Interval | undefined {
  return BY_CHANNEL.get(channel);
}

/** What REST calls the interval; `code` and `spot` of the same interval name the same bars. */
export function granularityOf(interval: Interval, kind: MarketKind): string | undefined {
  const codes = CODES.get(interval);
  return kind === 'spot' ? codes?.spot : codes?.code;
}
