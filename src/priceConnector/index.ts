import { EventEmitter } from 'node:events';
import { ADMIN_CONFIG, ADMIN_ENABLED_EXCHANGES, CANDLE_REQUESTS } from '../bus/routes';
import type { IncomingMessage, Verdict } from '../bus/ports';
import { ConnectorError, errorText } from '../domain/errors';
import type { Candle, MarketEvent, Ticker } from '../domain/events';
import type { ExchangeId } from '../domain/exchange';
import { AdminConfig } from '../store/admin-config';
import { becameReady, becameReadyOrLate } from '../store/becoming-ready';
import type { ProcessStatus, Tally } from '../domain/status';
import { doorStatus } from '../bus/doors-status';
import { allVenues, marketOf } from '../venues/registry';
import type { PriceConnectorDeps } from './deps';
import type { WorkerReport } from './messages';
import { Notices } from './notices';
import type { CandleRequest, SubscribeCandlePayload } from './requests';
import { candleRequest, payloadOf } from './requests';
import { Supervisor } from './supervisor';
import { defaultDeps } from './wiring';

export type { PriceConnectorDeps } from './deps';
export type { SubscribeCandlePayload } from './requests';
export type { Candle, Ticker } from '../domain/events';

/** What `PriceConnector` emits: the objects that it publishes. */
export interface PriceConnectorEvents {
  /** Every frame of a requested candle; `closed` tells the final one. */
  candle: [candle: Candle];
  /** Newest ticker of a symbol; under load older ones are skipped. */
  ticker: [ticker: Ticker];
  /** Node's own: somebody started or stopped listening. */
  newListener: [event: string | symbol];
  removeListener: [event: string | symbol];
}

export interface PriceStatus {
  readonly brokerReady: boolean;
  readonly storeReady: boolean;
  readonly workers: Readonly<Record<string, string>>;
}

const ADMIN_READ_MS = 5_000;
const PREFETCH = 10;
let instances = 0;

/**
 * Market data of every configured exchange: tickers of all symbols, candles on request, one worker
 * thread per venue. `new PriceConnector()` reads the environment; `init()` starts.
 */
export class PriceConnector extends EventEmitter<PriceConnectorEvents> {
  private readonly deps: PriceConnectorDeps;
  private readonly supervisor: Supervisor;
  private readonly notices: Notices;
  private admin: AdminConfig | undefined;
  private adminEnabled: ReadonlySet<ExchangeId> | undefined;
  private starting: Promise<void> | undefined;
  private stopping: Promise<boolean> | undefined;

  /** @throws ConnectorError CONFIG_INVALID, naming every problem of the environment at once */
  constructor(deps: Partial<PriceConnectorDeps> = {}) {
    super();
    this.deps = defaultDeps(deps);
    const { clock, telemetry, doors, config } = this.deps;
    this.notices = new Notices(
      doors.store,
      { role: config.priceRole, pid: process.pid, sequence: (instances += 1) },
      { clock, telemetry },
    );
    this.supervisor = new Supervisor(
      allVenues().map(({ descriptor }) => descriptor.venue),
      {
        ...this.deps,
        onEvents: (events) => this.mirrored(events),
        onStall: (stall) => this.notices.stall(stall),
      },
    );
    this.on('newListener', (event) => {
      if (event === 'candle' || event === 'ticker') this.supervisor.setMirror(true);
    });
    this.on('removeListener', () => this.supervisor.setMirror(this.hasListeners()));
  }

  /** Starts the workers and, by role, takes candle requests. Resolves when requests are consumed. */
  init(): Promise<void> {
    this.starting ??= this.start().catch((error: unknown) => {
      // Stopped before everything was there: the broker ends what still waits for it.
      if (!this.stopping) throw error;
    });
    return this.starting;
  }

  /**
   * Subscribes candles; also before `init()`, and again after a worker's death. Idempotent.
   * @throws ConnectorError COMMAND_INVALID naming the bad field
   */
  subscribeCandle(payload: SubscribeCandlePayload): void {
    this.supervisor.subscribe(this.requestOf(payload));
  }

  /** Gives the subscription up. Other spellings of the same interval are not touched. */
  unsubscribeCandle(payload: SubscribeCandlePayload): void {
    this.supervisor.unsubscribe(this.requestOf(payload));
  }

  /** Stops intake, feeds and workers, drains what must arrive. True when nothing was left behind. */
  stop(): Promise<boolean> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  status(): PriceStatus {
    const { broker, store } = this.deps.doors;
    return { brokerReady: broker.ready, storeReady: store.ready, workers: this.supervisor.states() };
  }

  /** All that an operator wants to see, from every thread. `tally`: of the meter that was handed in. */
  async report(tally: Tally): Promise<ProcessStatus> {
    const { config, clock, doors } = this.deps;
    return {
      role: 'price',
      instance: config.instanceId,
      at: clock.now(),
      broker: doorStatus(doors.broker, 'rabbitmq', tally),
      store: doorStatus(doors.store, 'redis', tally),
      venues: await this.supervisor.venueStatus(),
    };
  }

  /** What the worker threads say of themselves, by venue. */
  reports(): Promise<ReadonlyMap<string, WorkerReport>> {
    return this.supervisor.collect();
  }

  /** The metrics of all worker threads, dead ones' counts included, for `aggregate` of `ops`. */
  metrics(): Promise<readonly (readonly unknown[])[]> {
    return this.supervisor.metricSnapshots();
  }

  /** Writes down the last frames of every connection, where they are recorded. Resolves with the files. */
  record(): Promise<readonly string[]> {
    return this.supervisor.record();
  }

  // ---------------------------------------------------------------- start and stop

  private async start(): Promise<void> {
    await this.startAdmin();
    if (this.stopping) return;
    this.applyExchanges();
    if (this.deps.config.priceRole === 'ticker') return;
    const { broker, store } = this.deps.doors;
    await broker.consume({
      queue: CANDLE_REQUESTS,
      prefetch: PREFETCH,
      handle: (message) => this.onRequest(message),
    });
    await becameReady(store);
    if (!this.stopping) this.notices.announce();
  }

  /** The list is read before the first venue is dialled, but its absence does not hold us up for long. */
  private async startAdmin(): Promise<void> {
    const { config, doors, clock, telemetry } = this.deps;
    const { store } = doors;
    if (!config.admin.enabled) return;
    await becameReadyOrLate(store, clock, ADMIN_READ_MS);
    if (this.stopping) return;
    this.admin = new AdminConfig(
      store,
      { enabledExchanges: ADMIN_ENABLED_EXCHANGES, changes: ADMIN_CONFIG },
      config.admin.refreshMs,
      { clock, telemetry },
      (enabled) => {
        this.adminEnabled = enabled;
        this.applyExchanges();
      },
    );
    await this.admin.start();
  }

  private async shutDown(): Promise<boolean> {
    const { config, doors } = this.deps;
    const { broker, store } = doors;
    this.admin?.stop();
    this.notices.stop();
    await broker.stopConsuming();
    const isDrained = await this.supervisor.stop(Math.max(1_000, config.shutdownTimeoutMs - 2_000));
    await broker.close();
    await store.close();
    return isDrained;
  }

  private applyExchanges(): void {
    for (const { descriptor } of allVenues()) {
      const enabled = descriptor.markets.filter(({ exchange, selector }) =>
        this.isEnabled(exchange, selector),
      );
      this.supervisor.setExchanges(
        descriptor.venue,
        enabled.map(({ exchange }) => exchange),
      );
    }
  }

  /** The operator's list, once there is one, overrides PRICE_CONNECTOR_EXCHANGES. */
  private isEnabled(exchange: ExchangeId, selector: string): boolean {
    if (this.adminEnabled) return this.adminEnabled.has(exchange);
    const priceExchanges: readonly string[] = this.deps.config.priceExchanges;
    return priceExchanges.length === 0 || priceExchanges.includes(selector);
  }

  // ---------------------------------------------------------------- requests and events

  private requestOf(payload: unknown): CandleRequest {
    return candleRequest(payload, marketOf);
  }

  private onRequest(message: IncomingMessage): Verdict {
    const { log, meter } = this.deps.telemetry;
    try {
      this.supervisor.subscribe(this.requestOf(payloadOf(message.body)));
      return { kind: 'done' };
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      meter.count('connector_candle_requests_total', { outcome: 'invalid' });
      log.warn(
        { queue: CANDLE_REQUESTS, bytes: message.body.length, problem: errorText(error) },
        'bad request',
      );
      return { kind: 'dead-letter', reason: errorText(error) };
    }
  }

  private mirrored(events: readonly MarketEvent[]): void {
    for (const event of events) {
      if (event.eventType === 'ticker') this.emit('ticker', event);
      else this.emit('candle', event);
    }
  }

  private hasListeners(): boolean {
    return this.listenerCount('candle') + this.listenerCount('ticker') > 0;
  }
}

export default PriceConnector;
