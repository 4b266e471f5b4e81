import { ConnectorError } from '../../domain/errors';
import type { Candle } from '../../domain/events';
import { nextBarStart, nominalLengthMs } from '../../domain/interval';
import type { CandleQuery } from '../contract';
import type { Bar } from './bars';
import { hasPrices, readBar } from './bars';
import { isObject } from './fields';
import type { Ask } from './http';
import { granularityOf } from './intervals';

/** Of 350: room for the neighbours that inclusive bounds bring. */
const BARS_PER_PAGE = 300;
const MOST_ROWS = 350;
const MOST_PAGES = 100;
/** Public answers come from a cache of one second, and the last trade takes its time. */
const SETTLE_MS = 3_000;

/**
 * Closed bars with `fromMs <= start < toMs`, oldest first; buckets without trades do not exist.
 *
 * The venue returns the forming bar like any other, so a bar counts as closed only when a later one
 * stands behind it: the query reaches one bar further than it was asked for. The newest bar, which has
 * none, is judged by the venue's own clock and then read once more.
 */
export async function closedCandles(query: CandleQuery, ask: Ask): Promise<readonly Candle[]> {
  const { interval, fromMs, toMs } = query;
  if (fromMs >= toMs) return [];
  const bars = await allBars(query, nextBarStart(interval, toMs), ask);
  const newest = bars.at(-1);
  if (newest !== undefined && newest.start < toMs) {
    bars.pop();
    const isOver = nextBarStart(interval, newest.start) + SETTLE_MS <= (await serverTime(query, ask));
    if (isOver) bars.push(...(await barsBetween(query, newest.start, newest.start + 1, ask)));
  }
  return bars.filter((bar) => bar.start < toMs && hasPrices(bar)).map((bar) => candleOf(query, bar));
}

async function allBars(query: CandleQuery, endMs: number, ask: Ask): Promise<Bar[]> {
  const span = BARS_PER_PAGE * nominalLengthMs(query.interval);
  if ((endMs - query.fromMs) / span > MOST_PAGES) {
    throw new ConnectorError('REST_FAILED', 'too many bars asked for at once', { retry: 'never' });
  }
  const bars: Bar[] = [];
  for (let at = query.fromMs; at < endMs; at += span) {
    bars.push(...(await barsBetween(query, at, Math.min(at + span, endMs), ask)));
  }
  return bars;
}

/** Ordered, each start once. Whether the venue's bounds are inclusive is not documented. */
async function barsBetween(
  query: CandleQuery,
  fromMs: number,
  toMs: number,
  ask: Ask,
): Promise<readonly Bar[]> {
  const { instrument, interval } = query;
  const search = new URLSearchParams({
    start: String(Math.floor(fromMs / 1_000)),
    end: String(Math.ceil(toMs / 1_000)),
    granularity: granularity(query),
    limit: String(MOST_ROWS),
  });
  const path = `/market/products/${encodeURIComponent(instrument.venueSymbol)}/candles`;
  const answer = await ask('candles', `${path}?${search.toString()}`);
  const byStart = new Map<number, Bar>();
  for (const row of readRows(query, answer)) {
    const bar = readBar(row);
    if (bar === undefined) throw badAnswer(query, `a malformed ${interval} candle`);
    if (bar.start >= fromMs && bar.start < toMs) byStart.set(bar.start, bar);
  }
  return [...byStart.values()].sort((a, b) => a.start - b.start);
}

function granularity({ instrument, interval }: CandleQuery): string {
  const found = granularityOf(interval);
  if (found !== undefined) return found;
  throw new ConnectorError('COMMAND_INVALID', `${instrument.exchange} has no ${interval} candles`, {
    retry: 'never',
  });
}

/** {"candles":[{"start":"1639508050","low":"140.21","high":"140.21","open":"140.21","close":"140.21","volume":"0.5"}]}: newest first */
function readRows(query: CandleQuery, answer: unknown): readonly unknown[] {
  const { candles }: { candles?: unknown } = isObject(answer) ? answer : {};
  if (!Array.isArray(candles)) throw badAnswer(query, 'no list');
  if (candles.length > MOST_ROWS) throw badAnswer(query, 'more candles than asked for');
  return candles as readonly unknown[];
}

/** {"iso":"2023-08-28T22:41:58Z","epochSeconds":"1693262518","epochMillis":"1693262518529"} */
async function serverTime(query: CandleQuery, ask: Ask): Promise<number> {
  const answer = await ask('time', '/time');
  const { epochMillis }: { epochMillis?: unknown } = isObject(answer) ? answer : {};
  if (typeof epochMillis !== 'string' || !/^\d{13}$/.test(epochMillis)) throw badAnswer(query, 'no time');
  return Number(epochMillis);
}

function candleOf({ instrument, interval }: CandleQuery, bar: Bar): Candle {
  const { exchange, symbol } = instrument;
  const time = nextBarStart(interval, bar.start);
  return { eventType: 'candle', exchange, symbol, interval, ...bar, closed: true, time };
}

function badAnswer({ instrument }: CandleQuery, what: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${instrument.exchange} candles: ${what}`);
}
