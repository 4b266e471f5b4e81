import { INTERVALS, type Interval } from '../../domain/interval';
import type { MarketModel, SimCandle, SimConnection, SimOrigin, SimTicker } from '../kit';
import { fullTicker, klineEvent, miniTicker } from './frames';
import type { BinanceMarket } from './venue';

/** A market and the model behind it. */
export interface Listing {
  readonly market: BinanceMarket;
  readonly model: MarketModel;
}

interface Kline {
  readonly symbol: string;
  readonly interval: Interval;
  /** What went out last: the venue repeats nothing. */
  lastTradeId: number;
}

type TickerShape = (market: BinanceMarket, ticker: SimTicker, eventTime: number) => object;

const ARRAYS: Readonly<Record<string, TickerShape>> = {
  '!miniTicker@arr': miniTicker,
  '!ticker@arr': fullTicker,
};
const SINGLES: Readonly<Record<string, TickerShape>> = { miniTicker, ticker: fullTicker };

/** The data of one stream host: who may hear which stream, and what goes out when. */
export class Streams {
  private readonly symbols = new Map<string, string>();
  private readonly klines = new Map<string, Kline>();
  private readonly lastSent = new Map<string, string>();

  constructor(
    private readonly own: Listing,
    /** Whose tickers the all-market arrays carry: since 2026-06-30 both futures products. */
    private readonly merged: readonly Listing[],
    private readonly origin: () => SimOrigin,
  ) {
    for (const { symbol } of own.model.symbols) this.symbols.set(symbol.toLowerCase(), symbol);
    own.model.onClosed((candle) => this.pushKline(candle));
  }

  /** True when the stream exists, so that data will come; unknown ones are silent. */
  prepare(stream: string): boolean {
    if (stream in ARRAYS) return this.own.market.arrays.some((name) => name === stream);
    const [name = '', kind = ''] = splitStream(stream);
    const symbol = this.symbols.get(name);
    if (symbol === undefined) return false;
    return kind in SINGLES || this.prepareKline(stream, symbol, kind);
  }

  /** Venue time, epoch ms. */
  now(): number {
    return this.own.model.now();
  }

  /** Every second: array and single-symbol tickers. */
  pushTickers(): void {
    const origin = this.origin();
    for (const [stream, shape] of Object.entries(ARRAYS)) {
      if (origin.hasListeners(stream)) this.pushArray(stream, shape);
    }
    for (const stream of origin.topics()) {
      const [name = '', kind = ''] = splitStream(stream);
      const shape = SINGLES[kind];
      const symbol = this.symbols.get(name);
      if (shape && symbol !== undefined) this.pushSingle(stream, symbol, shape);
    }
  }

  /** Every `klinePushMs`: forming bars that changed. */
  pushKlines(): void {
    for (const [stream, kline] of this.klines) {
      if (!this.origin().hasListeners(stream)) continue;
      const candle = this.own.model.candle(kline.symbol, kline.interval);
      if (candle.lastTradeId === kline.lastTradeId) continue;
      kline.lastTradeId = candle.lastTradeId;
      this.publish(stream, klineEvent(this.own.market, candle, this.own.model.now()));
    }
  }

  private prepareKline(stream: string, symbol: string, kind: string): boolean {
    const interval = INTERVALS.find((one) => kind === `kline_${one}`);
    if (!interval || (interval === '1s' && this.own.market.exchange !== 'binance')) return false;
    this.own.model.watch(symbol, interval);
    if (!this.klines.has(stream)) this.klines.set(stream, { symbol, interval, lastTradeId: -1 });
    return true;
  }

  private pushKline(closed: SimCandle): void {
    const stream = `${closed.symbol.toLowerCase()}@kline_${closed.interval}`;
    this.publish(stream, klineEvent(this.own.market, closed, this.own.model.now()));
  }

  /** Only symbols whose price moved since the last array. */
  private pushArray(stream: string, shape: TickerShape): void {
    const items = this.merged.flatMap(({ market, model }) => {
      const now = model.now();
      return model.symbols
        .map(({ symbol }) => model.ticker(symbol))
        .filter((ticker) => this.hasMoved(`${stream} ${market.exchange}`, ticker))
        .map((ticker) => shape(market, ticker, now));
    });
    if (items.length > 0) this.publish(stream, items);
  }

  private hasMoved(scope: string, { symbol, last }: SimTicker): boolean {
    const key = `${scope} ${symbol}`;
    const hasMoved = this.lastSent.get(key) !== last;
    this.lastSent.set(key, last);
    return hasMoved;
  }

  private pushSingle(stream: string, symbol: string, shape: TickerShape): void {
    const { market, model } = this.own;
    this.publish(stream, shape(market, model.ticker(symbol), model.now()));
  }

  private publish(stream: string, data: object): void {
    publishBoth(this.origin(), stream, JSON.stringify(data));
  }
}

/** Each listener gets the form of its path: `/ws` bare, `/stream` in an envelope. */
export function publishBoth(origin: SimOrigin, stream: string, data: string): void {
  const combined = `{"stream":${JSON.stringify(stream)},"data":${data}}`;
  origin.publish(stream, (connection) => (isCombined(connection) ? combined : data));
}

export function isCombined({ handshake }: SimConnection): boolean {
  return handshake.path.endsWith('/stream');
}

/** `btcusdt@kline_1m` -> `btcusdt`, `kline_1m`. */
function splitStream(stream: string): readonly string[] {
  return stream.split('@', 2);
}
