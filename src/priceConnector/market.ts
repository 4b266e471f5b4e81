import type { MarketPublisher } from '../bus/publisher';
import type { MarketEvent } from '../domain/events';
import type { Instrument } from '../domain/instrument';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random, Timer } from '../domain/time';
import type { BackendPair } from '../instruments/exchange-service';
import type { InstrumentCache, InstrumentChange } from '../instruments/catalogue';
import { InstrumentCatalogue } from '../instruments/catalogue';
import type { LastValues } from '../store/last-values';
import type { TransportDeps } from '../transport/dialer';
import type { PoolListener } from '../transport/pool';
import { Pool } from '../transport/pool';
import type { Channel, MarketDescriptor, Topic, VenueAdapter, VenueRest } from '../venues/contract';
import type { BackfillQueue } from './backfill';
import { candleSource } from './candle-source';
import { MarketCandles } from './candles';
import type { ClockOffset } from './clock-offset';
import { GapLog } from './gap-log';
import type { MarketFacts } from './market-status';
import type { CandleRequest } from './requests';
import { StallWatch } from './stall-watch';
import type { Stall } from './stall-watch';
import { VenueLatency } from './venue-latency';
import { VenueTime } from './venue-time';

export type PriceRole = 'all' | 'candle' | 'ticker';

export interface MarketSpec {
  readonly adapter: VenueAdapter;
  readonly market: MarketDescriptor;
}

export interface MarketDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly transport: TransportDeps;
  readonly publisher: MarketPublisher;
  readonly lastValues: LastValues;
  readonly rest: VenueRest;
  /** Shared by the markets of the venue: its REST budget is one. */
  readonly backfill: BackfillQueue;
  /** Of the venue's clock. */
  readonly clockOffset: Pick<ClockOffset, 'ms'>;
  readonly service?: (exchange: string) => Promise<readonly BackendPair[]>;
  readonly instrumentCache?: InstrumentCache;
  readonly instrumentRefreshMs: number;
  /** Silence (ms) after which a market counts as stalled. */
  readonly stallMs: number;
  readonly role: PriceRole;
  /** Events that left through the publisher, for the class's listeners. */
  onEvent(event: MarketEvent): void;
  onStall(stall: Stall): void;
  /** The list knows the symbol of this wish, maybe long after it was made. */
  onListed(request: CandleRequest): void;
}

/** Tickers and candles of one exchange id: instruments, connections, publishing. */
export class PriceMarket {
  private readonly catalogue: InstrumentCatalogue;
  private readonly venueTime: VenueTime;
  private readonly tickers: Pool<MarketEvent, unknown> | undefined;
  private readonly candlePool: Pool<MarketEvent, unknown> | undefined;
  private readonly candles: MarketCandles | undefined;
  private readonly stalls: StallWatch;
  private readonly gaps: GapLog;
  private readonly latency: VenueLatency;
  /** Of how many is the business of those who hold the wishes. */
  private readonly unknownSymbols = new Map<string, CandleRequest>();
  /** What runs: a symbol may leave the list and come back. */
  private readonly served = new Map<string, CandleRequest>();
  private readonly timers: Timer[] = [];

  constructor(
    private readonly spec: MarketSpec,
    private readonly deps: MarketDeps,
  ) {
    const { role, clock } = deps;
    this.venueTime = new VenueTime(clock, deps.clockOffset);
    this.gaps = new GapLog(clock);
    this.latency = new VenueLatency(spec.market.exchange, deps.clockOffset, deps.telemetry);
    this.catalogue = new InstrumentCatalogue(
      spec.market,
      {
        clock,
        random: deps.random,
        telemetry: deps.telemetry,
        rest: deps.rest,
        refreshMs: deps.instrumentRefreshMs,
        ...(deps.service && { service: deps.service }),
        ...(deps.instrumentCache && { cache: deps.instrumentCache }),
      },
      (change) => this.instrumentsChanged(change),
    );
    if (role !== 'candle') this.tickers = this.pool('ticker', () => undefined);
    if (role !== 'ticker') {
      this.candlePool = this.pool('candle', (topics) => this.candles?.onLive(topics));
      const filled = (): void => this.gaps.filled();
      this.candles = new MarketCandles(spec, deps, this.venueTime, this.candlePool, filled);
    }
    this.stalls = new StallWatch(spec.market.exchange, deps);
  }

  start(): void {
    this.catalogue.start();
    if (this.spec.market.allTickers) this.tickers?.want(this.spec.market.allTickers);
    this.timers.push(this.deps.clock.every(10_000, () => this.checkStalls()));
  }

  stop(): void {
    for (const timer of this.timers) this.deps.clock.cancel(timer);
    this.catalogue.stop();
    this.candles?.stop();
    this.tickers?.stop();
    this.candlePool?.stop();
  }

  /** Registers the wish; an unknown symbol is kept and served once it is listed. */
  async subscribeCandle(request: CandleRequest): Promise<'subscribed' | 'unknown symbol' | 'unsupported'> {
    const source = candleSource(this.spec.market, request.interval);
    if (!this.candles || !source) return this.refuse(request);
    const instrument = await this.catalogue.find(request.symbol);
    if (!instrument) return this.keepUnknown(request);
    this.served.set(requestKey(request), request);
    this.deps.onListed(request);
    await this.candles.subscribe(request, source, instrument);
    return 'subscribed';
  }

  unsubscribeCandle(request: CandleRequest): void {
    this.unknownSymbols.delete(requestKey(request));
    this.served.delete(requestKey(request));
    this.candles?.unsubscribe(request);
  }

  /** The outbox has room again: bars that it refused are read from the venue. */
  catchUp(): void {
    this.candles?.catchUpAll();
  }

  status(): MarketFacts {
    const { tickers, candlePool, candles, gaps } = this;
    const filling = candles?.filling ?? 0;
    return {
      exchange: this.spec.market.exchange,
      instruments: this.catalogue.index.size,
      pools: [
        ...(tickers ? [this.poolFacts('ticker', tickers)] : []),
        ...(candlePool ? [this.poolFacts('candle', candlePool)] : []),
      ],
      ...(candles && { series: { count: candles.size, filling } }),
      gaps: gaps.told(filling),
      gapCount: gaps.count,
    };
  }

  private poolFacts(
    channel: 'ticker' | 'candle',
    pool: Pool<MarketEvent, unknown>,
  ): MarketFacts['pools'][number] {
    const lastEnd = this.gaps.lastEnd(channel);
    return { channel, ...pool.status(), ...(lastEnd && { lastEnd }) };
  }

  // ---------------------------------------------------------------- feeds

  private pool(
    channel: Channel & ('ticker' | 'candle'),
    onLive: (topics: readonly Topic[]) => void,
  ): Pool<MarketEvent, unknown> {
    const { adapter, market } = this.spec;
    const { rest, transport } = this.deps;
    const { session } = adapter.publicFeed;
    const listener: PoolListener<MarketEvent> = {
      onEvents: (events, receivedAt) => this.received(events, receivedAt),
      onLive: (topics, missedSince) => {
        this.gaps.live(channel, topics.length, missedSince);
        onLive(topics);
      },
      onLost: (reason) => this.gaps.ended(channel, reason),
      onRefused: () => undefined,
      onSilent: (silentForMs) => this.stalls.silent(channel, silentForMs),
    };
    return new Pool(
      {
        market,
        channel,
        rules: market.links[channel],
        feed: adapter.publicFeed,
        instruments: this.catalogue.index,
        endpoint: async () => (await session.endpoint?.(market, channel, rest)) ?? market.endpoints[channel],
        // A welcome is a login without words of ours.
        ...(session.awaitsWelcome && { login: () => [] }),
      },
      transport,
      listener,
    );
  }

  private received(events: readonly MarketEvent[], receivedAt: number): void {
    for (const event of this.believed(events)) {
      if (event.eventType === 'ticker') {
        this.latency.observe(event.time, receivedAt);
        this.deps.publisher.ticker(event, receivedAt);
        this.deps.onEvent(event);
      } else this.candles?.onCandle(event, receivedAt);
    }
  }

  /**
   * The events of a frame but for those of the future: consumers drop every tick that is older than the last,
   * so that one wrong date would mute a symbol, and its bars could not be asked for any more.
   */
  private believed(events: readonly MarketEvent[]): readonly MarketEvent[] {
    const isOfNow = (event: MarketEvent): boolean => this.venueTime.isCredible(latestTimeOf(event));
    const sound = events.every(isOfNow) ? events : events.filter(isOfNow);
    const witness = sound[0] ?? events[0];
    if (!witness) return events;
    const isBelieved = this.venueTime.observe(witness.time);
    if (sound.length === events.length) return sound;
    const kept = isBelieved ? events.filter(isOfNow) : sound;
    const { exchange } = this.spec.market;
    const channel = witness.eventType;
    const ignored = events.length - kept.length;
    this.deps.telemetry.meter.count('connector_future_events_total', { exchange, channel }, ignored);
    return kept;
  }

  private checkStalls(): void {
    if (this.tickers) this.stalls.check('ticker', this.tickers);
    if (this.candlePool) this.stalls.check('candle', this.candlePool);
    if (this.candles) this.gaugeSeries(this.candles);
  }

  private gaugeSeries({ size, filling }: MarketCandles): void {
    const { exchange } = this.spec.market;
    const { meter } = this.deps.telemetry;
    meter.gauge('connector_candle_series', filling, { exchange, state: 'filling' });
    meter.gauge('connector_candle_series', size - filling, { exchange, state: 'complete' });
  }

  // ---------------------------------------------------------------- instruments

  private instrumentsChanged({ added, removed }: InstrumentChange): void {
    const { adapter, market } = this.spec;
    if (!market.allTickers) {
      const topicOf = (instrument: Instrument): Topic =>
        adapter.publicFeed.session.topicOf(market, { kind: 'ticker' }, instrument);
      this.tickers?.unwant(removed.map(topicOf));
      this.tickers?.want(added.map(topicOf));
    }
    for (const { symbol } of removed) this.suspend(symbol);
    for (const { symbol } of added) this.serveUnknown(symbol);
  }

  /** Not listed any more: its wishes wait, as those of a symbol that was never listed. */
  private suspend(symbol: string): void {
    this.candles?.removeSymbol(symbol);
    for (const [key, request] of this.served) {
      if (request.symbol !== symbol) continue;
      this.served.delete(key);
      this.keepUnknown(request);
    }
  }

  private serveUnknown(symbol: string): void {
    for (const [key, request] of this.unknownSymbols) {
      if (request.symbol !== symbol) continue;
      this.unknownSymbols.delete(key);
      void this.subscribeCandle(request);
    }
  }

  private keepUnknown(request: CandleRequest): 'unknown symbol' {
    const { exchange, symbol } = request;
    this.unknownSymbols.set(requestKey(request), request);
    this.deps.telemetry.log.warn(
      { exchange, symbol },
      'candles of an unknown symbol; kept until it is listed',
    );
    return 'unknown symbol';
  }

  private refuse({ exchange, symbol, interval }: CandleRequest): 'unsupported' {
    this.deps.telemetry.log.warn({ exchange, symbol, interval }, 'the venue has no candles of this interval');
    return 'unsupported';
  }
}

function latestTimeOf(event: MarketEvent): number {
  return event.eventType === 'candle' ? Math.max(event.time, event.start) : event.time;
}

function requestKey({ symbol, alias }: CandleRequest): string {
  return `${symbol}|${alias}`;
}
