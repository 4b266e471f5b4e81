import type { Clock, Timer } from '../../domain/time';
import type { LoadOptions, LoadRun, MarketModel, SimCandle } from '../kit';
import { startLoad } from '../kit';
import type { Numbered } from './frames';
import { candlesFrame, heartbeatFrame, tickerFrame, tickerRow, tradesFrame } from './frames';
import { canonicalId } from './products';
import type { PublicSession } from './session';

export interface FeedOptions {
  /** Real ms between two tickers of a product; the venue: on each trade. */
  readonly tickerMs: number;
  /** Real ms between two frames of a forming bucket; the venue: about 1 s. */
  readonly candleMs: number;
  /** Real ms between two batches of trades; the venue: 250. */
  readonly tradesMs: number;
  /** Real ms between two heartbeats; the venue: 1 s. */
  readonly heartbeatMs: number;
}

const SECOND = 1_000;
/** Buckets of a candle snapshot, and seconds of a trade snapshot. */
const SNAPSHOT_BUCKETS = 5;
const SNAPSHOT_SECONDS = 50;
const MOST_SECONDS = 1_000;
/** Every second time the last row of a bucket shares its frame with the first of the next. */
const SHARED_BOUNDARY = 2;

/** What the public channels send. */
export class Feed {
  private readonly sessions = new Set<PublicSession>();
  private readonly timers: Timer[] = [];
  /** Open time of the last second whose trades went out, per product that somebody hears. */
  private readonly tradedTo = new Map<string, number>();
  /** Closed buckets that wait for the next frame of their product. */
  private readonly held = new Map<string, SimCandle>();
  private beats = 21_697;

  constructor(
    private readonly model: MarketModel,
    private readonly clock: Clock,
    { tickerMs, candleMs, tradesMs, heartbeatMs }: FeedOptions,
  ) {
    this.timers.push(
      clock.every(tickerMs, () => this.sendTickers()),
      clock.every(candleMs, () => this.sendCandles()),
      clock.every(tradesMs, () => this.sendTrades()),
      clock.every(heartbeatMs, () => this.sendHeartbeats()),
    );
    model.onClosed((candle) => this.sendClosed(candle));
  }

  stop(): void {
    for (const timer of this.timers) this.clock.cancel(timer);
    this.model.stop();
  }

  now(): number {
    return this.model.now();
  }

  join(session: PublicSession): void {
    this.sessions.add(session);
  }

  leave(session: PublicSession): void {
    this.sessions.delete(session);
  }

  /** The product whose data an id stands for; undefined where there is none. */
  resolve(id: string): string | undefined {
    if (this.model.symbol(id)) return id;
    const book = canonicalId(id);
    return this.model.symbol(book) ? book : undefined;
  }

  /** The snapshot of a new subscription. */
  greet(session: PublicSession, channel: string, product: string): void {
    const now = this.now();
    if (channel === 'ticker') {
      return session.send(tickerFrame(tickerRow(this.model.ticker(product)), now, 'snapshot'));
    }
    if (channel === 'candles') {
      this.model.watch(product, '5m');
      const bars = this.model.history(product, '5m', { limit: SNAPSHOT_BUCKETS });
      return session.send(candlesFrame(bars, now, 'snapshot'));
    }
    this.model.watch(product, '1m');
    const to = this.tradedTo.get(product) ?? Math.floor(now / SECOND) * SECOND;
    this.tradedTo.set(product, to);
    const seconds = this.model.history(product, '1s', { to, limit: SNAPSHOT_SECONDS });
    session.send(tradesFrame(seconds, now, 'snapshot'));
  }

  /** Makes every client miss frames; the number of clients. */
  skip(count: number): number {
    for (const session of this.sessions) session.skip(count);
    return this.sessions.size;
  }

  /** One ticker per frame, as the venue does, at a fixed rate. */
  load(options: LoadOptions): LoadRun {
    let round: readonly { readonly product: string; readonly row: object }[] = [];
    let at = 0;
    return startLoad(this.clock, { ...options, tickersPerFrame: 1 }, () => {
      if (at >= round.length) {
        round = this.heard('ticker').map((product) => ({
          product,
          row: tickerRow(this.model.ticker(product)),
        }));
        at = 0;
      }
      const next = round[at];
      at += 1;
      if (next) this.publish('ticker', next.product, tickerFrame(next.row, this.clock.now(), 'update'));
    });
  }

  private sendTickers(): void {
    for (const product of this.heard('ticker')) {
      const row = tickerRow(this.model.ticker(product));
      this.publish('ticker', product, tickerFrame(row, this.now(), 'update'));
    }
  }

  private sendCandles(): void {
    for (const product of this.heard('candles')) {
      const former = this.held.get(product);
      this.held.delete(product);
      const forming = this.model.candle(product, '5m');
      const bars = former ? [former, forming] : [forming];
      this.publish('candles', product, candlesFrame(bars, this.now(), 'update'));
    }
  }

  /** The last row of a bucket; that it is the last, the venue does not tell. */
  private sendClosed(candle: SimCandle): void {
    if (candle.interval !== '5m') return;
    const { symbol, start, end } = candle;
    const former = this.held.get(symbol);
    this.held.delete(symbol);
    const isShared = (start / (end - start)) % SHARED_BOUNDARY === 0;
    if (isShared && !former) this.held.set(symbol, candle);
    else {
      const bars = former ? [former, candle] : [candle];
      this.publish('candles', symbol, candlesFrame(bars, this.now(), 'update'));
    }
  }

  private sendTrades(): void {
    const heard = this.heard('market_trades');
    for (const product of this.tradedTo.keys()) if (!heard.includes(product)) this.tradedTo.delete(product);
    const now = this.now();
    for (const product of heard) {
      const from = (this.tradedTo.get(product) ?? now) + SECOND;
      const seconds = this.model.history(product, '1s', { from, to: now, limit: MOST_SECONDS });
      const last = seconds.at(-1);
      if (!last) continue;
      this.tradedTo.set(product, last.start);
      this.publish('market_trades', product, tradesFrame(seconds, now, 'update'));
    }
  }

  /** Trades first: under time warp, much may have happened since the last batch. */
  private sendHeartbeats(): void {
    this.sendTrades();
    this.beats += 1;
    const frame = heartbeatFrame(this.beats, this.now());
    for (const session of this.sessions) if (session.hearsHeartbeats) session.send(frame);
  }

  private publish(channel: string, product: string, frame: Numbered): void {
    for (const session of this.sessions) if (session.hears(channel, product)) session.send(frame);
  }

  private heard(channel: string): readonly string[] {
    return [...new Set([...this.sessions].flatMap((session) => session.productsOf(channel)))];
  }
}
