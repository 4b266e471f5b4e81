import type { Interval } from '../../domain/interval';

const INTERVALS: ReadonlyMap<string, Interval> = new Map<string, Interval>([
  ['1', '1m'],
  ['3', '3m'],
  ['5', '5m'],
  ['15', '15m'],
  ['30', '30m'],
  ['60', '1h'],
  ['120', '2h'],
  ['240', '4h'],
  ['360', '6h'],
  ['720', '12h'],
  ['D', '1d'],
  ['W', '1w'],
  ['M', '1M'],
]);

export function intervalOf(code: string): Interval | undefined {
  return INTERVALS.get(code);
}

const CODES: ReadonlyMap<Interval, string> = new Map(
  [...INTERVALS].map(([code, interval]) => [interval, code]),
);

export function codeOf(interval: Interval): string {
  return CODES.get(interval) ?? '';
}

export interface KlineTopic {
  readonly code: string;
  readonly interval: Interval;
  readonly symbol: string;
}

/** `kline.D.BTC-26DEC25`; undefined for anything else. */
export function readKlineTopic(topic: string): KlineTopic | undefined {
  const [, code = '', symbol = ''] = /^kline\.([^.]+)\.(.+)$/.exec(topic) ?? [];
  const interval = intervalOf(code);
  return interval === undefined ? undefined : { code, interval, symbol };
}

export function readTickerTopic(topic: string): string | undefined {
  return topic.startsWith('tickers.') ? topic.slice('tickers.'.length) : undefined;
}
