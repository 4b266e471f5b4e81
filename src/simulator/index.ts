import { z } from 'zod';
import type { Clock } from '../domain/time';
import { simulateBinance, type BinanceOptions } from './binance';
import { simulateBitget, type BitgetOptions } from './bitget';
import { simulateBybit, type BybitOptions } from './bybit';
import { simulateCoinbase, type CoinbaseOptions } from './coinbase';
import { simulateKucoin, type KucoinOptions } from './kucoin';
import {
  order,
  SimServer,
  systemClock,
  VenueHost,
  warpClock,
  type AccountBook,
  type DropOrder,
  type FaultBoard,
  type Heard,
  type HttpRoute,
  type Ledger,
  type LoadOptions,
  type LoadRun,
  type MarketModel,
  type OriginStats,
  type Target,
  type VenueSimulator,
  type Violation,
} from './kit';
import { simulateOkx, type OkxOptions } from './okx';
import { simulatePaper, type PaperOptions } from './paper';

/** Per venue; a new simulator is one line here and one below. */
export interface SimulatorOptions {
  readonly binance?: BinanceOptions;
  readonly bitget?: BitgetOptions;
  readonly bybit?: BybitOptions;
  readonly coinbase?: CoinbaseOptions;
  readonly kucoin?: KucoinOptions;
  readonly okx?: OkxOptions;
  readonly paper?: PaperOptions;
}

const VENUES: Readonly<Record<string, (host: VenueHost, options: SimulatorOptions) => VenueSimulator>> = {
  binance: (host, options) => simulateBinance(host, options.binance),
  bitget: (host, options) => simulateBitget(host, options.bitget),
  bybit: (host, options) => simulateBybit(host, options.bybit),
  coinbase: (host, options) => simulateCoinbase(host, options.coinbase),
  kucoin: (host, options) => simulateKucoin(host, options.kucoin),
  okx: (host, options) => simulateOkx(host, options.okx),
  paper: (host, options) => simulatePaper(host, options.paper),
};

export interface SimulatorSettings {
  /** Default: all. */
  readonly venues?: readonly string[];
  /** Default 0: any free port. */
  readonly port?: number;
  /** Real time; default the system's. */
  readonly clock?: Clock;
  /** Same seed, same prices at the same venue time. Default 1. */
  readonly seed?: number;
  /** Symbols per market; default 30. */
  readonly symbols?: number;
  /** Venue time runs so many times faster; default 1. See `warpClock`. */
  readonly warp?: number;
  readonly options?: SimulatorOptions;
}

export type { Heard } from './kit';

export interface Simulator {
  readonly port: number;
  readonly faults: FaultBoard;
  readonly ledger: Ledger;
  /** Accounts of all venues: add keys, then place, fill, cancel, move balances. */
  readonly accounts: AccountBook;
  /** Market models by published exchange id. */
  readonly markets: Readonly<Record<string, MarketModel>>;
  /** Value for VENUE_ENDPOINTS. */
  overrides(): string;
  /** A production URL as served here, for raw clients. */
  urlOf(productionUrl: string): string;
  /** Documented limits that clients broke; a test asserts it empty. */
  violations(): readonly Violation[];
  clearViolations(): void;
  /** Tells one listener what clients send, and the answers over HTTP. */
  overhear(listener: (heard: Heard) => void): void;
  /** Ends connections; the number ended. */
  drop(order?: DropOrder): number;
  expire(target?: Target): number;
  notice(target?: Target): number;
  stats(): Readonly<Record<string, OriginStats & { open: number }>>;
  /** Ticker updates of one market at a fixed rate, until stopped; one run per market. */
  load(exchange: string, options: LoadOptions): LoadRun;
  close(): Promise<void>;
}

/** Starts venue simulators on one loopback port. */
export async function startSimulator(settings: SimulatorSettings = {}): Promise<Simulator> {
  const { clock = systemClock, seed = 1, symbols = 30, warp = 1, port = 0, options = {} } = settings;
  const server = new SimServer(clock);
  const host = new VenueHost(server, clock, warpClock(clock, warp), seed, symbols);
  const venues = (settings.venues ?? Object.keys(VENUES)).map((name) => factoryOf(name)(host, options));
  const loads = new Loads(venues);
  server.addControl(loads.control());
  server.addControl(loads.report());
  await server.listen(port);
  return {
    port: server.port,
    faults: server.faults,
    ledger: server.ledger,
    accounts: host.accounts,
    markets: Object.assign({}, ...venues.map((venue) => venue.markets)) as Record<string, MarketModel>,
    overrides: () => server.overrides(),
    urlOf: (url) => server.urlOf(url),
    violations: () => server.violations.list(),
    clearViolations: () => server.violations.clear(),
    overhear: (listener) => server.overhear(listener),
    drop: (order) => server.drop(order),
    expire: (target) => server.expire(target),
    notice: (target) => server.notice(target),
    stats: () => server.stats(),
    load: (exchange, load) => loads.start(exchange, load),
    close: async () => {
      loads.stopAll();
      for (const venue of venues) venue.stop();
      await server.close();
    },
  };
}

function factoryOf(name: string): (host: VenueHost, options: SimulatorOptions) => VenueSimulator {
  const factory = VENUES[name];
  if (!factory) throw new Error(`no simulator of ${name}; there are: ${Object.keys(VENUES).join(', ')}`);
  return factory;
}

/** Running loads, one per market. Also `POST /__sim/load {"exchange":"binance","tickersPerSecond":5000}`. */
class Loads {
  private readonly runs = new Map<string, LoadRun>();

  constructor(private readonly venues: readonly VenueSimulator[]) {}

  start(exchange: string, options: LoadOptions): LoadRun {
    const venue = this.venueOf(exchange);
    if (!venue?.load) throw new Error(`no load for ${exchange}`);
    this.stop(exchange);
    const run = venue.load(exchange, options);
    this.runs.set(exchange, run);
    return run;
  }

  stopAll(): void {
    for (const run of this.runs.values()) run.stop();
    this.runs.clear();
  }

  /** `GET /__sim/load`: updates sent so far, by exchange. */
  report(): HttpRoute {
    const sent = (): Record<string, number> =>
      Object.fromEntries([...this.runs].map(([exchange, run]) => [exchange, run.sent()]));
    return { method: 'GET', path: '/load', handle: () => ({ body: sent() }) };
  }

  control(): HttpRoute {
    const schema = z
      .object({
        exchange: z.string().refine((exchange) => this.venueOf(exchange) !== undefined, 'no such market'),
        /** 0 ends the load. */
        tickersPerSecond: z.number().nonnegative().max(1_000_000),
        tickersPerFrame: z.number().int().positive().max(10_000).optional(),
      })
      .strict();
    return order('/load', schema, ({ exchange, ...options }) => ({
      sent: (options.tickersPerSecond > 0 ? this.start(exchange, options) : this.stop(exchange))?.sent() ?? 0,
    }));
  }

  private stop(exchange: string): LoadRun | undefined {
    const run = this.runs.get(exchange);
    run?.stop();
    this.runs.delete(exchange);
    return run;
  }

  private venueOf(exchange: string): VenueSimulator | undefined {
    return this.venues.find((one) => exchange in one.markets);
  }
}
