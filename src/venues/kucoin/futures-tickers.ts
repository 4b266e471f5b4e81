import type { MarketEvent } from '../../domain/events';
import type { Instrument } from '../../domain/instrument';
import type { Decoded } from '../contract';
import { product } from './contracts';
import { amountOf, epochMs, priceOf } from './fields';
import type { Book, Day, MergedTicker } from './merged-ticker';
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
import { futuresTickerTopic } from './topics';
import type { FuturesSnapshotWire, FuturesTickerWire } from './wire';

/** Best prices, and (V1 only) the last price. */
export function decodeFuturesTicker(
  venueSymbol: string,
  data: FuturesTickerWire,
  context: PublicContext,
): Decoded<MarketEvent> {
  const price = priceOf(data.price);
  const at = epochMs(data.ts);
  if (price === undefined || at === undefined) return unknown('malformed ticker');
  const instrument = context.instruments.byVenueSymbol(venueSymbol);
  if (instrument === undefined) return unknown('ticker of an unlisted contract');
  const merged = tickerOf(instrument, context);
  if (merged === undefined) return unknown('ticker of one contract too many');
  const isNewPrice = mergePrice(merged, price, at);
  const isNew = mergeBook(merged, bookOf(data, instrument, context), at) || isNewPrice;
  return published(merged, isNew, context);
}

/** Last price and the day's statistics, every 5 s. */
export function decodeFuturesSnapshot(
  venueSymbol: string,
  data: FuturesSnapshotWire,
  context: PublicContext,
): Decoded<MarketEvent> {
  const price = priceOf(data.lastPrice);
  const at = epochMs(data.ts);
  if (price === undefined || at === undefined) return unknown('malformed snapshot');
  const instrument = context.instruments.byVenueSymbol(venueSymbol);
  if (instrument === undefined) return unknown('snapshot of an unlisted contract');
  const merged = tickerOf(instrument, context);
  if (merged === undefined) return unknown('snapshot of one contract too many');
  const isNewPrice = mergePrice(merged, price, at);
  return published(merged, mergeDay(merged, dayOf(data), at) || isNewPrice, context);
}

function dayOf(data: FuturesSnapshotWire): Day {
  return {
    open: amountOf(data.price24HoursBefore) ?? '0',
    high: amountOf(data.highPrice) ?? '0',
    low: amountOf(data.lowPrice) ?? '0',
    volume: amountOf(data.volume) ?? '0',
    turnover: amountOf(data.turnover) ?? '0',
  };
}

function bookOf(data: FuturesTickerWire, instrument: Instrument, { market }: PublicContext): Book {
  const bid = sidePriceOf(data.bestBidPrice);
  const ask = sidePriceOf(data.bestAskPrice);
  const bidSize = sizeOf(bid, data.bestBidSize);
  const askSize = sizeOf(ask, data.bestAskSize);
  // Inverse books stay in contracts.
  if (market.kind === 'inverse') return { bid, bidSize, ask, askSize };
  const { contractSize } = instrument;
  // A contract of unknown size (its list could not be read yet) has prices, but no sizes.
  if (contractSize === undefined) return { bid, bidSize: '0', ask, askSize: '0' };
  return { bid, bidSize: product(bidSize, contractSize), ask, askSize: product(askSize, contractSize) };
}

function tickerOf({ symbol, venueSymbol }: Instrument, { state }: PublicContext): MergedTicker | undefined {
  const known = state.tickers.get(venueSymbol);
  if (known !== undefined) return known;
  if (state.tickers.size >= MAX_TICKERS) return undefined;
  const blank = blankTicker(symbol, [futuresTickerTopic(venueSymbol)]);
  state.tickers.set(venueSymbol, blank);
  return blank;
}

function published(merged: MergedTicker, isNew: boolean, { market }: PublicContext): Decoded<MarketEvent> {
  const event = isNew ? tickerEvent(merged, market.exchange) : undefined;
  return { kind: 'events', topics: merged.topics, events: event === undefined ? NO_EVENTS : [event] };
}
