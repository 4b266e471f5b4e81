/** Domain events -> message bodies. Written by hand: rendering is half of the cost of a ticker. */
import { isPositive } from '../domain/decimal';
import type { Candle, Ticker } from '../domain/events';

export type TickerBook = 'last' | 'book';

const QUOTED_LIMIT = 50_000;
const quotedTexts = new Map<string, string>();

/** JSON text of a short string, remembered: symbols and exchanges repeat for ever. */
function quoted(text: string): string {
  let known = quotedTexts.get(text);
  if (known === undefined) {
    known = JSON.stringify(text);
    if (quotedTexts.size >= QUOTED_LIMIT) quotedTexts.clear();
    quotedTexts.set(text, known);
  }
  return known;
}

/**
 * Redis body of a ticker (contract 2.4). Amounts are JSON numbers spelled with the venue's own digits:
 * nothing is parsed, nothing is rounded. A side or size that is not above zero would fill or
 * liquidate paper positions: it becomes the last price, or a positive stand-in.
 */
export function redisTicker(ticker: Ticker, book: TickerBook, publishedAt: number): string {
  const { price } = ticker;
  const useBook = book === 'book' && ticker.hasBook;
  const bid = useBook && isPositive(ticker.bestBid) ? ticker.bestBid : price;
  const ask = useBook && isPositive(ticker.bestAsk) ? ticker.bestAsk : price;
  const bidSize = sizeOf(ticker.bestBidQnt, ticker);
  const askSize = sizeOf(ticker.bestAskQnt, ticker);
  const symbol = quoted(ticker.symbol);
  const exchange = quoted(ticker.exchange);
  const id = `${ticker.symbol}@${ticker.time}@${ticker.exchange}${price}${ticker.volume}${ask}${bid}${askSize}${bidSize}`;
  return (
    `{"symbol":${symbol},"time":${ticker.time},"price":${price},"volume":${ticker.volume},` +
    `"bestAsk":${ask},"bestBid":${bid},"bestAskQnt":${askSize},"bestBidQnt":${bidSize},` +
    `"uniqueMessageId":${symbol.length === ticker.symbol.length + 2 ? `"${id}"` : JSON.stringify(id)},` +
    `"eventTime":${publishedAt},"exchange":${exchange}}`
  );
}

function sizeOf(size: string, ticker: Ticker): string {
  if (isPositive(size)) return size;
  return isPositive(ticker.volumeQuote) ? ticker.volumeQuote : '1';
}

/** RabbitMQ body of one ticker inside a batch: the domain event, amounts as decimal texts. */
function batchedTicker(t: Ticker): string {
  return (
    `{"eventType":"ticker","exchange":${quoted(t.exchange)},"symbol":${quoted(t.symbol)},"time":${t.time},` +
    `"price":"${t.price}","open":"${t.open}","high":"${t.high}","low":"${t.low}",` +
    `"volume":"${t.volume}","volumeQuote":"${t.volumeQuote}",` +
    `"bestBid":"${t.bestBid}","bestBidQnt":"${t.bestBidQnt}","bestAsk":"${t.bestAsk}",` +
    `"bestAskQnt":"${t.bestAskQnt}","hasBook":${t.hasBook}}`
  );
}

/** One transient message per market and flush. */
export function tickerBatch(exchange: string, tickers: Iterable<Ticker>): string {
  let body = '';
  for (const ticker of tickers) body += (body === '' ? '' : ',') + batchedTicker(ticker);
  return `{"exchange":${quoted(exchange)},"tickers":[${body}]}`;
}

/** Redis body of a candle (contract 2.5). `interval` is the spelling of the request. */
export function redisCandle(candle: Candle, interval: string): string {
  return JSON.stringify({
    start: candle.start,
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: candle.volume,
    uniqueMessageId: candleId(candle),
    symbol: candle.symbol,
    interval,
    closed: candle.closed,
  });
}

/** RabbitMQ body of a candle: the domain event and its id. */
export function rabbitCandle(candle: Candle): string {
  return JSON.stringify({ ...candle, uniqueMessageId: candleId(candle) });
}

/** Deterministic: the same bar told twice has the same id (and AMQP messageId). */
export function candleId(c: Candle): string {
  return `${c.symbol}${c.start}${c.open}${c.high}${c.low}${c.close}${c.volume}${c.interval}@${c.exchange}`;
}
