import { badAnswer, refusedByCode } from './rest-errors';
import { isAmount } from './tickers';

/** What REST answers must look like; everything past this file is trusted. */

export interface ListAnswer {
  /** The venue's clock, epoch ms. */
  readonly time: number;
  readonly list: readonly unknown[];
  /** '' on the last page. */
  readonly cursor: string;
}

export interface InstrumentRow {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly isTrading: boolean;
}

export interface BarRow {
  readonly start: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** {"retCode":0,"retMsg":"OK","result":{"list":[...],"nextPageCursor":""},"retExtInfo":{},"time":1672025956592} */
export function readList(answer: unknown): ListAnswer {
  if (!isFields(answer) || typeof answer.retCode !== 'number') throw badAnswer('without a code');
  const { retCode, result, time } = answer;
  if (retCode !== 0) throw refusedByCode(retCode);
  if (!isFields(result) || !Array.isArray(result.list)) throw badAnswer('without a list');
  if (!isTime(time)) throw badAnswer('without its time');
  const { nextPageCursor } = result;
  return { time, list: result.list, cursor: typeof nextPageCursor === 'string' ? nextPageCursor : '' };
}

/** {"symbol":"BTCUSDT","baseCoin":"BTC","quoteCoin":"USDT","status":"Trading",...} */
export function readInstrument(row: unknown): InstrumentRow | undefined {
  if (!isFields(row)) return undefined;
  const { symbol, baseCoin, quoteCoin, status } = row;
  if (!isName(symbol) || !isName(baseCoin) || !isName(quoteCoin)) return undefined;
  return { symbol, base: baseCoin, quote: quoteCoin, isTrading: status === 'Trading' };
}

/** ["1670608800000","17071","17073","17027","17055.5","268611","15.74462667"]: start, OHLC, volume, turnover */
export function readBar(row: unknown): BarRow {
  if (!Array.isArray(row)) throw badAnswer('with a malformed bar');
  const [startText, open, high, low, close, volume] = row as readonly unknown[];
  const start = Number(startText);
  if (!isTime(start) || !isAmount(open) || !isAmount(high)) throw badAnswer('with a malformed bar');
  if (!isAmount(low) || !isAmount(close) || !isAmount(volume)) throw badAnswer('with a malformed bar');
  return { start, open, high, low, close, volume };
}

const LONGEST_NAME = 64;

/** A name that can stand in a topic: no dot, no quote, no space. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_NAME && /^[^\s".\\,[\]]+$/.test(value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
