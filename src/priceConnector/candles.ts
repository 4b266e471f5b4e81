import { errorText } from '../domain/errors';
import type { Candle } from '../domain/events';
import type { Instrument } from '../domain/instrument';
import type { Interval } from '../domain/interval';
import type { Timer } from '../domain/time';
import type { Topic } from '../venues/contract';
import { BackfillQueue } from './backfill';
import { CandleSeries } from './candle-series';
import type { MarketDeps, MarketSpec } from './market';
import type { CandleRequest } from './requests';
import type { VenueTime } from './venue-time';

export interface CandleTopics {
  want(topics: readonly Topic[]): void;
  unwant(topics: readonly Topic[]): void;
  restartTopic(topic: Topic, reason: string): void;
}

interface Subscribed {
  readonly series: CandleSeries;
  readonly topic: Topic;
}

const SWEEP_MS = 2_000;

/** The candle subscriptions of one market: each (symbol, interval) once, whatever the spellings asked for. */
export class MarketCandles {
  private readonly bySeries = new Map<string, Subscribed>();
  private readonly byTopic = new Map<Topic, Subscribed>();
  /** Being opened: their cursor is on its way. */
  private readonly opening = new Map<string, Promise<void>>();
  private readonly backfill: BackfillQueue;
  private readonly sweep: Timer;

  constructor(
    private readonly spec: MarketSpec,
    private readonly deps: MarketDeps,
    private readonly venueTime: VenueTime,
    private readonly topics: CandleTopics,
  ) {
    this.backfill = new BackfillQueue(spec.market.exchange, deps);
    this.sweep = deps.clock.every(SWEEP_MS, () => {
      for (const { series } of this.bySeries.values()) series.checkOverdue();
    });
  }

  /** Idempotent; another spelling of a running interval only adds a channel. */
  async subscribe(request: CandleRequest, instrument: Instrument): Promise<void> {
    const key = seriesKey(instrument.symbol, request.interval);
    const opening = this.opening.get(key);
    if (opening) await opening;
    const running = this.bySeries.get(key);
    if (running) {
      running.series.aliases.add(request.alias);
      return;
    }
    const opened = this.open(key, request, instrument).finally(() => this.opening.delete(key));
    this.opening.set(key, opened);
    await opened;
  }

  /** Gives up one spelling; the topic goes with the last. */
  unsubscribe(request: Pick<CandleRequest, 'symbol' | 'interval' | 'alias'>): void {
    const key = seriesKey(request.symbol, request.interval);
    const running = this.bySeries.get(key);
    if (!running) return;
    running.series.aliases.delete(request.alias);
    if (running.series.aliases.size === 0) this.drop(key, running);
  }

  /** Delisted: nothing will come any more. */
  removeSymbol(symbol: string): void {
    for (const [key, subscribed] of this.bySeries) {
      if (key.startsWith(`${symbol}|`)) this.drop(key, subscribed);
    }
  }

  onCandle(candle: Candle, receivedAt: number): void {
    this.bySeries.get(seriesKey(candle.symbol, candle.interval))?.series.accept(candle, receivedAt);
  }

  /** These topics are (again) live: what closed while they were not is fetched. */
  onLive(topics: readonly Topic[]): void {
    for (const topic of topics) this.byTopic.get(topic)?.series.catchUp();
  }

  catchUpAll(): void {
    for (const { series } of this.bySeries.values()) series.catchUp();
  }

  get size(): number {
    return this.bySeries.size;
  }

  stop(): void {
    this.deps.clock.cancel(this.sweep);
    this.backfill.stop();
    for (const { series } of this.bySeries.values()) series.stop();
    this.bySeries.clear();
    this.byTopic.clear();
  }

  private async open(key: string, request: CandleRequest, instrument: Instrument): Promise<void> {
    const { adapter, market } = this.spec;
    const { interval, alias } = request;
    const topic = adapter.publicFeed.session.topicOf(market, { kind: 'candle', interval }, instrument);
    const series = new CandleSeries(interval, {
      clock: this.deps.clock,
      telemetry: this.deps.telemetry,
      venueTime: this.venueTime,
      backfill: this.backfill,
      fetch: (fromMs, toMs) => this.deps.rest.candles(market, { instrument, interval, fromMs, toMs }),
      publish: (candle, delivery) => {
        const isAccepted = this.deps.publisher.candle(candle, delivery);
        if (isAccepted) this.deps.onEvent(candle);
        return isAccepted;
      },
      onDeaf: () => this.topics.restartTopic(topic, 'deaf_topic'),
    });
    series.aliases.add(alias);
    const cursor = await this.cursorOf(instrument.symbol, interval);
    const subscribed = { series, topic };
    this.bySeries.set(key, subscribed);
    this.byTopic.set(topic, subscribed);
    series.begin(cursor);
    this.topics.want([topic]);
  }

  /** Without a cursor the series begins with the bar of now: right for a first request. */
  private async cursorOf(symbol: string, interval: Interval): Promise<number | undefined> {
    const { exchange } = this.spec.market;
    try {
      return await this.deps.lastValues.candleCursor(exchange, symbol, interval);
    } catch (error) {
      this.deps.telemetry.log.warn(
        { exchange, symbol, interval, error: errorText(error) },
        'no candle cursor',
      );
      return undefined;
    }
  }

  private drop(key: string, { series, topic }: Subscribed): void {
    series.stop();
    this.bySeries.delete(key);
    this.byTopic.delete(topic);
    this.topics.unwant([topic]);
  }
}

function seriesKey(symbol: string, interval: Interval): string {
  return `${symbol}|${interval}`;
}
