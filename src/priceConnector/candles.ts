import { errorText } from '../domain/errors';
import type { Candle } from '../domain/events';
import type { Instrument } from '../domain/instrument';
import type { Interval } from '../domain/interval';
import type { Timer } from '../domain/time';
import type { Topic } from '../venues/contract';
import { BuiltCandles } from './built-candles';
import { CandleSeries } from './candle-series';
import type { CandleSource } from './candle-source';
import { fetchCandles, maxBackfillBars } from './candle-source';
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
  /** Absent where the interval is polled. */
  readonly topic: Topic | undefined;
  /** Present where the interval is built from a smaller one. */
  readonly built: BuiltCandles | undefined;
}

const SWEEP_MS = 1_000;
/** Closed frames come up to some seconds late; only after that REST is asked. */
const GRACE_MS = 10_000;
/** Where REST is the only source: time for the venue to make the bar. */
const POLL_AFTER_MS = 3_000;

/** The candle subscriptions of one market: each (symbol, interval) once, whatever the spellings asked for. */
export class MarketCandles {
  private readonly bySeries = new Map<string, Subscribed>();
  /** Who is fed by the frames of a (symbol, streamed interval): the series itself and those built from it. */
  private readonly byFrame = new Map<string, Set<Subscribed>>();
  private readonly byTopic = new Map<Topic, Set<Subscribed>>();
  /** Being opened: their cursor is on its way. */
  private readonly opening = new Map<string, Promise<void>>();
  private readonly sweep: Timer;

  constructor(
    private readonly spec: MarketSpec,
    private readonly deps: MarketDeps,
    private readonly venueTime: VenueTime,
    private readonly topics: CandleTopics,
    /** A bar was told by the venue's history. */
    private readonly onFilled: () => void = () => undefined,
  ) {
    this.sweep = deps.clock.every(SWEEP_MS, () => {
      for (const { series } of this.bySeries.values()) series.checkOverdue();
    });
  }

  /** Idempotent; another spelling of a running interval only adds a channel. */
  async subscribe(request: CandleRequest, source: CandleSource, instrument: Instrument): Promise<void> {
    const key = seriesKey(instrument.symbol, request.interval);
    const opening = this.opening.get(key);
    if (opening) await opening;
    const running = this.bySeries.get(key);
    if (running) {
      running.series.aliases.add(request.alias);
      return;
    }
    const opened = this.open(request, source, instrument).finally(() => this.opening.delete(key));
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
    for (const { series, built } of this.byFrame.get(seriesKey(candle.symbol, candle.interval)) ?? []) {
      series.hear();
      const frame = built ? built.accept(candle) : candle;
      if (frame) series.accept(frame, receivedAt);
    }
  }

  /** These topics are (again) live: what closed while they were not is fetched. */
  onLive(topics: readonly Topic[]): void {
    for (const topic of topics) {
      for (const { series, built } of this.byTopic.get(topic) ?? []) {
        built?.interrupted();
        series.catchUp();
      }
    }
  }

  catchUpAll(): void {
    for (const { series } of this.bySeries.values()) series.catchUp();
  }

  get size(): number {
    return this.bySeries.size;
  }

  /** Series that wait for the venue's history. */
  get filling(): number {
    let count = 0;
    for (const { series } of this.bySeries.values()) if (series.isFilling) count += 1;
    return count;
  }

  stop(): void {
    this.deps.clock.cancel(this.sweep);
    for (const subscribed of this.bySeries.values()) this.quit(subscribed);
    this.bySeries.clear();
    this.byFrame.clear();
    this.byTopic.clear();
  }

  private async open(request: CandleRequest, source: CandleSource, instrument: Instrument): Promise<void> {
    const { interval, alias } = request;
    const { symbol } = instrument;
    const topic = this.topicOf(interval, source, instrument);
    const series = this.seriesOf(interval, source, instrument, topic);
    series.aliases.add(alias);
    const cursor = await this.cursorOf(symbol, interval);
    const built =
      source.kind === 'built' ? this.builtOf(interval, source.from, instrument, series) : undefined;
    const subscribed: Subscribed = { series, topic, built };
    this.bySeries.set(seriesKey(symbol, interval), subscribed);
    if (topic !== undefined) {
      const streamed = source.kind === 'built' ? source.from : interval;
      addTo(this.byFrame, seriesKey(symbol, streamed), subscribed);
      addTo(this.byTopic, topic, subscribed);
    }
    series.begin(cursor);
    built?.begin();
    if (topic !== undefined) this.topics.want([topic]);
  }

  private topicOf(interval: Interval, source: CandleSource, instrument: Instrument): Topic | undefined {
    if (source.kind === 'polled') return undefined;
    const { adapter, market } = this.spec;
    const streamed = source.kind === 'built' ? source.from : interval;
    return adapter.publicFeed.session.topicOf(market, { kind: 'candle', interval: streamed }, instrument);
  }

  private seriesOf(
    interval: Interval,
    source: CandleSource,
    instrument: Instrument,
    topic: Topic | undefined,
  ): CandleSeries {
    const { market } = this.spec;
    return new CandleSeries(interval, {
      clock: this.deps.clock,
      telemetry: this.deps.telemetry,
      venueTime: this.venueTime,
      backfill: this.deps.backfill,
      maxBars: maxBackfillBars(interval, source),
      graceMs: source.kind === 'polled' ? POLL_AFTER_MS : GRACE_MS,
      fetch: (fromMs, toMs) =>
        fetchCandles(
          { market, rest: this.deps.rest },
          instrument,
          { interval, source },
          { fromMs, toMs, venueNow: this.venueTime.now() },
        ),
      publish: (candle, delivery) => {
        const isAccepted = this.deps.publisher.candle(candle, delivery);
        if (isAccepted) this.deps.onEvent(candle);
        if (isAccepted && delivery.isReconciled) this.onFilled();
        return isAccepted;
      },
      onDeaf: () => {
        if (topic !== undefined) this.restart(topic);
      },
    });
  }

  private restart(topic: Topic): void {
    for (const { built } of this.byTopic.get(topic) ?? []) built?.interrupted();
    this.topics.restartTopic(topic, 'deaf_topic');
  }

  private builtOf(
    interval: Interval,
    source: Interval,
    instrument: Instrument,
    series: CandleSeries,
  ): BuiltCandles {
    const { market } = this.spec;
    const { rest, backfill, clock } = this.deps;
    return new BuiltCandles(interval, source, {
      venueTime: this.venueTime,
      backfill,
      fetch: (fromMs, toMs) => rest.candles(market, { instrument, interval: source, fromMs, toMs }),
      show: (frame) => series.accept(frame, clock.now()),
    });
  }

  private quit({ series, built }: Subscribed): void {
    series.stop();
    built?.stop();
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

  private drop(key: string, subscribed: Subscribed): void {
    const { topic } = subscribed;
    this.quit(subscribed);
    this.bySeries.delete(key);
    for (const group of this.byFrame.values()) group.delete(subscribed);
    if (topic === undefined) return;
    const sharers = this.byTopic.get(topic);
    sharers?.delete(subscribed);
    if (sharers && sharers.size > 0) return;
    this.byTopic.delete(topic);
    this.topics.unwant([topic]);
  }
}

function seriesKey(symbol: string, interval: Interval): string {
  return `${symbol}|${interval}`;
}

function addTo<K, V>(groups: Map<K, Set<V>>, key: K, value: V): void {
  const group = groups.get(key);
  if (group) group.add(value);
  else groups.set(key, new Set([value]));
}
