import type { Interval } from '../../domain/interval';

/**
 * Interval -> the venue's bar code. From six hours on the plain codes (`6H`, `1D`) open on Hong Kong
 * time, so only their UTC forms are used. There is no 8h; `3Dutc` exists, but its alignment is not
 * documented, so three-day bars are left to be built from days.
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-candlesticks-channel
 */
const BAR_CODES: ReadonlyMap<Interval, string> = new Map([
  ['1s', '1s'],
  ['1m', '1m'],
  ['3m', '3m'],
  ['5m', '5m'],
  ['15m', '15m'],
  ['30m', '30m'],
  ['1h', '1H'],
  ['2h', '2H'],
  ['4h', '4H'],
  ['6h', '6Hutc'],
  ['12h', '12Hutc'],
  ['1d', '1Dutc'],
  ['1w', '1Wutc'],
  ['1M', '1Mutc'],
]);

const CHANNEL_PREFIX = 'candle';

const BY_CHANNEL: ReadonlyMap<string, Interval> = new Map(
  [...BAR_CODES].map(([interval, code]) => [CHANNEL_PREFIX + code, interval]),
);

export const NATIVE_INTERVALS: readonly Interval[] = [...BAR_CODES.keys()];

/** The backend sends channel names (`candle1H`). Hong Kong bars are not offered: they are other bars. */
export const INTERVAL_NAMES: Readonly<Record<string, Interval>> = Object.fromEntries([
  ...BY_CHANNEL,
  ...[...BAR_CODES].map(([interval, code]) => [code, interval] as const),
  ['candle3Dutc', '3d'],
  ['3Dutc', '3d'],
]);

export function barCodeOf(interval: Interval): string | undefined {
  return BAR_CODES.get(interval);
}

export function candleChannelOf(interval: Interval): string | undefined {
  const code = BAR_CODES.get(interval);
  return code === undefined ? undefined : CHANNEL_PREFIX + code;
}

export function intervalOfChannel(channel: string): Interval | undefined {
  return BY_CHANNEL.get(channel);
}
