import { add, decimalText } from '../../domain/decimal';
import type { MarketEvent } from '../../domain/events';
import type { Decoded, Topic } from '../contract';
import { amountOf, epochMs, isObject, isSymbol, priceOf } from './fields';
import type { Day, MergedTicker } from './merged-ticker';
import {
  blankTicker,
  mergeBook,
  mergeDay,
  mergePrice,
  sidePriceOf,
  sizeOf,
  tickerEvent,
} from './merged-ticker';
import type { PublicContext } from './state';
import { MAX_TICKERS, NO_EVENTS, unknown } from './state';
import { ALL_TICKERS, SPOT_TICKER } from './topics';
import type { SpotSnapshotWire, SpotTickerWire } from './wire';

const ALL = [ALL_TICKERS];

/** Last price and best prices, on every change of the latter. The topic of all has the symbol as subject. */
export function decodeSpotTicker(
  topic: Topic,
  subject: unknown,
  data: SpotTickerWire,
  context: PublicContext,
): Decoded<MarketEvent> {
  const isOfAll = topic === ALL_TICKERS;
  const symbol = isOfAll ? subject : topic.slice(SPOT_TICKER.length + 1);
  const price = priceOf(data.price);
  const at = epochMs(data.time ?? data.Time);
  if (price === undefined || at === undefined) return unknown('malformed ticker');
  const topics = isOfAll ? ALL : [topic];
  if (isGone(symbol, context)) return { kind: 'events', topics, events: NO_EVENTS };
  const merged = tickerOf(symbol, context);
  if (typeof merged === 'string') return unknown(merged);
  const bid = sidePriceOf(data.bestBid);
  const ask = sidePriceOf(data.bestAsk);
  const isNewPrice = mergePrice(merged, price, at);
  const book = { bid, bidSize: sizeOf(bid, data.bestBidSize), ask, askSize: sizeOf(ask, data.bestAskSize) };
  const isNew = mergeBook(merged, book, at) || isNewPrice;
  return published(merged, isNew, topics, context);
}

/** The day's statistics of a symbol, every 2 s, and the prices of that moment. */
export function decodeSpotSnapshot(topic: Topic, data: object, context: PublicContext): Decoded<MarketEvent> {
  const { data: inner } = data as { readonly data?: unknown };
  if (!isObject(inner)) return unknown('snapshot without data');
  const snapshot: SpotSnapshotWire = inner;
  const price = priceOf(snapshot.lastTradedPrice);
  const at = epochMs(snapshot.datetime);
  if (price === undefined || at === undefined) return unknown('malformed snapshot');
  const isHalted = snapshot.trading === false;
  if (isHalted || isGone(snapshot.symbol, context)) {
    return { kind: 'events', topics: [topic], events: NO_EVENTS };
  }
  const merged = tickerOf(snapshot.symbol, context);
  if (typeof merged === 'string') return unknown(merged);
  const isNew = mergeDay(merged, dayOf(snapshot, price), at);
  if (isNew) {
    const bid = sidePriceOf(snapshot.buy);
    const ask = sidePriceOf(snapshot.sell);
    mergePrice(merged, price, at);
    mergeBook(
      merged,
      { bid, bidSize: sizeOf(bid, snapshot.bidSize), ask, askSize: sizeOf(ask, snapshot.askSize) },
      at,
    );
  }
  return published(merged, isNew, [topic], context);
}

function dayOf(snapshot: SpotSnapshotWire, price: string): Day {
  return {
    open: openOf(snapshot, price),
    high: amountOf(snapshot.high) ?? '0',
    low: amountOf(snapshot.low) ?? '0',
    volume: amountOf(snapshot.vol) ?? '0',
    turnover: amountOf(snapshot.volValue) ?? '0',
  };
}

/** Where the opening price is missing, the day's change tells it. */
function openOf({ open, changePrice }: SpotSnapshotWire, price: string): string {
  const known = amountOf(open);
  if (known !== undefined) return known;
  const change = typeof changePrice === 'number' ? decimalText(-changePrice) : undefined;
  if (price === '' || change === undefined) return '0';
  return amountOf(add(price, change)) ?? '0';
}

/**
 * The topics of all symbols go on telling of delisted ones, for ever at their last price. No fault, so no
 * note; and until a list is there nothing is known to be gone.
 */
function isGone(symbol: unknown, { instruments, state }: PublicContext): boolean {
  if (instruments.size === 0 || typeof symbol !== 'string') return false;
  if (instruments.byVenueSymbol(symbol) !== undefined) return false;
  state.tickers.delete(symbol);
  return true;
}

function tickerOf(symbol: unknown, { state }: PublicContext): MergedTicker | string {
  if (typeof symbol !== 'string') return 'ticker without a symbol';
  const known = state.tickers.get(symbol);
  if (known !== undefined) return known;
  if (!isSymbol(symbol)) return 'ticker without a symbol';
  if (state.tickers.size >= MAX_TICKERS) return 'ticker of one symbol too many';
  const blank = blankTicker(symbol, ALL);
  state.tickers.set(symbol, blank);
  return blank;
}

function published(
  merged: MergedTicker,
  isNew: boolean,
  topics: readonly Topic[],
  { market }: PublicContext,
): Decoded<MarketEvent> {
  const event = isNew ? tickerEvent(merged, market.exchange) : undefined;
  return { kind: 'events', topics, events: event === undefined ? NO_EVENTS : [event] };
}
