import type { Interval } from '../../domain/interval';

/**
 * The venue's `type` -> interval of the market model. Weekly bars of KuCoin open on Thursdays, which
 * the model does not do: they are listed as known, and stay silent.
 */
const TYPES: ReadonlyMap<string, Interval> = new Map([
  ['1min', '1m'],
  ['3min', '3m'],
  ['5min', '5m'],
  ['15min', '15m'],
  ['30min', '30m'],
  ['1hour', '1h'],
  ['2hour', '2h'],
  ['4hour', '4h'],
  ['6hour', '6h'],
  ['8hour', '8h'],
  ['12hour', '12h'],
  ['1day', '1d'],
  ['1month', '1M'],
]);

/** `granularity` of futures REST, in minutes. */
const GRANULARITIES: ReadonlyMap<string, Interval> = new Map([
  ['1', '1m'],
  ['5', '5m'],
  ['15', '15m'],
  ['30', '30m'],
  ['60', '1h'],
  ['120', '2h'],
  ['240', '4h'],
  ['480', '8h'],
  ['720', '12h'],
  ['1440', '1d'],
]);

const NAMES: ReadonlyMap<Interval, string> = new Map([...TYPES].map(([type, interval]) => [interval, type]));

export type SideName = 'spot' | 'futures';

export function intervalOfType(side: SideName, type: string): Interval | undefined {
  return side === 'futures' && type === '6hour' ? undefined : TYPES.get(type);
}

export function intervalOfGranularity(minutes: string): Interval | undefined {
  return GRANULARITIES.get(minutes);
}

export function typeOf(interval: Interval): string {
  return NAMES.get(interval) ?? '';
}
