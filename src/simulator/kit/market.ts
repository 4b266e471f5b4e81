import { barStart, type Interval } from '../../domain/interval';
import type { Timer } from '../../domain/time';
import { firstStarts, lastStarts } from './bar-starts';
import { BarBuilder, type Bar, type SimCandle } from './bars';
import type { VenueClock } from './clock';
import type { Ledger } from './ledger';
import { SymbolModel, type SymbolSpec } from './symbol';
import { DayRange, tickerOf, type SimTicker } from './ticker';

export interface MarketOptions {
  /** Published exchange id: names the entries of the ledger. */
  readonly exchange: string;
  readonly symbols: readonly SymbolSpec[];
  readonly seed: number;
  readonly clock: VenueClock;
  readonly ledger: Ledger;
  /** Epoch ms before which nothing traded; default: two UTC days before today's. */
  readonly bornAt?: number;
}

export interface HistoryQuery {
  /** Inclusive bounds of the open time. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** At most so many: the first ones from `from`, else the last ones. */
  readonly limit: number;
}

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const PUMP_MS = 100;
/** Under time warp, still no more often than this in real time. */
const PUMP_REAL_MS = 20;

interface LiveBar {
  readonly model: SymbolModel;
  readonly interval: Interval;
  bar: Bar;
}

/**
 * Prices and candles of one market: one trade batch per symbol and second of venue time, a pure
 * function of (seed, symbol, second). Only watched candles cost time while it runs.
 */
export class MarketModel {
  private readonly models = new Map<string, SymbolModel>();
  private readonly builders = new Map<string, BarBuilder>();
  private readonly live = new Map<string, LiveBar>();
  private readonly ranges = new Map<string, DayRange>();
  private readonly listeners = new Set<(candle: SimCandle) => void>();
  private readonly bornAt: number;
  /** Exclusive end (in seconds) of what live bars hold. */
  private nextSecond: number;
  private timer: Timer | undefined;

  constructor(private readonly options: MarketOptions) {
    const { clock, symbols, seed } = options;
    this.bornAt = options.bornAt ?? Math.floor(clock.now() / DAY) * DAY - 2 * DAY;
    this.nextSecond = Math.floor(clock.now() / SECOND) + 1;
    for (const spec of symbols) this.models.set(spec.symbol, new SymbolModel(spec, seed));
  }

  start(): void {
    const { clock } = this.options;
    this.timer ??= clock.every(Math.max(PUMP_MS, PUMP_REAL_MS * clock.factor), () => this.advance());
  }

  stop(): void {
    this.options.clock.cancel(this.timer);
    this.timer = undefined;
    this.listeners.clear();
  }

  /** Epoch ms of the venue's clock. */
  now(): number {
    return this.options.clock.now();
  }

  get symbols(): readonly SymbolSpec[] {
    return this.options.symbols;
  }

  symbol(name: string): SymbolSpec | undefined {
    return this.models.get(name)?.spec;
  }

  /** From now on `onClosed` reports this candle and the ledger holds its closed bars. */
  watch(symbol: string, interval: Interval): void {
    const key = `${symbol} ${interval}`;
    if (this.live.has(key)) return;
    const model = this.model(symbol);
    const start = barStart(interval, (this.nextSecond - 1) * SECOND);
    const bar = this.builder(symbol).bar(interval, start, this.nextSecond * SECOND);
    this.live.set(key, { model, interval, bar });
  }

  /** The forming bar of a watched candle. */
  candle(symbol: string, interval: Interval): SimCandle {
    const live = this.live.get(`${symbol} ${interval}`);
    if (!live) throw new Error(`not watched: ${symbol} ${interval}`);
    return live.bar.candle(live.model, interval, false);
  }

  /** Oldest first; the newest may still be forming (`isClosed` false). */
  history(symbol: string, interval: Interval, { from, to, limit }: HistoryQuery): readonly SimCandle[] {
    const builder = this.builder(symbol);
    const model = this.model(symbol);
    const now = this.now();
    const until = (Math.floor(now / SECOND) + 1) * SECOND;
    const last = barStart(interval, Math.min(to ?? now, now));
    const first = Math.max(from ?? -Infinity, builder.firstStart(interval));
    const starts = from === undefined ? lastStarts : firstStarts;
    return starts(interval, first, last, limit)
      .map((start) => builder.bar(interval, start, until))
      .filter((bar) => !bar.isEmpty)
      .map((bar) => bar.candle(model, interval, bar.end <= now));
  }

  ticker(symbol: string): SimTicker {
    const model = this.model(symbol);
    const second = Math.floor(this.now() / SECOND);
    let range = this.ranges.get(symbol);
    if (!range) this.ranges.set(symbol, (range = new DayRange(model)));
    return tickerOf(model, second, range.at(second));
  }

  /** Every watched bar once, when it is complete. */
  onClosed(listener: (candle: SimCandle) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private advance(): void {
    const until = Math.floor(this.now() / SECOND) + 1;
    for (; this.nextSecond < until; this.nextSecond += 1) {
      for (const live of this.live.values()) this.addSecond(live, this.nextSecond);
    }
  }

  private addSecond(live: LiveBar, second: number): void {
    const { model, interval } = live;
    if (second * SECOND >= live.bar.end) {
      const closed = live.bar.candle(model, interval, true);
      const start = live.bar.end;
      live.bar = this.builder(model.spec.symbol).bar(interval, start, start);
      this.record(closed);
    }
    live.bar.addStep(second, model.stepAt(second));
  }

  private record(candle: SimCandle): void {
    const { symbol, interval, start, open, high, low, close, volume } = candle;
    const { exchange, ledger } = this.options;
    ledger.add({ kind: 'candle', exchange, symbol, interval, start, open, high, low, close, volume });
    for (const listener of this.listeners) listener(candle);
  }

  private model(symbol: string): SymbolModel {
    const model = this.models.get(symbol);
    if (!model) throw new Error(`no such symbol: ${symbol}`);
    return model;
  }

  private builder(symbol: string): BarBuilder {
    let builder = this.builders.get(symbol);
    if (!builder) {
      builder = new BarBuilder(this.model(symbol), this.bornAt);
      this.builders.set(symbol, builder);
    }
    return builder;
  }
}
