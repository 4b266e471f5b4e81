import { isPositive } from '../../domain/decimal';
import { ConnectorError } from '../../domain/errors';
import type { Candle } from '../../domain/events';
import { nextBarStart, nominalLengthMs, type Interval } from '../../domain/interval';
import type { CandleQuery } from '../contract';
import { epochMs, isAmount } from './fields';
import { barCodeOf } from './intervals';
import type { CandleWire } from './wire';

/** Query of one request. `after`: only bars that open before it (epoch ms), newest first. */
export interface CandlePage {
  readonly source: 'candles' | 'history-candles';
  readonly instId: string;
  readonly bar: string;
  readonly after: string;
  readonly limit: string;
}

/**
 * `candles` holds the last 1,440 bars and none of one second; `history-candles` the older ones.
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks-history
 */
const LARGEST_PAGE = { candles: 300, 'history-candles': 100 } as const;

interface Row {
  readonly start: number;
  readonly columns: CandleWire;
}

/** Closed bars with `fromMs <= start < toMs`, oldest first. `ask` fails with ConnectorError. */
export async function closedCandles(
  query: CandleQuery,
  ask: (page: CandlePage) => Promise<unknown>,
): Promise<readonly Candle[]> {
  const { instrument, interval, fromMs } = query;
  const bar = barCodeOf(interval);
  if (bar === undefined) {
    throw new ConnectorError('COMMAND_INVALID', `OKX has no ${interval} candles`, { retry: 'never' });
  }
  const found: Candle[] = [];
  let source: CandlePage['source'] = interval === '1s' ? 'history-candles' : 'candles';
  let after = query.toMs;
  while (after > fromMs) {
    const limit = pageSize(source, interval, after - fromMs);
    const page = { source, instId: instrument.venueSymbol, bar, after: String(after), limit: String(limit) };
    const rows = readRows(query, await ask(page), after);
    for (const row of rows) if (row.start >= fromMs) found.push(...toCandle(query, row));
    after = rows.at(-1)?.start ?? after;
    if (rows.length >= limit) continue;
    // The source ends here: at the listing, or at its own horizon.
    if (source === 'history-candles') break;
    source = 'history-candles';
  }
  return found.reverse();
}

/** One bar more than the span needs, which proves that nothing is left before it. */
function pageSize(source: CandlePage['source'], interval: Interval, spanMs: number): number {
  return Math.min(LARGEST_PAGE[source], Math.ceil(spanMs / nominalLengthMs(interval)) + 1);
}

function readRows({ instrument }: CandleQuery, answer: unknown, after: number): readonly Row[] {
  const bad = (problem: string): ConnectorError =>
    new ConnectorError('REST_BAD_ANSWER', `${instrument.exchange} candles: ${problem}`);
  if (!Array.isArray(answer)) throw bad('no list of bars');
  let previous = after;
  return (answer as readonly unknown[]).map((columns) => {
    const start = isRow(columns) ? epochMs(columns[0]) : undefined;
    if (start === undefined) throw bad('unreadable bar');
    // A page out of order or range would make the walk skip bars or never end.
    if (start >= previous) throw bad('bar out of order');
    previous = start;
    return { start, columns: columns as CandleWire };
  });
}

function isRow(columns: unknown): columns is CandleWire {
  if (!Array.isArray(columns) || columns.length < 9) return false;
  for (let at = 1; at <= 5; at += 1) if (!isAmount(columns[at])) return false;
  return columns[8] === '0' || columns[8] === '1';
}

/** Nothing for the forming bar, nor for one without prices. */
function toCandle({ instrument, interval }: CandleQuery, { start, columns }: Row): readonly Candle[] {
  const [, open, high, low, close, volume, , , confirm] = columns;
  if (confirm !== '1') return [];
  if (!isPositive(open) || !isPositive(high) || !isPositive(low) || !isPositive(close)) return [];
  const { exchange, symbol } = instrument;
  const time = nextBarStart(interval, start);
  return [
    {
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
    },
  ];
}
