/** Canonical candle intervals. Venues' own spellings live in the venue folders. */
export const INTERVALS = [
  '1s',
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '1w',
  '1M',
] as const;

export type Interval = (typeof INTERVALS)[number];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const LENGTH_MS: Readonly<Record<Exclude<Interval, '1M'>, number>> = {
  '1s': SECOND,
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': HOUR,
  '2h': 2 * HOUR,
  '4h': 4 * HOUR,
  '6h': 6 * HOUR,
  '8h': 8 * HOUR,
  '12h': 12 * HOUR,
  '1d': DAY,
  '3d': 3 * DAY,
  '1w': 7 * DAY,
};

/** 1970-01-05 was the first Monday: weekly bars open on Mondays, 00:00 UTC. */
const FIRST_MONDAY = 4 * DAY;

export function isInterval(text: string): text is Interval {
  return (INTERVALS as readonly string[]).includes(text);
}

/** Open time (epoch ms) of the bar that holds `at`; UTC-aligned, weeks from Monday. */
export function barStart(interval: Interval, at: number): number {
  if (interval === '1M') {
    const date = new Date(at);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  }
  const origin = interval === '1w' ? FIRST_MONDAY : 0;
  const length = LENGTH_MS[interval];
  return Math.floor((at - origin) / length) * length + origin;
}

/** Open time of the bar after the one that opened at `start`; also that bar's exclusive end. */
export function nextBarStart(interval: Interval, start: number): number {
  if (interval !== '1M') return start + LENGTH_MS[interval];
  const date = new Date(start);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** Nominal length in ms; a month counts 30 days. For paging and ordering, not for bar arithmetic. */
export function nominalLengthMs(interval: Interval): number {
  return interval === '1M' ? 30 * DAY : LENGTH_MS[interval];
}
