import type { Clock, Timer } from '../../domain/time';
import { startLoad, type LoadOptions, type LoadRun, type SimCandle, type SimConnection } from '../kit';
import type { MarketModel, SimOrigin } from '../kit';
import { argOf, channelOfInterval, intervalOfChannel, isSilentChannel, TICKER, topicOf } from './channels';
import type { Arg } from './channels';
import { candleFrame, tickerFrame, tickerParts } from './frames';
import type { Listing } from './listings';
import type { Channels } from './session';

export interface Listed {
  readonly listing: Listing;
  readonly model: MarketModel;
}

export interface FeedOptions {
  /** Every subscribed ticker that moved is pushed once in this time. Documented: 300 to 400 ms. */
  readonly tickerEveryMs: number;
  /** Forming bars, while there are trades. Documented: 500 ms to 1 s. */
  readonly candleEveryMs: number;
  /** Rows of the first frame of a candle topic. */
  readonly historyRows: number;
}

/** Tickers of one round are spread over so many moments, as no venue pushes them all at once. */
const SLICES = 4;
/** Every so many bars the last row of a bar shares its frame with the first row of the next. */
const SHARED_BOUNDARY = 4;

/** What the public URL sends: all product lines. */
export class PublicFeed implements Channels {
  private readonly byLine = new Map<string, Listed>();
  private readonly timers: readonly Timer[];
  private readonly unlisten: readonly (() => void)[];
  /** What went out last per topic: the venue repeats nothing. */
  private readonly lastTrade = new Map<string, number>();
  /** Closed bars that wait for the next frame of their topic. */
  private readonly held = new Map<string, SimCandle>();
  private slice = 0;

  constructor(
    private readonly listed: readonly Listed[],
    private readonly origin: () => SimOrigin,
    private readonly clock: Clock,
    private readonly options: FeedOptions,
  ) {
    for (const one of listed) this.byLine.set(lineKey(one.listing.instType, one.listing.spec.symbol), one);
    this.timers = [
      clock.every(options.tickerEveryMs / SLICES, () => this.pushTickers()),
      clock.every(options.candleEveryMs, () => this.pushFormingBars()),
    ];
    const models = [...new Set(listed.map(({ model }) => model))];
    this.unlisten = models.map((model) => model.onClosed((candle) => this.barClosed(model, candle)));
  }

  stop(): void {
    for (const timer of this.timers) this.clock.cancel(timer);
    for (const stop of this.unlisten) stop();
  }

  lookUp(arg: Arg): 'heard' | 'silent' | 'unknown' {
    if (!this.find(arg)) return 'unknown';
    if (arg.channel === TICKER || intervalOfChannel(arg.channel) !== undefined) return 'heard';
    return isSilentChannel(arg.channel) ? 'silent' : 'unknown';
  }

  /** Candle topics begin with history, the forming bar last; tickers with the next move. */
  begin(connection: SimConnection, arg: Arg): void {
    const interval = intervalOfChannel(arg.channel);
    const found = this.find(arg);
    if (interval === undefined || !found) return;
    const { model } = found;
    model.watch(arg.instId, interval);
    const forming = model.candle(arg.instId, interval);
    const query = { to: forming.start - 1, limit: this.options.historyRows - 1 };
    const rows = [...model.history(arg.instId, interval, query), forming];
    connection.push(candleFrame('snapshot', arg, rows, model.now()));
  }

  /** Ticker updates of one market at a fixed rate, over the subscribed symbols; times are the real time. */
  load(model: MarketModel, options: LoadOptions): LoadRun {
    const frames = this.listed
      .filter((one) => one.model === model)
      .map(({ listing }) => ({
        topic: tickerTopic(listing),
        parts: tickerParts(listing.instType, model.ticker(listing.spec.symbol)),
      }));
    let next = 0;
    return startLoad(this.clock, { ...options, tickersPerFrame: 1 }, () => {
      const now = this.clock.now();
      for (let tried = 0; tried < frames.length; tried += 1) {
        const frame = frames[next];
        next = (next + 1) % frames.length;
        if (!frame || !this.origin().hasListeners(frame.topic)) continue;
        const [head, middle] = frame.parts;
        this.origin().publish(frame.topic, `${head}${now}${middle}${now}}`);
        return;
      }
    });
  }

  // ------------------------------------------------------------------ tickers

  private pushTickers(): void {
    this.slice = (this.slice + 1) % SLICES;
    for (let at = this.slice; at < this.listed.length; at += SLICES) {
      const one = this.listed[at];
      if (one) this.pushTicker(one);
    }
  }

  private pushTicker({ listing, model }: Listed): void {
    const topic = tickerTopic(listing);
    if (!this.origin().hasListeners(topic)) return;
    const ticker = model.ticker(listing.spec.symbol);
    if (!this.isNews(topic, ticker.lastTradeId)) return;
    this.origin().publish(topic, tickerFrame(listing.instType, ticker, model.now()));
  }

  // ------------------------------------------------------------------ candles

  private pushFormingBars(): void {
    for (const topic of this.origin().topics()) {
      const arg = argOf(topic);
      const interval = intervalOfChannel(arg.channel);
      const found = this.find(arg);
      if (interval === undefined || !found) continue;
      const forming = found.model.candle(arg.instId, interval);
      const closed = this.takeHeld(topic);
      if (!this.isNews(topic, forming.lastTradeId) && !closed) continue;
      const rows = closed ? [closed, forming] : [forming];
      this.origin().publish(topic, candleFrame('update', arg, rows, found.model.now()));
    }
  }

  /** The last word on a bar; that it was the last, only the next bar tells. */
  private barClosed(model: MarketModel, candle: SimCandle): void {
    const channel = channelOfInterval(candle.interval);
    const found = this.listed.find((one) => one.model === model && one.listing.spec.symbol === candle.symbol);
    if (channel === undefined || !found) return;
    const arg = { instType: found.listing.instType, channel, instId: candle.symbol };
    const topic = topicOf(arg);
    if (!this.origin().hasListeners(topic)) return;
    const former = this.takeHeld(topic);
    const isShared = (candle.start / (candle.end - candle.start)) % SHARED_BOUNDARY === 0;
    if (isShared && !former) this.held.set(topic, candle);
    else {
      const rows = former ? [former, candle] : [candle];
      this.origin().publish(topic, candleFrame('update', arg, rows, model.now()));
    }
  }

  private takeHeld(topic: string): SimCandle | undefined {
    const candle = this.held.get(topic);
    this.held.delete(topic);
    return candle;
  }

  // ------------------------------------------------------------------ both

  private find({ instType, instId }: Arg): Listed | undefined {
    return this.byLine.get(lineKey(instType, instId));
  }

  private isNews(topic: string, lastTradeId: number): boolean {
    if (this.lastTrade.get(topic) === lastTradeId) return false;
    this.lastTrade.set(topic, lastTradeId);
    return true;
  }
}

function lineKey(instType: string, symbol: string): string {
  return `${instType} ${symbol}`;
}

function tickerTopic({ instType, spec }: Listing): string {
  return topicOf({ instType, channel: TICKER, instId: spec.symbol });
}
