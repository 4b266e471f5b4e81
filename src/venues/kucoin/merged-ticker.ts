import { isPositive } from '../../domain/decimal';
import type { Ticker } from '../../domain/events';
import type { Topic } from '../contract';
import { amountOf, priceOf } from './fields';

/**
 * What one connection knows of a symbol. KuCoin tells the last price, the best prices and the day in
 * different frames, so each has its own time. Prices are '' while unknown, amounts '0'.
 */
export interface MergedTicker {
  readonly symbol: string;
  /** The topic in the list form that liveness takes: built once, not per frame. */
  readonly topics: readonly Topic[];
  price: string;
  priceAt: number;
  bid: string;
  bidSize: string;
  ask: string;
  askSize: string;
  bookAt: number;
  open: string;
  high: string;
  low: string;
  volume: string;
  turnover: string;
  dayAt: number;
}

/** One side or the other may be missing: prices '', sizes '0'. */
export interface Book {
  readonly bid: string;
  readonly bidSize: string;
  readonly ask: string;
  readonly askSize: string;
}

export interface Day {
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly volume: string;
  readonly turnover: string;
}

export function blankTicker(symbol: string, topics: readonly Topic[]): MergedTicker {
  return {
    symbol,
    topics,
    price: '',
    priceAt: 0,
    bid: '',
    bidSize: '0',
    ask: '',
    askSize: '0',
    bookAt: 0,
    open: '0',
    high: '0',
    low: '0',
    volume: '0',
    turnover: '0',
    dayAt: 0,
  };
}

/** False: nothing new, the price is older than the known one, or there is none. */
export function mergePrice(merged: MergedTicker, price: string, at: number): boolean {
  if (at < merged.priceAt || price === '') return false;
  merged.price = price;
  merged.priceAt = at;
  return true;
}

/** False: nothing new, the book is older than the known one. */
export function mergeBook(merged: MergedTicker, book: Book, at: number): boolean {
  if (at < merged.bookAt) return false;
  merged.bid = book.bid;
  merged.bidSize = book.bidSize;
  merged.ask = book.ask;
  merged.askSize = book.askSize;
  merged.bookAt = at;
  return true;
}

/** False: nothing new. A symbol comes in the snapshots of several areas, so equal times are repeats. */
export function mergeDay(merged: MergedTicker, day: Day, at: number): boolean {
  if (at <= merged.dayAt) return false;
  merged.open = day.open;
  merged.high = day.high;
  merged.low = day.low;
  merged.volume = day.volume;
  merged.turnover = day.turnover;
  merged.dayAt = at;
  return true;
}

/** The published ticker; undefined while the symbol has no last price. Its time never goes back. */
export function tickerEvent(merged: MergedTicker, exchange: string): Ticker | undefined {
  const { price, bid, ask, bidSize, askSize } = merged;
  if (price === '') return undefined;
  return {
    eventType: 'ticker',
    exchange,
    symbol: merged.symbol,
    time: Math.max(merged.priceAt, merged.bookAt, merged.dayAt),
    price,
    open: merged.open,
    high: merged.high,
    low: merged.low,
    volume: merged.volume,
    volumeQuote: merged.turnover,
    bestBid: bid === '' ? price : bid,
    bestBidQnt: bidSize,
    bestAsk: ask === '' ? price : ask,
    bestAskQnt: askSize,
    hasBook: bid !== '' && ask !== '' && isPositive(bidSize) && isPositive(askSize),
  };
}

/** A size of its price; '0' where either is missing: the stand-in price is nobody's offer. */
export function sizeOf(price: string, size: unknown): string {
  return price === '' ? '0' : (amountOf(size) ?? '0');
}

/** A best price, '' where the side is empty or unreadable. */
export function sidePriceOf(value: unknown): string {
  return priceOf(value) ?? '';
}
