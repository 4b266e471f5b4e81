import type { Outbox } from '../bus/outbox';
import type { Broker } from '../bus/ports';
import { MarketPublisher } from '../bus/publisher';
import { instrumentsKey, lastCandlesKey, lastTickersKey } from '../bus/routes';
import type { MarketEvent } from '../domain/events';
import type { ExchangeId } from '../domain/exchange';
import type { HostStatus } from '../domain/status';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random } from '../domain/time';
import { pairsOf } from '../instruments/exchange-service';
import { instrumentCache } from '../instruments/cache';
import { LastValues } from '../store/last-values';
import type { Store } from '../store/ports';
import { DialBudget } from '../transport/limits';
import { atOnce } from '../venues/at-once';
import type { VenueAdapter, VenueRest } from '../venues/contract';
import { BackfillQueue, spacingOf } from './backfill';
import { ClockOffset } from './clock-offset';
import { PriceMarket } from './market';
import type { MarketFacts } from './market-status';
import type { CandleRequest } from './requests';
import { RestTurns } from './rest-turns';
import type { PriceSettings } from './settings';
import { closedOnly } from './settings';
import type { Stall } from './stall-watch';
import { Wishes } from './wishes';

export interface FamilyDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly broker: Broker;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly rewrite: (url: string) => string;
  onEvent(event: MarketEvent): void;
  onStall(stall: Stall): void;
  /** A list knows the symbol of this wish. */
  onListed(request: CandleRequest): void;
}

const REST_TIMEOUT_MS = 10_000;

/** All markets of one venue: the content of a worker thread. */
export class PriceFamily {
  private readonly markets = new Map<ExchangeId, PriceMarket>();
  private readonly publisher: MarketPublisher;
  private readonly lastValues: LastValues;
  private readonly rest: VenueRest;
  private readonly dials: DialBudget;
  private readonly turns: RestTurns;
  private readonly backfill: BackfillQueue;
  private readonly clockOffset: ClockOffset;
  private readonly stopWatchingOutbox: () => void;
  /** A market that is switched off and on again gets them back. */
  private readonly wishes = new Wishes();

  constructor(
    private readonly adapter: VenueAdapter,
    private readonly settings: PriceSettings,
    private readonly deps: FamilyDeps,
  ) {
    const { clock, store, broker, outbox, telemetry, rewrite } = deps;
    this.dials = new DialBudget(clock);
    this.turns = new RestTurns(clock);
    this.backfill = new BackfillQueue(adapter.descriptor.venue, deps, spacingOf(adapter.descriptor));
    this.rest = adapter.connectRest({
      rewrite,
      timeoutMs: REST_TIMEOUT_MS,
      turns: (market) => this.turns.of(market),
    });
    this.clockOffset = new ClockOffset(adapter.descriptor.venue, serverTimeOf(adapter, deps), deps);
    this.lastValues = new LastValues(
      store,
      { tickers: lastTickersKey, candles: lastCandlesKey },
      telemetry,
      clock,
      settings.tickerCacheMs,
    );
    this.publisher = new MarketPublisher(
      { broker, store, outbox, telemetry, clock, lastValues: this.lastValues },
      {
        tickerBook: settings.tickerBook,
        batchMs: settings.tickerBatchMs,
        closedOnly: () => closedOnly(settings.candleMode, adapter.descriptor),
      },
    );
    this.stopWatchingOutbox = outbox.onDrained(() => {
      for (const market of this.markets.values()) market.catchUp();
    });
  }

  /** Runs exactly these exchanges of the venue; the others stop. Running ones are not disturbed. */
  setExchanges(enabled: readonly ExchangeId[]): void {
    for (const [exchange, market] of this.markets) {
      if (enabled.includes(exchange)) continue;
      market.stop();
      this.markets.delete(exchange);
    }
    for (const descriptor of this.adapter.descriptor.markets) {
      const { exchange } = descriptor;
      if (!enabled.includes(exchange) || this.markets.has(exchange)) continue;
      const market = this.open(exchange);
      if (!market) continue;
      this.markets.set(exchange, market);
      market.start();
      this.clockOffset.start();
      for (const wish of this.wishes.values()) if (wish.exchange === exchange) this.serve(market, wish);
    }
  }

  subscribeCandle(request: CandleRequest): void {
    if (this.wishes.has(request)) return;
    // Only a market can doubt it; how many wait for theirs is bounded by who asks.
    this.wishes.keep(request);
    const market = this.markets.get(request.exchange);
    if (market) this.serve(market, request);
  }

  unsubscribeCandle(request: CandleRequest): void {
    this.wishes.delete(request);
    this.markets.get(request.exchange)?.unsubscribeCandle(request);
  }

  status(): {
    readonly markets: readonly MarketFacts[];
    readonly hosts: readonly HostStatus[];
    /** Venue's clock minus ours, ms. */
    readonly clockOffsetMs: number | undefined;
  } {
    return {
      markets: [...this.markets.values()].map((market) => market.status()),
      hosts: this.dials.status(),
      clockOffsetMs: this.clockOffset.ms,
    };
  }

  /** Stops the feeds, then lets the outbox drain. True when every message was confirmed in time. */
  async stop(deadlineMs: number): Promise<boolean> {
    for (const market of this.markets.values()) market.stop();
    this.markets.clear();
    this.backfill.stop();
    this.turns.stop();
    this.clockOffset.stop();
    this.stopWatchingOutbox();
    const isDrained = await this.deps.outbox.drain(deadlineMs);
    await this.lastValues.write();
    this.lastValues.close();
    this.publisher.close();
    return isDrained;
  }

  private open(exchange: ExchangeId): PriceMarket | undefined {
    const market = this.adapter.descriptor.markets.find((one) => one.exchange === exchange);
    if (!market) return undefined;
    const { clock, random, telemetry, rewrite, store, onEvent, onStall, onListed } = this.deps;
    const { exchangeServiceUrl, instrumentRefreshMs, stallMs, role } = this.settings;
    return new PriceMarket(
      { adapter: this.adapter, market },
      {
        clock,
        random,
        telemetry,
        transport: { clock, random, telemetry, rewrite, dials: this.dials },
        publisher: this.publisher,
        lastValues: this.lastValues,
        rest: this.rest,
        backfill: this.backfill,
        clockOffset: this.clockOffset,
        ...(exchangeServiceUrl !== '' && {
          service: (id: ExchangeId) => pairsOf(exchangeServiceUrl, id),
        }),
        instrumentCache: instrumentCache(store, instrumentsKey),
        instrumentRefreshMs,
        stallMs,
        role,
        onEvent,
        onStall,
        onListed: (request) => {
          if (this.wishes.has(request)) this.wishes.keep(request);
          onListed(request);
        },
      },
    );
  }

  private serve(market: PriceMarket, request: CandleRequest): void {
    const { telemetry } = this.deps;
    market.subscribeCandle(request).then(
      (outcome) => {
        telemetry.meter.count('connector_candle_requests_total', { outcome });
        // Given up while it was being opened: the market knew nothing yet that it could have closed.
        if (!this.wishes.has(request)) market.unsubscribeCandle(request);
        else if (outcome !== 'subscribed') this.doubt(request);
      },
      (error: unknown) => {
        const { exchange, symbol, interval } = request;
        telemetry.log.error({ exchange, symbol, interval, error }, 'candle subscription failed');
        telemetry.meter.count('connector_candle_requests_total', { outcome: 'failed' });
      },
    );
  }

  /** No list knows its symbol: it waits for the listing, unless too many do. */
  private doubt(request: CandleRequest): void {
    const evicted = this.wishes.doubt(request);
    if (evicted) this.markets.get(evicted.exchange)?.unsubscribeCandle(evicted);
  }
}

/** The time needs no signature; only the account side of an adapter asks for it. */
function serverTimeOf(
  { descriptor, connectAccount }: VenueAdapter,
  { rewrite, clock }: FamilyDeps,
): (() => Promise<number>) | undefined {
  const [market] = descriptor.markets;
  if (!market || !connectAccount) return undefined;
  // Never signed with, but some clients want to see words.
  const nobody = { key: 'none', secret: 'none', passphrase: 'none', options: {} };
  const account = { market, credentials: nobody, environment: 'live' } as const;
  // A public question, now and then: it waits for no turn.
  const deps = { rewrite, timeoutMs: REST_TIMEOUT_MS, venueNow: () => clock.now(), inTurn: atOnce };
  // Made when it is asked: a client that cannot be made is a failed measurement, no failed start.
  return () => connectAccount(account, deps).serverTime();
}
