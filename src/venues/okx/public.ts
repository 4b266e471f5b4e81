import { isPositive } from '../../domain/decimal';
import type { Candle, MarketEvent, Ticker } from '../../domain/events';
import { nextBarStart, type Interval } from '../../domain/interval';
import type { Codec, DecodeContext, Decoded } from '../contract';
import { decodeAnswer } from './answers';
import { epochMs, isAmount, isObject } from './fields';
import { intervalOfChannel } from './intervals';
import { TICKERS, topicOf } from './topics';
import type { AnswerWire, ArgWire, FrameWire, TickerWire, Unproven } from './wire';

type Context = DecodeContext<null>;
/** Why a well-formed frame gave no event. `priceless` is life without a price: no fault. */
type Shortfall = 'priceless' | 'unlisted' | 'malformed';

/** The answer to our text frame `ping`; not JSON. */
const PONG = 'pong';
const CLOSED = '1';

/** Every frame stands alone: OKX sends whole tickers and says itself when a bar is closed. */
export const publicCodec: Codec<MarketEvent, null> = { begin: () => null, decode };

function decode(frame: string, context: Context): Decoded<MarketEvent> {
  if (frame === PONG) return { kind: 'pong' };
  const parsed = parse(frame);
  if (!isObject(parsed)) return unknown('not a JSON object');
  const { arg, data } = parsed as Unproven<FrameWire>;
  if (!Array.isArray(data)) return decodeAnswer(parsed as Unproven<AnswerWire>);
  if (!isObject(arg)) return unknown('data without arg');
  const { channel, instId } = arg as Unproven<ArgWire>;
  if (typeof channel !== 'string' || typeof instId !== 'string') return unknown('data of no topic');
  if (channel === TICKERS) return decodeTickers(instId, data, context);
  const interval = intervalOfChannel(channel);
  if (interval === undefined) return unknown('data of a channel that was not asked for');
  return decodeCandles(instId, channel, interval, data, context);
}

/** No key that we read exists on `Object.prototype`, so only own properties are ever seen. */
function parse(frame: string): unknown {
  try {
    return JSON.parse(frame) as unknown;
  } catch {
    return undefined; // told apart from every JSON value, and answered with `unknown`
  }
}

// ---------------------------------------------------------------------------- tickers

function decodeTickers(argInstId: string, rows: readonly unknown[], context: Context): Decoded<MarketEvent> {
  const events: Ticker[] = [];
  let fault: Shortfall | undefined;
  for (const row of rows) {
    const ticker = toTicker(row, context);
    if (typeof ticker === 'object') events.push(ticker);
    else if (ticker !== 'priceless') fault = ticker;
  }
  if (events.length === 0 && fault !== undefined) return unknown(`ticker: ${fault}`);
  return { kind: 'events', topics: [topicOf(TICKERS, argInstId)], events };
}

function toTicker(row: unknown, { market, instruments }: Context): Ticker | Shortfall {
  if (!isObject(row)) return 'malformed';
  const wire = row as Unproven<TickerWire>;
  const { instId, last } = wire;
  const time = epochMs(wire.ts);
  if (time === undefined || typeof instId !== 'string') return 'malformed';
  // Linear and inverse swaps share `instType`: the market's own list keeps them apart.
  const instrument = instruments.byVenueSymbol(instId);
  if (instrument === undefined) return 'unlisted';
  if (isPositive(last)) return tickerOf(wire, last, time, market.exchange, instrument.symbol);
  // A listing that has not opened yet.
  return last === '' || isAmount(last) ? 'priceless' : 'malformed';
}

function tickerOf(
  wire: Unproven<TickerWire>,
  last: string,
  time: number,
  exchange: string,
  symbol: string,
): Ticker {
  const { bidPx, bidSz, askPx, askSz } = wire;
  // A side of the book may be empty. The last price stands in, with the size of the last trade.
  const lastSize = positiveOr('1', wire.lastSz);
  return {
    eventType: 'ticker',
    exchange,
    symbol,
    time,
    price: last,
    open: amountOrZero(wire.open24h),
    high: amountOrZero(wire.high24h),
    low: amountOrZero(wire.low24h),
    volume: amountOrZero(wire.vol24h),
    volumeQuote: amountOrZero(wire.volCcy24h),
    bestBid: positiveOr(last, bidPx),
    bestBidQnt: positiveOr(lastSize, bidSz),
    bestAsk: positiveOr(last, askPx),
    bestAskQnt: positiveOr(lastSize, askSz),
    hasBook: isPositive(bidPx) && isPositive(bidSz) && isPositive(askPx) && isPositive(askSz),
  };
}

/** A good price is not lost for the sake of the day's statistics, which nobody trades by. */
function amountOrZero(value: unknown): string {
  return isAmount(value) ? value : '0';
}

function positiveOr(standIn: string, value: unknown): string {
  return isPositive(value) ? value : standIn;
}

// ---------------------------------------------------------------------------- candles

function decodeCandles(
  instId: string,
  channel: string,
  interval: Interval,
  rows: readonly unknown[],
  context: Context,
): Decoded<MarketEvent> {
  const instrument = context.instruments.byVenueSymbol(instId);
  if (instrument === undefined) return unknown('candle: unlisted');
  const events: Candle[] = [];
  for (const row of rows) {
    const candle = toCandle(row, interval, instrument.symbol, context);
    if (candle !== undefined) events.push(candle);
  }
  if (events.length === 0 && rows.length > 0) return unknown('candle: malformed');
  return { kind: 'events', topics: [topicOf(channel, instId)], events };
}

function toCandle(
  row: unknown,
  interval: Interval,
  symbol: string,
  { market, receivedAt }: Context,
): Candle | undefined {
  if (!Array.isArray(row)) return undefined;
  // Columns of CandleWire.
  const [ts, open, high, low, close, volume, , , confirm] = row as readonly unknown[];
  const start = epochMs(ts);
  if (start === undefined || !isAmount(volume)) return undefined;
  if (!isPositive(open) || !isPositive(high) || !isPositive(low) || !isPositive(close)) return undefined;
  const end = nextBarStart(interval, start);
  const closed = confirm === CLOSED; // frames of old have no such column, and no closed bars
  return {
    eventType: 'candle',
    exchange: market.exchange,
    symbol,
    interval,
    start,
    open,
    high,
    low,
    close,
    volume,
    closed,
    // OKX tells no event time here: a closed bar ends at its end, an open one is as old as its frame.
    time: closed ? end : Math.min(Math.max(receivedAt, start), end),
  };
}

function unknown(note: string): Decoded<MarketEvent> {
  return { kind: 'unknown', note };
}
