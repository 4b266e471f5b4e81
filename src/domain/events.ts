import type { ExchangeId } from './exchange';
import type { Interval } from './interval';

/**
 * 24 h ticker of one symbol. All amounts are the venue's own decimal texts.
 * `time` is the venue's event time (epoch ms).
 */
export interface Ticker {
  readonly eventType: 'ticker';
  readonly exchange: ExchangeId;
  readonly symbol: string;
  readonly time: number;
  readonly price: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  /** Base volume (venue's unit, see the venue's codec) and quote volume of the last 24 h. */
  readonly volume: string;
  readonly volumeQuote: string;
  readonly bestBid: string;
  readonly bestBidQnt: string;
  readonly bestAsk: string;
  readonly bestAskQnt: string;
  /** False: the venue's ticker has no book; the four `best*` fields are stand-ins. */
  readonly hasBook: boolean;
}

/** OHLCV bar. `start` is the open time (epoch ms, UTC); amounts are the venue's decimal texts. */
export interface Candle {
  readonly eventType: 'candle';
  readonly exchange: ExchangeId;
  readonly symbol: string;
  readonly interval: Interval;
  readonly start: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  /** True once per bar: no later frame changes it. */
  readonly closed: boolean;
  /** Venue's event time (epoch ms); for bars told by REST, the bar's end. */
  readonly time: number;
}

export type MarketEvent = Ticker | Candle;
