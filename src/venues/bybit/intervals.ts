import type { Interval } from '../../domain/interval';

/**
 * Canonical interval -> the venue's code in kline topics and REST queries. Bybit has no 8h bar.
 * https://bybit-exchange.github.io/docs/v5/enum#interval
 */
const CODES: ReadonlyMap<Interval, string> = new Map([
  ['1m', '1'],
  ['3m', '3'],
  ['5m', '5'],
  ['15m', '15'],
  ['30m', '30'],
  ['1h', '60'],
  ['2h', '120'],
  ['4h', '240'],
  ['6h', '360'],
  ['12h', '720'],
  ['1d', 'D'],
  ['1w', 'W'],
  ['1M', 'M'],
]);

const INTERVALS: ReadonlyMap<string, Interval> = new Map(
  [...CODES].map(([interval, code]) => [code, interval]),
);

export const NATIVE_INTERVALS: readonly Interval[] = [...CODES.keys()];

/** `8hour` is no code of the venue, but the backend asks for 8h bars by it. */
export const INTERVAL_NAMES: Readonly<Record<string, Interval>> = {
  ...Object.fromEntries(INTERVALS),
  '8hour': '8h',
};

export function codeOf(interval: Interval): string | undefined {
  return CODES.get(interval);
}

export function intervalOf(code: string): Interval | undefined {
  return INTERVALS.get(code);
}
