import { isPositive } from '../../domain/decimal';
import { ConnectorError } from '../../domain/errors';
import type { Candle } from '../../domain/events';
import { nextBarStart, nominalLengthMs, type Interval } from '../../domain/interval';
import type { CandleQuery } from '../contract';
import { epochMs, isAmount } from './fields';
import type { CandleWire } from './wire';

/** One request; `startTime` and `endTime` in epoch ms. */
export interface CandlePage {
  readonly source: 'candles' | 'history-candles';
  readonly startTime: string;
  readonly endTime: string;
  readonly limit: string;
}

/** An answer whose envelope has been checked. */
export interface RestAnswer {
  /** The venue's clock (epoch ms). */
  readonly requestTime: number;
  readonly data: unknown;
}

/**
 * `candles` reaches back for a month (1m) to a year (6h), `history-candles` further.
 * https://www.bitget.com/api-doc/spot/market/Get-History-Candle-Data
 */
const LARGEST_PAGE = { candles: 1_000, 'history-candles': 200 } as const;
/** Of contracts; longer ranges are refused. https://www.bitget.com/api-doc/contract/market/Get-Candle-Data */
const LONGEST_RANGE_MS = 90 * 86_400_000;
/** The last trade of a bar reaches REST some time after the bar's end. */
const SETTLE_MS = 2_000;

interface Row {
  readonly start: number;
  readonly columns: CandleWire;
}

/**
 * Closed bars with `fromMs <= start < toMs`, oldest first. Walks from the newest to the oldest; where
 * `candles` shows no more, `history-candles` is asked for the rest. `ask` fails with ConnectorError.
 */
export async function closedCandles(
  query: CandleQuery,
  ask: (page: CandlePage) => Promise<RestAnswer>,
): Promise<readonly Candle[]> {
  const { interval, fromMs } = query;
  const found = new Map<number, Candle>();
  let source: CandlePage['source'] = 'candles';
  let before = query.toMs;
  while (before > fromMs) {
    const from = Math.max(fromMs, before - spanOf(source, interval));
    const answer = await ask(pageOf(source, interval, from, before));
    const rows = readRows(query, answer.data).filter(({ start }) => start >= from && start < before);
    for (const row of rows) {
      const candle = toCandle(query, row, answer.requestTime);
      if (candle) found.set(candle.start, candle);
    }
    const oldest = rows.reduce((least, { start }) => Math.min(least, start), before);
    const isShort = source === 'candles' && oldest >= nextBarStart(interval, from);
    if (isShort) source = 'history-candles';
    before = isShort ? oldest : from;
  }
  return [...found.values()].sort((a, b) => a.start - b.start);
}

/**
 * Bars that open before `endTime`. Whether the one that opens at `startTime` belongs to them differs by
 * product line and was changed before (ccxt/ccxt#20587, #21080): one bar more is asked for.
 */
function pageOf(source: CandlePage['source'], interval: Interval, from: number, before: number): CandlePage {
  return {
    source,
    startTime: String(Math.max(0, from - nominalLengthMs(interval))),
    endTime: String(before),
    limit: String(LARGEST_PAGE[source]),
  };
}

/** Time that one page covers, with room for the bar before it and one at its end. */
function spanOf(source: CandlePage['source'], interval: Interval): number {
  const length = nominalLengthMs(interval);
  return Math.max(length, Math.min((LARGEST_PAGE[source] - 2) * length, LONGEST_RANGE_MS - length));
}

function readRows({ instrument }: CandleQuery, data: unknown): readonly Row[] {
  const bad = (problem: string): ConnectorError =>
    new ConnectorError('REST_BAD_ANSWER', `${instrument.exchange} candles: ${problem}`);
  if (!Array.isArray(data)) throw bad('no list of bars');
  return (data as readonly unknown[]).map((columns) => {
    const start = isRow(columns) ? epochMs(columns[0]) : undefined;
    if (start === undefined) throw bad('unreadable bar');
    return { start, columns: columns as CandleWire };
  });
}

function isRow(columns: unknown): columns is CandleWire {
  if (!Array.isArray(columns)) return false;
  for (let at = 1; at <= 5; at += 1) if (!isAmount(columns[at])) return false;
  return true;
}

/** Undefined for the bar that forms or has just ended, which nothing but the venue's clock tells, and for one without prices. */
function toCandle({ instrument, interval }: CandleQuery, row: Row, requestTime: number): Candle | undefined {
  const { start, columns } = row;
  const [, open, high, low, close, volume] = columns;
  const end = nextBarStart(interval, start);
  if (end + SETTLE_MS > requestTime) return undefined;
  if (!isPositive(open) || !isPositive(high) || !isPositive(low) || !isPositive(close)) return undefined;
  const { exchange, symbol } = instrument;
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
    time: end,
  };
}
