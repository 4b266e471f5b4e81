import { isPositive } from '../../domain/decimal';
import type { MarketEvent, Ticker } from '../../domain/events';
import type { Decoded, Topic } from '../contract';
import { decimalsOf, priceBefore, product as productOf } from './amounts';
import { isAmount, isObject, isProduct, isSignedAmount } from './fields';
import type { PublicContext } from './state';
import { NO_TOPICS, publishedOf, unknown } from './state';
import { TICKER } from './topics';
import type { FrameEvent, TickerRow } from './wire';

/** In practice one product per frame; events and tickers are arrays all the same. */
export function decodeTickers(
  events: readonly unknown[],
  time: number,
  context: PublicContext,
): Decoded<MarketEvent> {
  const found: Ticker[] = [];
  const topics: Topic[] = [];
  for (const event of events) {
    const rows = isObject(event) ? (event as FrameEvent).tickers : undefined;
    if (!Array.isArray(rows)) return unknown('ticker without rows');
    for (const row of rows as readonly unknown[]) {
      for (const topic of decodeRow(row, time, context, found)) topics.push(topic);
    }
  }
  if (topics.length === 0) return unknown('malformed ticker, or of an unlisted product');
  return { kind: 'events', topics, events: found };
}

/** Adds the row's tickers to `found`; returns the topics that showed life. */
function decodeRow(row: unknown, time: number, context: PublicContext, found: Ticker[]): readonly Topic[] {
  if (!isObject(row)) return NO_TOPICS;
  const fields = row as TickerRow;
  const { product_id: product, price } = fields;
  if (!isProduct(product)) return NO_TOPICS;
  const published = publishedOf(product, context);
  if (published === undefined) return NO_TOPICS;
  const topics = context.state.topicsOf(TICKER, product);
  // A product that has not traded yet: life, but no ticker.
  if (!isPrice(price)) return topics;
  const { exchange } = context.market;
  const values = readValues(fields, price);
  if (published.own !== undefined) found.push(ticker(exchange, published.own, time, values));
  if (published.twin !== undefined) found.push(ticker(exchange, published.twin, time, values));
  return topics;
}

type Values = Omit<Ticker, 'eventType' | 'exchange' | 'symbol' | 'time'>;

function readValues(fields: TickerRow, price: string): Values {
  const { high_24_h: high, low_24_h: low, volume_24_h: volume24h, best_bid: bid, best_ask: ask } = fields;
  const volume = isAmount(volume24h) ? volume24h : '0';
  const bestBid = isPrice(bid) ? bid : price;
  const bestAsk = isPrice(ask) ? ask : price;
  const bestBidQnt = sizeOf(bid, fields.best_bid_quantity);
  const bestAskQnt = sizeOf(ask, fields.best_ask_quantity);
  return {
    price,
    open: openOf(price, fields.price_percent_chg_24_h, stepDecimals(price, bestBid, bestAsk)),
    high: isPrice(high) ? high : price,
    low: isPrice(low) ? low : price,
    volume,
    // Not sent: the last price on all of the volume is an estimate.
    volumeQuote: productOf(volume, price),
    bestBid,
    bestBidQnt,
    bestAsk,
    bestAskQnt,
    hasBook: isPositive(bestBidQnt) && isPositive(bestAskQnt),
  };
}

/** A side without a price falls back to the last one, which nobody offers to trade at. */
function sizeOf(price: unknown, size: unknown): string {
  return isPrice(price) && isAmount(size) ? size : '0';
}

/** Not sent, but told by the change in percent. */
function openOf(price: string, percent: unknown, decimals: number): string {
  if (!isSignedAmount(percent)) return price;
  return priceBefore(price, percent, decimals) ?? price;
}

/** The venue cuts trailing zeros: the longest of the prices is the best witness of the price step. */
function stepDecimals(price: string, bid: string, ask: string): number {
  return Math.max(decimalsOf(price), decimalsOf(bid), decimalsOf(ask));
}

function ticker(exchange: string, symbol: string, time: number, values: Values): Ticker {
  return {
    eventType: 'ticker',
    exchange,
    symbol,
    time,
    price: values.price,
    open: values.open,
    high: values.high,
    low: values.low,
    volume: values.volume,
    volumeQuote: values.volumeQuote,
    bestBid: values.bestBid,
    bestBidQnt: values.bestBidQnt,
    bestAsk: values.bestAsk,
    bestAskQnt: values.bestAskQnt,
    hasBook: values.hasBook,
  };
}

function isPrice(value: unknown): value is string {
  return isAmount(value) && isPositive(value);
}
