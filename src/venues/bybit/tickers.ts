import { isDecimal, isPositive } from '../../domain/decimal';
import type { Ticker } from '../../domain/events';
import type { MarketDescriptor, Topic } from '../contract';
import type { TickerFields } from './wire';

/**
 * The newest known ticker of one topic: the snapshot and all deltas since. Prices are '' where the
 * venue gave none (pre-market, one-sided book), amounts '0'.
 */
export interface MergedTicker {
  readonly symbol: string;
  /** The topic in the list form that liveness takes: built once, not per frame. */
  readonly topics: readonly [Topic];
  price: string;
  open: string;
  high: string;
  low: string;
  volume: string;
  turnover: string;
  bid: string;
  bidSize: string;
  ask: string;
  askSize: string;
}

export function blankTicker(topic: Topic, symbol: string): MergedTicker {
  return {
    symbol,
    topics: [topic],
    price: '',
    open: '',
    high: '',
    low: '',
    volume: '0',
    turnover: '0',
    bid: '',
    bidSize: '0',
    ask: '',
    askSize: '0',
  };
}

/** A snapshot replaces everything: what it does not name is unknown again. */
export function clearTicker(merged: MergedTicker): void {
  merged.price = merged.open = merged.high = merged.low = merged.bid = merged.ask = '';
  merged.volume = merged.turnover = merged.bidSize = merged.askSize = '0';
}

/** Takes over what the frame names. False where none of it is published (mark price, funding, ...). */
export function mergeTicker(merged: MergedTicker, fields: TickerFields): boolean {
  const hasBook = mergeBook(merged, fields);
  return mergeDay(merged, fields) || hasBook;
}

/** The published ticker; undefined while the symbol has no last price. */
export function tickerEvent(
  merged: MergedTicker,
  market: MarketDescriptor,
  time: number,
): Ticker | undefined {
  const { price } = merged;
  if (price === '') return undefined;
  return market.kind === 'spot'
    ? spotTicker(merged, market.exchange, time)
    : contractTicker(merged, market, time);
}

/** Spot tickers have no book. The 24 h volume stands in for its sizes: paper fills need one above 0. */
function spotTicker(merged: MergedTicker, exchange: string, time: number): Ticker {
  const { price, volume } = merged;
  return {
    eventType: 'ticker',
    exchange,
    symbol: merged.symbol,
    time,
    price,
    open: merged.open || price,
    high: merged.high || price,
    low: merged.low || price,
    volume,
    volumeQuote: merged.turnover,
    bestBid: price,
    bestBidQnt: volume,
    bestAsk: price,
    bestAskQnt: volume,
    hasBook: false,
  };
}

/** Inverse contracts count `volume24h` in USD contracts and `turnover24h` in the base coin. */
function contractTicker(merged: MergedTicker, { exchange, kind }: MarketDescriptor, time: number): Ticker {
  const { price, bid, ask } = merged;
  const isInverse = kind === 'inverse';
  const bestBidQnt = sizeOf(bid, merged.bidSize);
  const bestAskQnt = sizeOf(ask, merged.askSize);
  return {
    eventType: 'ticker',
    exchange,
    symbol: merged.symbol,
    time,
    price,
    open: merged.open || price,
    high: merged.high || price,
    low: merged.low || price,
    volume: isInverse ? merged.turnover : merged.volume,
    volumeQuote: isInverse ? merged.volume : merged.turnover,
    bestBid: bid || price,
    bestBidQnt,
    bestAsk: ask || price,
    bestAskQnt,
    hasBook: isPositive(bestBidQnt) && isPositive(bestAskQnt),
  };
}

/** A side without a price falls back to the last price, which nobody offers to trade at. */
function sizeOf(price: string, size: string): string {
  return price === '' ? '0' : size;
}

function mergeBook(merged: MergedTicker, fields: TickerFields): boolean {
  const { bid1Price, bid1Size, ask1Price, ask1Size } = fields;
  if (bid1Price !== undefined) merged.bid = priceOrNone(bid1Price);
  if (bid1Size !== undefined) merged.bidSize = amountOrZero(bid1Size);
  if (ask1Price !== undefined) merged.ask = priceOrNone(ask1Price);
  if (ask1Size !== undefined) merged.askSize = amountOrZero(ask1Size);
  return (bid1Price ?? bid1Size ?? ask1Price ?? ask1Size) !== undefined;
}

function mergeDay(merged: MergedTicker, fields: TickerFields): boolean {
  let isTouched = false;
  if (fields.lastPrice !== undefined) {
    merged.price = priceOrNone(fields.lastPrice);
    isTouched = true;
  }
  if (fields.prevPrice24h !== undefined) {
    merged.open = priceOrNone(fields.prevPrice24h);
    isTouched = true;
  }
  if (fields.highPrice24h !== undefined) {
    merged.high = priceOrNone(fields.highPrice24h);
    isTouched = true;
  }
  if (fields.lowPrice24h !== undefined) {
    merged.low = priceOrNone(fields.lowPrice24h);
    isTouched = true;
  }
  if (fields.volume24h !== undefined) {
    merged.volume = amountOrZero(fields.volume24h);
    isTouched = true;
  }
  if (fields.turnover24h !== undefined) {
    merged.turnover = amountOrZero(fields.turnover24h);
    isTouched = true;
  }
  return isTouched;
}

function priceOrNone(value: unknown): string {
  return isPositive(value) ? value : '';
}

const MINUS = 45;

export function isAmount(value: unknown): value is string {
  return isDecimal(value) && value.charCodeAt(0) !== MINUS;
}

function amountOrZero(value: unknown): string {
  return isAmount(value) ? value : '0';
}
