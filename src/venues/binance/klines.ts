import { isPositive } from '../../domain/decimal';
import { ConnectorError } from '../../domain/errors';
import type { Candle } from '../../domain/events';
import { nextBarStart, nominalLengthMs, type Interval } from '../../domain/interval';
import type { CandleQuery, MarketDescriptor } from '../contract';
import { isAmount, isObject, isTime } from './fields';

/** Query of one `/klines` request; both times are inclusive bounds of the open time (epoch ms). */
export interface KlinePage {
  readonly symbol: string;
  readonly interval: Interval;
  readonly startTime: number;
  readonly endTime: number;
  readonly limit: number;
}

/** The two answers that back-fill needs, still unchecked. Fails with ConnectorError. */
export interface KlineSource {
  page(page: KlinePage): Promise<unknown>;
  serverTime(): Promise<unknown>;
}

/** Beyond it a bar costs more: 1,500 would weigh 10 on futures. */
const PAGE_BARS = 1_000;
/**
 * COIN-M refuses a span above 200 days.
 * https://developers.binance.com/docs/derivatives/coin-margined-futures/market-data/rest-api/Kline-Candlestick-Data
 */
const COINM_SPAN_MS = 199 * 24 * 3_600_000;
/** The closing frame of a bar comes up to about 2 s after its end; so may its REST twin. */
const SETTLE_MS = 2_000;

/**
 * [1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499644799999, ...]
 * = open time, open, high, low, close, volume, close time
 */
type Row = readonly [start: number, open: string, high: string, low: string, close: string, volume: string];

/**
 * Closed bars with `fromMs <= start < toMs`, oldest first.
 *
 * The venue returns the forming bar like any other, so a bar counts as closed only when a later one
 * stands behind it: each query reaches one bar further than it was asked for. The newest bar, which
 * has none, is judged by the venue's own clock and then read once more.
 */
export async function closedCandles(
  market: MarketDescriptor,
  query: CandleQuery,
  source: KlineSource,
): Promise<readonly Candle[]> {
  const { instrument, interval, fromMs, toMs } = query;
  if (fromMs >= toMs) return [];
  const ask = async (startTime: number, endTime: number): Promise<readonly Row[]> => {
    const limit = mostBars(interval, startTime, endTime);
    const page = { symbol: instrument.venueSymbol, interval, startTime, endTime, limit };
    return readRows(market, await source.page(page), startTime, endTime);
  };
  const rows = await allRows(market, query, ask);
  const newest = rows.at(-1);
  if (newest === undefined) return [];
  if (newest[0] < toMs) {
    rows.pop();
    const isOver =
      nextBarStart(interval, newest[0]) + SETTLE_MS <= readTime(market, await source.serverTime());
    if (isOver) rows.push(...(await ask(newest[0], newest[0])));
  }
  return rows.filter((row) => row[0] < toMs && hasPrices(row)).map((row) => toCandle(query, row));
}

async function allRows(
  { kind }: MarketDescriptor,
  { interval, fromMs, toMs }: CandleQuery,
  ask: (startTime: number, endTime: number) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const span = kind === 'inverse' ? COINM_SPAN_MS : Infinity;
  const rows: Row[] = [];
  let cursor = fromMs;
  while (cursor <= toMs) {
    const end = Math.min(toMs, cursor + span);
    const page = await ask(cursor, end);
    rows.push(...page);
    const last = page.at(-1);
    const isCut = last !== undefined && page.length >= mostBars(interval, cursor, end);
    cursor = isCut && nextBarStart(interval, last[0]) <= end ? last[0] + 1 : end + 1;
  }
  return rows;
}

/** Bars between two open times, both included: futures weigh a request by what it asks for, not by its answer. */
function mostBars(interval: Interval, startTime: number, endTime: number): number {
  return Math.min(PAGE_BARS, Math.floor((endTime - startTime) / nominalLengthMs(interval)) + 1);
}

function readRows(market: MarketDescriptor, answer: unknown, from: number, to: number): readonly Row[] {
  if (!Array.isArray(answer) || answer.length > PAGE_BARS) throw badAnswer(market, 'klines: no list of bars');
  let previous = from - 1;
  return (answer as readonly unknown[]).map((row) => {
    if (!isRow(row)) throw badAnswer(market, 'klines: unreadable bar');
    // A page out of order or range would make the walk skip bars or never end.
    if (row[0] <= previous || row[0] > to) throw badAnswer(market, 'klines: bar out of order');
    previous = row[0];
    return row;
  });
}

function isRow(row: unknown): row is Row {
  if (!Array.isArray(row)) return false;
  const [start, ...amounts] = (row as readonly unknown[]).slice(0, 6);
  return isTime(start) && amounts.length === 5 && amounts.every(isAmount);
}

/** Bars from before the first trade may hold zeros: no prices, so no candle. */
function hasPrices([, open, high, low, close]: Row): boolean {
  return isPositive(open) && isPositive(high) && isPositive(low) && isPositive(close);
}

function toCandle({ instrument, interval }: CandleQuery, row: Row): Candle {
  const [start, open, high, low, close, volume] = row;
  const { exchange, symbol } = instrument;
  const time = nextBarStart(interval, start);
  return {
    eventType: 'candle',
    exchange,
    symbol,
    interval,
    start,
    open,
    high,
    low,
    close,
    volume,
    closed: true,
    time,
  };
}

/** {"serverTime":1499827319559} */
function readTime(market: MarketDescriptor, answer: unknown): number {
  const { serverTime } = (isObject(answer) ? answer : {}) as { serverTime?: unknown };
  if (isTime(serverTime)) return serverTime;
  throw badAnswer(market, 'time: no serverTime');
}

function badAnswer({ exchange }: MarketDescriptor, problem: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${exchange} ${problem}`);
}
