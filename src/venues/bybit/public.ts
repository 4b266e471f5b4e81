import { isPositive } from '../../domain/decimal';
import type { Candle, MarketEvent } from '../../domain/events';
import type { Instrument } from '../../domain/instrument';
import type { Interval } from '../../domain/interval';
import type { Codec, DecodeContext, Decoded, Topic } from '../contract';
import { decodeAnswer } from './answers';
import { intervalOf } from './intervals';
import type { MergedTicker } from './tickers';
import { blankTicker, clearTicker, isAmount, mergeTicker, tickerEvent } from './tickers';
import type { AnswerFrame, Frame, KlineFrame, KlineRow, TickerFields, TickerFrame } from './wire';

/**
 * State of one connection: the merged ticker per topic. Bounded by the instruments, as only listed
 * symbols enter it.
 */
export type PublicState = Map<Topic, MergedTicker>;

type Context = DecodeContext<PublicState>;

export const TICKER_PREFIX = 'tickers.';
export const KLINE_PREFIX = 'kline.';

export const publicCodec: Codec<MarketEvent, PublicState> = {
  begin: () => new Map(),
  decode,
};

function decode(text: string, context: Context): Decoded<MarketEvent> {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return unknown('not JSON');
  }
  if (!isObject(frame)) return unknown('not an object');
  const { topic } = frame as Frame;
  if (typeof topic !== 'string') return decodeAnswer(frame as AnswerFrame);
  if (topic.startsWith(TICKER_PREFIX)) return decodeTicker(topic, frame as TickerFrame, context);
  if (topic.startsWith(KLINE_PREFIX)) return decodeKline(topic, frame as KlineFrame, context);
  return unknown('a topic that was not asked for');
}

// ---------------------------------------------------------------------------- tickers

function decodeTicker(topic: Topic, frame: TickerFrame, context: Context): Decoded<MarketEvent> {
  const { ts, data } = frame;
  if (!isTime(ts)) return unknown('ticker without a time');
  if (!isObject(data)) return unknown('ticker without data');
  const merged = tickerToMerge(topic, frame.type, context);
  if (typeof merged === 'string') return unknown(merged);
  const isPublished = mergeTicker(merged, data as TickerFields) || frame.type === 'snapshot';
  const event = isPublished ? tickerEvent(merged, context.market, ts) : undefined;
  return { kind: 'events', topics: merged.topics, events: event ? [event] : NONE };
}

const NONE: readonly MarketEvent[] = [];

/** The ticker that the frame adds to, or a note why there is none. */
function tickerToMerge(topic: Topic, type: unknown, { state, instruments }: Context): MergedTicker | string {
  const known = state.get(topic);
  if (type === 'delta') return known ?? 'delta without its snapshot';
  if (type !== 'snapshot') return 'ticker of an unknown type';
  if (known) {
    clearTicker(known);
    return known;
  }
  const instrument = instruments.byVenueSymbol(topic.slice(TICKER_PREFIX.length));
  if (!instrument) return 'ticker of an unlisted symbol';
  const blank = blankTicker(topic, instrument.symbol);
  state.set(topic, blank);
  return blank;
}

// ---------------------------------------------------------------------------- candles

interface Bar {
  readonly instrument: Instrument;
  readonly interval: Interval;
  readonly time: number;
}

function decodeKline(topic: Topic, { ts, data }: KlineFrame, context: Context): Decoded<MarketEvent> {
  if (!isTime(ts)) return unknown('kline without a time');
  if (!Array.isArray(data)) return unknown('kline without rows');
  const bar = barOf(topic, ts, context);
  if (typeof bar === 'string') return unknown(bar);
  const events: Candle[] = [];
  let malformed = 0;
  // At a boundary one frame may hold the closed bar and the next one.
  for (const row of data as readonly unknown[]) {
    const candle = candleEvent(row, bar, context.market.exchange);
    if (candle === undefined) malformed += 1;
    // A bar of a symbol that has not traded yet has zero prices: life, but no candle.
    else if (hasPrices(candle)) events.push(candle);
  }
  if (events.length === 0 && malformed > 0) return unknown('malformed kline');
  return { kind: 'events', topics: [topic], events };
}

/** The rows name no symbol: the topic does. Symbols may hold dashes, never dots. */
function barOf(topic: Topic, time: number, { instruments }: Context): Bar | string {
  const dot = topic.indexOf('.', KLINE_PREFIX.length);
  const interval = dot < 0 ? undefined : intervalOf(topic.slice(KLINE_PREFIX.length, dot));
  if (interval === undefined) return 'kline of an unknown interval';
  const instrument = instruments.byVenueSymbol(topic.slice(dot + 1));
  return instrument ? { instrument, interval, time } : 'kline of an unlisted symbol';
}

function candleEvent(
  row: unknown,
  { instrument, interval, time }: Bar,
  exchange: string,
): Candle | undefined {
  if (!isObject(row)) return undefined;
  const { start, open, high, low, close, volume, confirm } = row as KlineRow;
  if (!isTime(start) || typeof confirm !== 'boolean') return undefined;
  if (!isAmount(open) || !isAmount(high) || !isAmount(low) || !isAmount(close)) return undefined;
  if (!isAmount(volume)) return undefined;
  return {
    eventType: 'candle',
    exchange,
    symbol: instrument.symbol,
    interval,
    start,
    open,
    high,
    low,
    close,
    volume,
    closed: confirm,
    time,
  };
}

function hasPrices({ open, high, low, close }: Candle): boolean {
  return isPositive(open) && isPositive(high) && isPositive(low) && isPositive(close);
}

// ---------------------------------------------------------------------------- guards

function unknown(note: string): Decoded<MarketEvent> {
  return { kind: 'unknown', note };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
