import type { Clock } from '../../domain/time';
import type { LoadOptions, LoadRun, SimCandle } from '../kit';
import { startLoad } from '../kit';
import {
  candleFrame,
  futuresSnapshotFrame,
  futuresTickerFrame,
  futuresTickerV2Frame,
  spotSnapshotFrame,
  spotTickerFrame,
} from './frames';
import { typeOf } from './intervals';
import type { Listed, Side } from './side';
import { ALL } from './side';

export interface FeedPeriods {
  /** Every ticker moves once in this time (real ms). The venue: 100 ms at most. */
  readonly tickerMs: number;
  /** The venue: 2 s (spot), 5 s (futures). */
  readonly snapshotMs: number;
  /** Forming bars. The venue: about every second. */
  readonly candleMs: number;
}

/** Tickers of one round are spread over so many moments, as no venue pushes them all at once. */
const SLICES = 10;

/** What one host sends. */
export class Feed {
  private readonly stops: (() => void)[] = [];
  /** Start of the newest bar told, per candle topic. */
  private readonly told = new Map<string, number>();
  private slice = 0;

  constructor(
    private readonly side: Side,
    private readonly clock: Clock,
    { tickerMs, snapshotMs, candleMs }: FeedPeriods,
  ) {
    const timers = [
      clock.every(tickerMs / SLICES, () => this.sendTickers()),
      clock.every(snapshotMs, () => this.sendSnapshots()),
      clock.every(candleMs, () => this.sendForming()),
    ];
    const models = new Set([...side.listed.values()].map(({ model }) => model));
    this.stops.push(
      ...timers.map((timer) => () => clock.cancel(timer)),
      ...[...models].map((model) => model.onClosed((candle) => this.sendClosed(candle))),
    );
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  /** One ticker per frame, as the venue does, at a fixed rate; event times are of the real clock. */
  load(exchange: string, options: LoadOptions): LoadRun {
    const frames = [...this.side.listed.values()]
      .filter((one) => one.exchange === exchange)
      .map((one) => this.loadFrame(one));
    let next = 0;
    return startLoad(this.clock, { ...options, tickersPerFrame: 1 }, () => {
      const now = String(this.clock.now());
      for (let tried = 0; tried < frames.length; tried += 1) {
        const frame = frames[next];
        next = (next + 1) % frames.length;
        if (!frame || !this.side.origin().hasListeners(frame.topic)) continue;
        this.side.origin().publish(frame.topic, frame.head + now + frame.tail);
        return;
      }
    });
  }

  // ------------------------------------------------------------------ tickers

  private sendTickers(): void {
    this.slice = (this.slice + 1) % SLICES;
    let at = 0;
    for (const listed of this.side.listed.values()) {
      at += 1;
      if (at % SLICES === this.slice) this.sendTicker(listed);
    }
  }

  private sendTicker({ listing, model }: Listed): void {
    const { symbol } = listing.spec;
    const time = model.now();
    const send = (topic: string, frame: (topic: string) => string): void => {
      if (this.side.origin().hasListeners(topic)) this.side.origin().publish(topic, frame(topic));
    };
    const ticker = this.side.channelOf('ticker');
    if (listing.kind === 'spot') {
      for (const item of [ALL, symbol]) {
        send(`${ticker}:${item}`, (topic) => spotTickerFrame(topic, model.ticker(symbol), time));
      }
      return;
    }
    send(`${ticker}:${symbol}`, (topic) => futuresTickerFrame(topic, listing, model.ticker(symbol), time));
    send(`${this.side.channelOf('tickerV2')}:${symbol}`, (topic) =>
      futuresTickerV2Frame(topic, listing, model.ticker(symbol), time),
    );
  }

  private sendSnapshots(): void {
    for (const topic of this.side.origin().topics()) {
      const found = this.side.read(topic);
      if (found?.kind === 'snapshot') this.sendSnapshotsOf(topic, found.item);
    }
  }

  /** `item`: a symbol, or an area with all of its symbols. */
  private sendSnapshotsOf(topic: string, item: string): void {
    const listed = this.side.listed.get(item);
    const concerned = listed
      ? [listed]
      : [...this.side.listed.values()].filter(({ listing }) => listing.areas.includes(item));
    for (const { listing, model } of concerned) {
      const ticker = model.ticker(listing.spec.symbol);
      const frame =
        listing.kind === 'spot'
          ? spotSnapshotFrame(topic, listing, ticker, model.now())
          : futuresSnapshotFrame(topic, ticker, model.now());
      this.side.origin().publish(topic, frame);
    }
  }

  private loadFrame({ listing, model }: Listed): { topic: string; head: string; tail: string } {
    const { symbol } = listing.spec;
    const isSpot = listing.kind === 'spot';
    const topic = `${this.side.channelOf('ticker')}:${isSpot ? ALL : symbol}`;
    const ticker = model.ticker(symbol);
    const frame = isSpot ? spotTickerFrame(topic, ticker, 0) : futuresTickerFrame(topic, listing, ticker, 0);
    // Nanoseconds on futures: six more zeros.
    const [mark, digits] = isSpot ? ['"time":0', ''] : ['"ts":0', '000000'];
    const [head = '', tail = ''] = frame.split(mark);
    return { topic, head: head + mark.slice(0, -1), tail: digits + tail };
  }

  // ------------------------------------------------------------------ candles

  private sendForming(): void {
    for (const topic of this.side.origin().topics()) {
      const candle = this.side.candleOf(topic);
      if (!candle) continue;
      const { listed, interval } = candle;
      this.sendCandle(topic, listed, listed.model.candle(listed.listing.spec.symbol, interval));
    }
  }

  /**
   * KuCoin does not say that a bar is closed: its last values go out, and the next bar follows with
   * the next round.
   */
  private sendClosed(candle: SimCandle): void {
    const listed = this.side.listed.get(candle.symbol);
    const topic = `${this.side.channelOf('candle')}:${candle.symbol}_${typeOf(candle.interval)}`;
    if (listed && this.side.origin().hasListeners(topic)) this.sendCandle(topic, listed, candle);
  }

  private sendCandle(topic: string, { listing, model }: Listed, candle: SimCandle): void {
    const isNew = this.told.get(topic) !== candle.start;
    this.told.set(topic, candle.start);
    this.side.origin().publish(topic, candleFrame(topic, listing, candle, { time: model.now(), isNew }));
  }
}
