import { isPositive } from '../../domain/decimal';
import { ConnectorError } from '../../domain/errors';
import type { Candle } from '../../domain/events';
import { nextBarStart, nominalLengthMs } from '../../domain/interval';
import type { CandleQuery } from '../contract';

/** A bar of REST, before it is known whether it is over. Amounts are plain decimals, volume in base units. */
export type Row = Pick<Candle, 'start' | 'open' | 'high' | 'low' | 'close' | 'volume'>;

/** The two answers that back-fill needs. Both fail with ConnectorError. */
export interface KlineSource {
  /** Most bars that one answer holds. */
  readonly pageBars: number;
  /** Bars about `fromMs <= start < toMs` in any order; the venue may add its neighbours. */
  page(fromMs: number, toMs: number): Promise<readonly Row[]>;
  /** The venue's clock, epoch ms. */
  serverTime(): Promise<number>;
}

/** The last trade of a bar reaches REST some time after the bar's end. */
const SETTLE_MS = 2_000;

/**
 * Closed bars with `fromMs <= start < toMs`, oldest first.
 *
 * The venue returns the forming bar like any other, so a bar counts as closed only when a later one
 * stands behind it: the query reaches one bar further than it was asked for. The newest bar, which has
 * none, is judged by the venue's own clock and then read once more.
 */
export async function closedCandles(query: CandleQuery, source: KlineSource): Promise<readonly Candle[]> {
  const { interval, fromMs, toMs } = query;
  if (fromMs >= toMs) return [];
  const rows = await allRows(query, nextBarStart(interval, toMs), source);
  const newest = rows.at(-1);
  if (newest !== undefined && newest.start < toMs) {
    rows.pop();
    const end = nextBarStart(interval, newest.start);
    const isOver = end + SETTLE_MS <= (await source.serverTime());
    if (isOver) rows.push(...(await rowsBetween(newest.start, newest.start + 1, source)));
  }
  return rows.filter((row) => row.start < toMs && hasPrices(row)).map((row) => toCandle(query, row));
}

async function allRows(
  { interval, fromMs }: CandleQuery,
  endMs: number,
  source: KlineSource,
): Promise<Row[]> {
  const span = source.pageBars * nominalLengthMs(interval);
  const rows: Row[] = [];
  for (let at = fromMs; at < endMs; at += span) {
    rows.push(...(await rowsBetween(at, Math.min(at + span, endMs), source)));
  }
  return rows;
}

/**
 * Ordered, each start once. Whether the venue's bounds are inclusive is not documented: neighbours are
 * cut off here.
 */
async function rowsBetween(fromMs: number, toMs: number, source: KlineSource): Promise<readonly Row[]> {
  const byStart = new Map<number, Row>();
  for (const row of await source.page(fromMs, toMs)) {
    if (row.start >= fromMs && row.start < toMs) byStart.set(row.start, row);
  }
  return [...byStart.values()].sort((a, b) => a.start - b.start);
}

/** Bars from before the first trade may hold zeros: no prices, so no candle. */
function hasPrices({ open, high, low, close }: Row): boolean {
  return isPositive(open) && isPositive(high) && isPositive(low) && isPositive(close);
}

function toCandle({ instrument, interval }: CandleQuery, row: Row): Candle {
  const { exchange, symbol } = instrument;
  const time = nextBarStart(interval, row.start);
  return { eventType: 'candle', exchange, symbol, interval, ...row, closed: true, time };
}

export function noSuchCandles({ instrument, interval }: CandleQuery): ConnectorError {
  const problem = `${instrument.exchange} has no ${interval} candles`;
  return new ConnectorError('COMMAND_INVALID', problem, { retry: 'never' });
}
