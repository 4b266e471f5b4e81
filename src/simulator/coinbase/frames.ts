import type { SimCandle, SimTicker } from '../kit';
import candles from './__fixtures__/coinbase.candle.snapshot-update-rollover.json';
import session from './__fixtures__/coinbase.control.user-session.json';
import ticker from './__fixtures__/coinbase.ticker.update-recorded.json';

/** Frames as the venue spells them: recorded ones with the model's values. */

/** A frame that lacks nothing but its number on the connection. */
export type Numbered = (sequence: number) => string;

export type EventType = 'snapshot' | 'update';

interface RecordedEvent {
  readonly tickers?: readonly object[];
  readonly candles?: readonly object[];
}
interface RecordedFrame {
  readonly events: readonly object[];
}

const TICKER_ROW = first(firstEvent(ticker.frames).tickers ?? []);
const CANDLE_ROW = first(firstEvent(candles.frames).candles ?? []);
const HEARTBEAT = firstEvent(session.frames.slice(3));
const NO_POSITIONS = { perpetual_futures_positions: [], expiring_futures_positions: [] };

/** Recorded frames of public channels of 2026 have no `client_id`. */
export function frame(channel: string, now: number, events: readonly object[], more = ''): Numbered {
  const head = `{"channel":"${channel}",${more}"timestamp":"${timestamp(now)}","sequence_num":`;
  const tail = `,"events":${JSON.stringify(events)}}`;
  return (sequence) => `${head}${sequence}${tail}`;
}

export function tickerFrame(row: object, now: number, type: EventType): Numbered {
  return frame('ticker', now, [{ type, tickers: [row] }]);
}

export function tickerRow(value: SimTicker): object {
  return {
    ...TICKER_ROW,
    product_id: value.symbol,
    price: value.last,
    volume_24_h: value.volume,
    low_24_h: value.low,
    high_24_h: value.high,
    low_52_w: value.low,
    high_52_w: value.high,
    price_percent_chg_24_h: value.changePercent,
    best_bid: value.bid,
    best_ask: value.ask,
    best_bid_quantity: value.bidQuantity,
    best_ask_quantity: value.askQuantity,
  };
}

/** Rows in no promised order: here the newest comes first. */
export function candlesFrame(bars: readonly SimCandle[], now: number, type: EventType): Numbered {
  const rows = bars.map((bar) => ({ ...CANDLE_ROW, ...candleRow(bar), product_id: bar.symbol })).reverse();
  return frame('candles', now, [{ type, candles: rows }]);
}

/** As REST spells it; the stream adds the product. */
export function candleRow({ start, high, low, open, close, volume }: SimCandle): object {
  return { start: String(start / 1_000), low, high, open, close, volume };
}

/** One second of trades: what takers bought, and what they sold; newest first. */
export function tradesFrame(seconds: readonly SimCandle[], now: number, type: EventType): Numbered {
  return frame('market_trades', now, [{ type, trades: seconds.flatMap(tradesOf).reverse() }]);
}

function tradesOf({ symbol, start, close: price, volume, takerVolume }: SimCandle): readonly object[] {
  const id = (start / 1_000) * 2;
  const shared = { product_id: symbol, price, time: timestamp(start) };
  const sold = String(BigInt(volume) - BigInt(takerVolume));
  return [
    { trade_id: String(id), ...shared, size: takerVolume, side: 'SELL' },
    { trade_id: String(id + 1), ...shared, size: sold, side: 'BUY' },
  ].filter(({ size }) => size !== '0');
}

/** Frames of the user channel still have a `client_id`, always empty. */
export function userFrame(orders: readonly object[], now: number, type: EventType): Numbered {
  return frame('user', now, [{ type, orders, positions: NO_POSITIONS }], '"client_id":"",');
}

export function heartbeatFrame(counter: number, now: number): Numbered {
  const [date = '', time = ''] = timestamp(now).slice(0, -1).split('T');
  const current_time = `${date} ${time} +0000 UTC m=+${counter}.195984854`;
  return frame('heartbeats', now, [{ ...HEARTBEAT, current_time, heartbeat_counter: counter }]);
}

export function ackFrame(subscriptions: Readonly<Record<string, readonly string[]>>, now: number): Numbered {
  return frame('subscriptions', now, [{ subscriptions }]);
}

/** Without channel, without number. */
export function errorFrame(message: string): object {
  return { type: 'error', message };
}

/** RFC 3339 with nanoseconds. */
function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}813533Z`;
}

function firstEvent(frames: readonly RecordedFrame[]): RecordedEvent {
  return first(first(frames).events);
}

function first<T>(list: readonly T[]): T {
  const [head] = list;
  if (head === undefined) throw new Error('a template without frames');
  return head;
}
