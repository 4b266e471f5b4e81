import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import { ConnectorError, errorText } from '../domain/errors';
import type { ExchangeId } from '../domain/exchange';
import type { Instrument } from '../domain/instrument';
import { InstrumentIndex } from '../domain/instrument';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random, Timer } from '../domain/time';
import type { MarketDescriptor, VenueRest } from '../venues/contract';
import type { BackendPair } from './exchange-service';

export interface CatalogueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly rest: VenueRest;
  /** The backend's list; absent where no exchange service is configured. */
  readonly service?: (exchange: ExchangeId) => Promise<readonly BackendPair[]>;
  /** Last good list of an earlier life; survives restarts while venue and service are both down. */
  readonly cache?: InstrumentCache;
  readonly refreshMs: number;
}

export interface InstrumentCache {
  load(exchange: ExchangeId): Promise<readonly Instrument[] | undefined>;
  save(exchange: ExchangeId, instruments: readonly Instrument[]): Promise<void>;
}

export interface InstrumentChange {
  readonly added: readonly Instrument[];
  readonly removed: readonly Instrument[];
}

const RETRY: BackoffPolicy = { floorMs: 1_000, baseMs: 5_000, capMs: 60_000, factor: 2 };
/** A request for an unknown symbol may ask for a fresh list this often. */
const IMPATIENCE_MS = 30_000;

/**
 * The instruments of one market: from the exchange service, else the venue, else the last good list;
 * refreshed for ever, so that listings appear and delistings vanish without a restart.
 */
export class InstrumentCatalogue {
  readonly index = new InstrumentIndex();
  private timer: Timer | undefined;
  private failures = 0;
  private loading: Promise<boolean> | undefined;
  private loadedAt = -Infinity;
  private isStopped = false;

  constructor(
    private readonly market: MarketDescriptor,
    private readonly deps: CatalogueDeps,
    private readonly onChange: (change: InstrumentChange) => void,
  ) {}

  /** Loads in the background and keeps the list fresh until `stop`. */
  start(): void {
    void this.refresh();
  }

  stop(): void {
    this.isStopped = true;
    this.deps.clock.cancel(this.timer);
  }

  get isLoaded(): boolean {
    return this.index.size > 0;
  }

  /** The instrument, asking for a fresh list where the symbol is not known yet. */
  async find(symbol: string): Promise<Instrument | undefined> {
    const known = this.index.bySymbol(symbol);
    if (known) return known;
    const isFresh = this.deps.clock.monotonic() - this.loadedAt < IMPATIENCE_MS;
    if (!isFresh || !this.isLoaded) await this.refresh();
    return this.index.bySymbol(symbol);
  }

  private refresh(): Promise<boolean> {
    this.loading ??= this.load().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  /** Never rejects: a failure is counted, logged and retried. */
  private async load(): Promise<boolean> {
    this.deps.clock.cancel(this.timer);
    const found = await this.fromAnywhere();
    if (this.isStopped) return false;
    if (found) this.accept(found.instruments, found.source);
    const isFresh = found !== undefined && found.source !== 'cache';
    this.failures = isFresh ? 0 : this.failures + 1;
    const delayMs = isFresh ? this.deps.refreshMs : nextDelay(RETRY, this.failures - 1, this.deps.random);
    this.timer = this.deps.clock.after(delayMs, () => void this.refresh());
    return isFresh;
  }

  private async fromAnywhere(): Promise<{ instruments: readonly Instrument[]; source: string } | undefined> {
    const { service, rest, cache } = this.deps;
    const { exchange } = this.market;
    if (service) {
      if (this.market.needsVenueList) await this.attempt('venue', () => rest.instruments(this.market));
      const pairs = await this.attempt('service', async () => this.translate(await service(exchange)));
      if (pairs) return { instruments: pairs, source: 'service' };
    }
    const listed = await this.attempt('venue', () => rest.instruments(this.market));
    if (listed) return { instruments: listed, source: 'venue' };
    if (!cache || this.isLoaded) return undefined;
    const cached = await this.attempt('cache', async () => (await cache.load(exchange)) ?? []);
    return cached && { instruments: cached, source: 'cache' };
  }

  private translate(pairs: readonly BackendPair[]): readonly Instrument[] {
    return pairs.flatMap((pair) => this.deps.rest.instrumentOfPair(this.market, pair) ?? []);
  }

  /** An empty list is a failure: subscribing to nothing in silence would be worse. */
  private async attempt(
    source: string,
    load: () => Promise<readonly Instrument[]>,
  ): Promise<readonly Instrument[] | undefined> {
    const { exchange } = this.market;
    try {
      const instruments = await load();
      if (instruments.length > 0) return instruments;
      throw new ConnectorError('REST_BAD_ANSWER', 'the list is empty');
    } catch (error) {
      const { log, meter } = this.deps.telemetry;
      meter.count('connector_instrument_failures_total', { exchange, source });
      log.warn({ exchange, source, error: errorText(error) }, 'instruments not loaded');
      return undefined;
    }
  }

  private accept(instruments: readonly Instrument[], source: string): void {
    const { exchange } = this.market;
    const before = new Map(this.index.all().map((one) => [one.symbol, one]));
    const isFirst = before.size === 0;
    this.index.replace(instruments);
    this.loadedAt = this.deps.clock.monotonic();
    const added = this.index.all().filter((one) => before.get(one.symbol)?.venueSymbol !== one.venueSymbol);
    const removed = [...before.values()].filter(
      (one) => this.index.bySymbol(one.symbol)?.venueSymbol !== one.venueSymbol,
    );
    this.deps.telemetry.meter.gauge('connector_instruments', this.index.size, { exchange, source });
    if (added.length === 0 && removed.length === 0) return;
    this.deps.telemetry.log.info(
      { exchange, source, added: added.length, removed: removed.length, isFirst },
      'instruments',
    );
    this.onChange({ added, removed });
    if (source !== 'cache') this.remember(instruments);
  }

  private remember(instruments: readonly Instrument[]): void {
    const { exchange } = this.market;
    this.deps.cache?.save(exchange, instruments).catch((error: unknown) => {
      this.deps.telemetry.log.debug({ exchange, error: errorText(error) }, 'instrument cache not written');
    });
  }
}
