import { isPositive } from '../../domain/decimal';
import type { MarketEvent, Ticker } from '../../domain/events';
import type { MarketKind } from '../../domain/exchange';
import type { Interval } from '../../domain/interval';
import type { Codec, DecodeContext, Decoded, Topic } from '../contract';
import { decodeAnswer } from './answers';
import { barsOf, OpenBars } from './candles';
import { epochMs, isAmount, isObject } from './fields';
import { intervalOfChannel } from './intervals';
import { isOfMarket, TICKER, topicOf } from './topics';
import type { AnswerWire, ArgWire, FrameWire, TickerWire, Unproven } from './wire';

/** State of one connection: the forming bar per candle topic. Only listed symbols enter it. */
export type PublicState = OpenBars;

type Context = DecodeContext<PublicState>;
/** Why a row gave no event. `priceless` is life without a price: no fault. */
type Shortfall = 'priceless' | 'unlisted' | 'malformed';

/** The answer to our text frame `ping`; not JSON. */
const PONG = 'pong';

export const publicCodec: Codec<MarketEvent, PublicState> = { begin: () => new OpenBars(), decode };

function decode(text: string, context: Context): Decoded<MarketEvent> {
  if (text === PONG) return { kind: 'pong' };
  const parsed = parse(text);
  const decoded = isObject(parsed) ? decodeFrame(parsed, context) : unknown('not a JSON object');
  if (decoded.kind === 'unknown') doubt(parsed, context.state);
  return decoded;
}

/** Answers hold no rows; whatever else could not be read may have been the last word on a bar. */
function doubt(frame: unknown, state: PublicState): void {
  if (!isObject(frame)) return state.distrust(undefined);
  const { arg, event } = frame as Unproven<FrameWire & AnswerWire>;
  if (typeof event === 'string') return;
  const { channel, instType, instId } = (isObject(arg) ? arg : {}) as Unproven<ArgWire>;
  const isNamed = typeof channel === 'string' && typeof instType === 'string' && typeof instId === 'string';
  state.distrust(isNamed ? topicOf(channel, instType, instId) : undefined);
}

function decodeFrame(parsed: object, context: Context): Decoded<MarketEvent> {
  const frame = parsed as Unproven<FrameWire>;
  if (!Array.isArray(frame.data)) return decodeAnswer(parsed as Unproven<AnswerWire>);
  const arg = argOfMarket(frame.arg, context.market.kind);
  if (typeof arg === 'string') return unknown(arg);
  const topic = topicOf(arg.channel, arg.instType, arg.instId);
  if (arg.channel === TICKER) return decodeTickers(topic, frame.data, frame.ts, context);
  const interval = intervalOfChannel(arg.channel);
  if (interval === undefined) return unknown('data of a channel that was not asked for');
  return decodeCandles(topic, arg.instId, interval, frame, context);
}

/** What the frame is about, or a note why that is not our business. */
function argOfMarket(arg: unknown, kind: MarketKind): ArgWire | string {
  if (!isObject(arg)) return 'data without arg';
  const { instType, channel, instId } = arg as Unproven<ArgWire>;
  if (typeof channel !== 'string' || typeof instType !== 'string' || typeof instId !== 'string') {
    return 'data of no topic';
  }
  return isOfMarket(instType, kind) ? (arg as ArgWire) : 'data of another market';
}

/** No key that we read exists on `Object.prototype`, so only own properties are ever seen. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // told apart from every JSON value, and answered with `unknown`
  }
}

// ---------------------------------------------------------------------------- tickers

/** Always an array of one so far; all of it is read. */
function decodeTickers(
  topic: Topic,
  rows: readonly unknown[],
  frameTs: unknown,
  context: Context,
): Decoded<MarketEvent> {
  const events: Ticker[] = [];
  let fault: Shortfall | undefined;
  for (const row of rows) {
    const ticker = toTicker(row, frameTs, context);
    if (typeof ticker === 'object') events.push(ticker);
    else if (ticker !== 'priceless') fault = ticker;
  }
  if (events.length === 0 && fault !== undefined) return unknown(`ticker: ${fault}`);
  return { kind: 'events', topics: [topic], events };
}

function toTicker(row: unknown, frameTs: unknown, { market, instruments }: Context): Ticker | Shortfall {
  if (!isObject(row)) return 'malformed';
  const wire = row as Unproven<TickerWire>;
  const { instId, lastPr } = wire;
  const time = epochMs(wire.ts) ?? epochMs(frameTs);
  if (time === undefined || typeof instId !== 'string') return 'malformed';
  const instrument = instruments.byVenueSymbol(instId);
  if (instrument === undefined) return 'unlisted';
  if (isPositive(lastPr)) return tickerOf(wire, lastPr, time, market.exchange, instrument.symbol);
  // A listing that has not traded yet.
  return isBlank(lastPr) || isAmount(lastPr) ? 'priceless' : 'malformed';
}

function tickerOf(
  wire: Unproven<TickerWire>,
  price: string,
  time: number,
  exchange: string,
  symbol: string,
): Ticker {
  const { bidPr, bidSz, askPr, askSz } = wire;
  const volume = amountOr('0', wire.baseVolume);
  // Illiquid pairs show "0" on a side. The last price stands in for it, with the day's volume as size:
  // paper fills need one above 0.
  const standInSize = isPositive(volume) ? volume : '1';
  const hasBid = isPositive(bidPr) && isPositive(bidSz);
  const hasAsk = isPositive(askPr) && isPositive(askSz);
  return {
    eventType: 'ticker',
    exchange,
    symbol,
    time,
    price,
    open: amountOr(price, wire.open24h),
    high: amountOr(price, wire.high24h),
    low: amountOr(price, wire.low24h),
    volume,
    volumeQuote: amountOr('0', wire.quoteVolume),
    bestBid: hasBid ? bidPr : price,
    bestBidQnt: hasBid ? bidSz : standInSize,
    bestAsk: hasAsk ? askPr : price,
    bestAskQnt: hasAsk ? askSz : standInSize,
    hasBook: hasBid && hasAsk,
  };
}

/** A good price is not lost for the sake of the day's statistics, which nobody trades by. */
function amountOr(standIn: string, value: unknown): string {
  return isAmount(value) ? value : standIn;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

// ---------------------------------------------------------------------------- candles

function decodeCandles(
  topic: Topic,
  instId: string,
  interval: Interval,
  { action, data, ts }: Unproven<FrameWire>,
  { state, market, instruments }: Context,
): Decoded<MarketEvent> {
  const instrument = instruments.byVenueSymbol(instId);
  if (instrument === undefined) return unknown('candle: unlisted');
  const time = epochMs(ts);
  if (time === undefined) return unknown('candle: no time');
  const bars = barsOf(state, data as readonly unknown[], {
    topic,
    exchange: market.exchange,
    symbol: instrument.symbol,
    interval,
    time,
    isSnapshot: action === 'snapshot',
  });
  return bars === undefined
    ? unknown('candle: malformed')
    : { kind: 'events', topics: [topic], events: bars };
}

function unknown(note: string): Decoded<MarketEvent> {
  return { kind: 'unknown', note };
}
