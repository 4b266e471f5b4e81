import { isDecimal, isPositive } from '../../domain/decimal';
import type { Candle, MarketEvent, Ticker } from '../../domain/events';
import type { MarketKind } from '../../domain/exchange';
import { isInterval } from '../../domain/interval';
import type { Codec, DecodeContext, Decoded, MarketDescriptor, Topic } from '../contract';
import { decodeAnswer } from './answers';
import { isAmount, isObject, isSymbol, isTime, positiveOr } from './fields';
import { isCoinMargined } from './symbols';
import { ALL_MINI_TICKERS, ALL_TICKERS, klineTopic, miniTickerTopic, tickerTopic } from './topics';
import type {
  AnswerWire,
  EnvelopeWire,
  KlineEventWire,
  KlineWire,
  NoticeWire,
  TickerWire,
  Unproven,
} from './wire';

const MINI_TICKER = '24hrMiniTicker';
const FULL_TICKER = '24hrTicker';

/** Every frame stands alone: Binance sends whole tickers and says itself when a bar is closed. */
export const publicCodec: Codec<MarketEvent, null> = { begin: () => null, decode };

function decode(frame: string, { market }: DecodeContext<null>): Decoded<MarketEvent> {
  const parsed = parse(frame);
  if (Array.isArray(parsed)) return decodeBareArray(parsed, market);
  if (!isObject(parsed)) return unknown('not a JSON object');
  const { stream, data } = parsed as Unproven<EnvelopeWire>;
  if (typeof stream !== 'string') return decodeObject(parsed, undefined, market);
  if (Array.isArray(data)) return decodeTickers(data, stream, market);
  return isObject(data) ? decodeObject(data, stream, market) : unknown('envelope without data');
}

/** Parsed values never reach a prototype: no key that we read exists on `Object.prototype`. */
function parse(frame: string): unknown {
  try {
    return JSON.parse(frame) as unknown;
  } catch {
    return undefined; // told apart from every JSON value, and answered with `unknown`
  }
}

function decodeObject(
  payload: Unproven<NoticeWire>,
  topic: Topic | undefined,
  market: MarketDescriptor,
): Decoded<MarketEvent> {
  switch (payload.e) {
    case 'kline':
      return decodeKline(payload, topic, market);
    case MINI_TICKER:
    case FULL_TICKER:
      return decodeTickers([payload], topic ?? topicOfTicker(payload), market);
    case 'serverShutdown':
      // No lead time is documented: leave at once.
      return { kind: 'moveAway', afterMs: 0 };
    case undefined:
      return decodeEventless(payload, market);
    default:
      return unknown('unrecognised event type');
  }
}

function decodeEventless(
  payload: Unproven<NoticeWire & AnswerWire>,
  market: MarketDescriptor,
): Decoded<MarketEvent> {
  const { event } = payload;
  if (!isObject(event)) return decodeAnswer(payload);
  // One level only: an event inside an event is nothing that Binance sends.
  return 'e' in event ? decodeObject(event, undefined, market) : unknown('event without type');
}

// ---------------------------------------------------------------------------- tickers

function decodeBareArray(items: readonly unknown[], market: MarketDescriptor): Decoded<MarketEvent> {
  const first = items[0];
  if (!isObject(first)) return unknown('array without events');
  const isMini = (first as Unproven<TickerWire>).e === MINI_TICKER;
  return decodeTickers(items, isMini ? ALL_MINI_TICKERS : ALL_TICKERS, market);
}

function decodeTickers(
  items: readonly unknown[],
  topic: Topic,
  { exchange, kind }: MarketDescriptor,
): Decoded<MarketEvent> {
  const events: Ticker[] = [];
  let malformed = 0;
  for (const item of items) {
    if (!isTicker(item)) malformed += 1;
    else if (belongsTo(kind, item) && !isPriceless(item)) {
      const ticker = toTicker(item, exchange);
      if (ticker === undefined) malformed += 1;
      else events.push(ticker);
    }
  }
  // One bad row must not hide its neighbours; nothing but bad rows means that the format changed.
  if (events.length === 0 && malformed > 0) return unknown('malformed ticker');
  return { kind: 'events', topics: [topic], events };
}

function isTicker(item: unknown): item is Unproven<TickerWire> {
  if (!isObject(item)) return false;
  const { e } = item as Unproven<TickerWire>;
  return e === MINI_TICKER || e === FULL_TICKER;
}

/**
 * Since 2026-06-30 the all-market arrays of both futures hosts carry USD-M and COIN-M together
 * (DER "Important CM-UM Integration Notice"). Without `st` the symbol decides.
 */
function belongsTo(kind: MarketKind, { s, st }: Unproven<TickerWire>): boolean {
  if (kind === 'spot') return true;
  const isInverse = st === undefined ? typeof s === 'string' && isCoinMargined(s) : st === 2;
  if (isInverse) return kind === 'inverse';
  return kind === 'linear' && (st === undefined || st === 1);
}

/** A listed symbol that has not traded yet says `"c":"0.00000000"`: well-formed, but no price. */
function isPriceless({ c }: Unproven<TickerWire>): boolean {
  return isDecimal(c) && !isPositive(c);
}

function toTicker(item: Unproven<TickerWire>, exchange: string): Ticker | undefined {
  const { s, E, c } = item;
  if (!isSymbol(s) || !isTime(E) || !isPositive(c)) return undefined;
  // A good price is not lost for the sake of the day's statistics, which nobody trades by.
  const volumeQuote = amountOrZero(item.q);
  // Paper fills need a size above 0.
  const standInSize = positiveOr('1', volumeQuote);
  return {
    eventType: 'ticker',
    exchange,
    symbol: s,
    time: E,
    price: c,
    open: amountOrZero(item.o),
    high: amountOrZero(item.h),
    low: amountOrZero(item.l),
    volume: amountOrZero(item.v),
    volumeQuote,
    bestBid: positiveOr(c, item.b),
    bestBidQnt: positiveOr(standInSize, item.B),
    bestAsk: positiveOr(c, item.a),
    bestAskQnt: positiveOr(standInSize, item.A),
    hasBook: isPositive(item.b) && isPositive(item.a) && isPositive(item.B) && isPositive(item.A),
  };
}

function amountOrZero(value: unknown): string {
  return isAmount(value) ? value : '0';
}

function topicOfTicker({ e, s }: Unproven<TickerWire>): Topic {
  const symbol = isSymbol(s) ? s : '';
  return e === MINI_TICKER ? miniTickerTopic(symbol) : tickerTopic(symbol);
}

// ---------------------------------------------------------------------------- candles

function decodeKline(
  { E, k }: Unproven<KlineEventWire>,
  topic: Topic | undefined,
  { exchange }: MarketDescriptor,
): Decoded<MarketEvent> {
  const candle = isObject(k) && isTime(E) ? toCandle(k, E, exchange) : undefined;
  if (candle === undefined) return unknown('malformed candle');
  return {
    kind: 'events',
    topics: [topic ?? klineTopic(candle.symbol, candle.interval)],
    // A bar without a trade since the listing has zero prices: life, but no candle.
    events: hasPrices(candle) ? [candle] : [],
  };
}

function toCandle(k: Unproven<KlineWire>, time: number, exchange: string): Candle | undefined {
  const { s, i, t, x } = k;
  if (!isSymbol(s) || typeof i !== 'string' || !isInterval(i)) return undefined;
  if (!isTime(t) || typeof x !== 'boolean' || !hasBar(k)) return undefined;
  const { o, h, l, c, v } = k;
  return {
    eventType: 'candle',
    exchange,
    symbol: s,
    interval: i,
    start: t,
    open: o,
    high: h,
    low: l,
    close: c,
    volume: v,
    closed: x,
    time,
  };
}

type Bar = Pick<KlineWire, 'o' | 'h' | 'l' | 'c' | 'v'>;

function hasBar(k: Unproven<KlineWire>): k is Unproven<KlineWire> & Bar {
  return isAmount(k.o) && isAmount(k.h) && isAmount(k.l) && isAmount(k.c) && isAmount(k.v);
}

function hasPrices({ open, high, low, close }: Candle): boolean {
  return isPositive(open) && isPositive(high) && isPositive(low) && isPositive(close);
}

function unknown(note: string): Decoded<MarketEvent> {
  return { kind: 'unknown', note };
}
