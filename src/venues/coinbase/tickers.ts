import { isPositive } from '../../domain/decimal';
import type { MarketEvent, Ticker } from '../../domain/events';
import type { Decoded, Topic } from '../contract';
import { decimalsOf, priceBefore, product as productOf } from './amounts';
import { isAmount, isObject, isPrice, isSignedAmount, isText, rowsOf } from './fields';
import type { PublicContext } from './state';
import { barren, NO_TOPICS, publishedOf } from './state';
import { TICKER } from './topics';
import type { TickerRow } from './wire';

/** In practice one product per frame; events and tickers are arrays all the same. */
export function decodeTickers(
  events: readonly unknown[],
  time: number,
  context: PublicContext,
): Decoded<MarketEvent> {
  const found: Ticker[] = [];
  const topics: Topic[] = [];
  let rowCount = 0;
  for (const event of events) {
    for (const row of rowsOf(event, 'tickers')) {
      rowCount += 1;
      for (const topic of decodeRow(row, time, context, found)) topics.push(topic);
    }
  }
  return topics.length === 0 ? barren(rowCount, 'tickers') : { kind: 'events', topics, events: found };
}

const NO_FIELDS: TickerRow = {};

/** Adds the row's tickers to `found`; returns the topics that showed life. */
function decodeRow(row: unknown, time: number, context: PublicContext, found: Ticker[]): readonly Topic[] {
  const fields: TickerRow = isObject(row) ? row : NO_FIELDS;
  const { product_id: product, price } = fields;
  if (!isText(product)) return NO_TOPICS;
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
  const volume = amountOrZero(fields.volume_24_h);
  const bid = priceOrNone(fields.best_bid);
  const ask = priceOrNone(fields.best_ask);
  // A side without a price falls back to the last one, which nobody offers to trade at.
  const bestBidQnt = bid === '' ? '0' : amountOrZero(fields.best_bid_quantity);
  const bestAskQnt = ask === '' ? '0' : amountOrZero(fields.best_ask_quantity);
  return {
    price,
    open: openOf(price, fields.price_percent_chg_24_h, stepDecimals(price, bid, ask)),
    high: priceOrNone(fields.high_24_h) || price,
    low: priceOrNone(fields.low_24_h) || price,
    volume,
    // Not sent: the last price on all of the volume is an estimate.
    volumeQuote: productOf(volume, price),
    bestBid: bid || price,
    bestBidQnt,
    bestAsk: ask || price,
    bestAskQnt,
    hasBook: isPositive(bestBidQnt) && isPositive(bestAskQnt),
  };
}

function priceOrNone(value: unknown): string {
  return isPrice(value) ? value : '';
}

function amountOrZero(value: unknown): string {
  return isAmount(value) ? value : '0';
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
