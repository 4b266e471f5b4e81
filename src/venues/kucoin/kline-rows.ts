import { ConnectorError } from '../../domain/errors';
import { product } from './contracts';
import { amountOf, isAmount, msOfSeconds } from './fields';
import type { Row } from './klines';

/**
 * Spot: ["1729839600","67644.9","67437.6","67724.8","67243.8","44.88","3027558.99"]
 * = start (s), open, close, high, low, volume, turnover: the order of the stream.
 * https://www.kucoin.com/docs-new/rest/spot-trading/market-data/get-klines
 */
export function spotRows(exchange: string, answer: unknown, mostRows: number): readonly Row[] {
  return listOf(exchange, answer, mostRows).map((row) => {
    const [seconds, open, close, high, low, volume] = row;
    const start = msOfSeconds(seconds);
    if (start === undefined || !isAmount(open) || !isAmount(close) || !isAmount(high)) throw badBar(exchange);
    if (!isAmount(low) || !isAmount(volume)) throw badBar(exchange);
    return { start, open, high, low, close, volume };
  });
}

/**
 * Futures: [1790993280000, 84568.3, 84568.3, 84544.2, 84556.7, 12785, 1080991.7836]
 * = start (ms), open, high, low, close, volume in contracts, turnover; JSON numbers.
 * https://www.kucoin.com/docs-new/rest/futures-trading/market-data/get-klines
 * @param contractSize base units per contract; undefined: volumes stay in contracts
 */
export function futuresRows(
  exchange: string,
  answer: unknown,
  mostRows: number,
  contractSize: string | undefined,
): readonly Row[] {
  return listOf(exchange, answer, mostRows).map(([start, ...columns]) => {
    const [open, high, low, close, contracts] = columns.slice(0, 5).map(amountOf);
    if (typeof start !== 'number' || !Number.isSafeInteger(start) || start <= 0) throw badBar(exchange);
    if (open === undefined || high === undefined || low === undefined) throw badBar(exchange);
    if (close === undefined || contracts === undefined) throw badBar(exchange);
    const volume = contractSize === undefined ? contracts : product(contracts, contractSize);
    return { start, open, high, low, close, volume };
  });
}

function listOf(exchange: string, answer: unknown, mostRows: number): readonly (readonly unknown[])[] {
  if (!Array.isArray(answer) || answer.length > mostRows) {
    throw new ConnectorError('REST_BAD_ANSWER', `${exchange} klines: no list of bars`);
  }
  return (answer as readonly unknown[]).map((row) => {
    if (!Array.isArray(row)) throw badBar(exchange);
    return row as readonly unknown[];
  });
}

function badBar(exchange: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${exchange} klines: unreadable bar`);
}
