import type { Candle, Ticker } from '../domain/events';
import type { ExchangeId } from '../domain/exchange';
import type { Interval } from '../domain/interval';
import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import { becameReadyOrLate } from './becoming-ready';
import type { Store } from './ports';

export interface LastValueKeys {
  tickers(exchange: ExchangeId): string;
  candles(exchange: ExchangeId): string;
}

/** Without its cursor a series would begin with the bar of now, and miss those of the restart. */
const CURSOR_PATIENCE_MS = 10_000;
const TICKER_TTL_MS = 3_600_000;
const CANDLE_TTL_MS = 7 * 24 * 3_600_000;
/** A few at a time: one large write would keep the events of that moment waiting, here and in Redis. */
const FIELDS_PER_WRITE = 200;
/** Of an exchange: a market of thousands of symbols is written within some seconds, oldest first, not at once. */
const TICKERS_PER_PERIOD = 400;

/**
 * Last ticker per symbol and last confirmed closed candle per symbol and interval, in one Redis hash
 * per exchange each, for late joiners and as the cursor of the candle back-fill. Written every
 * period, newest per field: bounded by the number of symbols while Redis is away.
 */
export class LastValues {
  private readonly tickers = new Map<ExchangeId, Map<string, Ticker>>();
  private readonly candles = new Map<ExchangeId, Map<string, Candle>>();
  private readonly timer: Timer;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly store: Store,
    private readonly keys: LastValueKeys,
    private readonly telemetry: Telemetry,
    private readonly clock: Clock,
    periodMs: number,
  ) {
    this.timer = clock.every(periodMs, () => {
      if (!this.writing) void this.write(TICKERS_PER_PERIOD);
    });
  }

  ticker(ticker: Ticker): void {
    fieldsOf(this.tickers, ticker.exchange).set(ticker.symbol, ticker);
  }

  /** Called only once the broker has confirmed the candle: the cursor never runs ahead of delivery. */
  candle(candle: Candle): void {
    fieldsOf(this.candles, candle.exchange).set(candleField(candle.symbol, candle.interval), candle);
  }

  /** Open time of the last confirmed closed bar, from before this process or thread. */
  async candleCursor(exchange: ExchangeId, symbol: string, interval: Interval): Promise<number | undefined> {
    const field = candleField(symbol, interval);
    const pending = this.candles.get(exchange)?.get(field);
    if (pending) return pending.start;
    // A thread that has just started may be faster than its connection.
    await becameReadyOrLate(this.store, this.clock, CURSOR_PATIENCE_MS);
    const [text] = await this.store.hashGet(this.keys.candles(exchange), [field]);
    return text === undefined ? undefined : startOf(text);
  }

  /** Writes what is pending, after a write that is running; failures keep it pending. */
  async write(tickersPerExchange = Infinity): Promise<void> {
    await this.writing;
    this.writing = this.writePending(tickersPerExchange);
    await this.writing;
    this.writing = undefined;
  }

  close(): void {
    this.clock.cancel(this.timer);
  }

  private async writePending(tickersPerExchange: number): Promise<void> {
    if (!this.store.ready) return;
    try {
      for (const [exchange, fields] of this.tickers) {
        await this.writeHash(this.keys.tickers(exchange), fields, TICKER_TTL_MS, tickersPerExchange);
      }
      for (const [exchange, fields] of this.candles) {
        await this.writeHash(this.keys.candles(exchange), fields, CANDLE_TTL_MS);
      }
    } catch (error) {
      this.telemetry.log.debug({ error: errorText(error) }, 'last values not written; they stay pending');
    }
  }

  private async writeHash(
    key: string,
    fields: Map<string, Ticker | Candle>,
    ttlMs: number,
    most = Infinity,
  ): Promise<void> {
    const taken = [...fields].slice(0, most);
    for (let at = 0; at < taken.length; at += FIELDS_PER_WRITE) {
      const some = taken.slice(at, at + FIELDS_PER_WRITE);
      await this.store.hashSet(
        key,
        new Map(some.map(([field, value]) => [field, JSON.stringify(value)])),
        ttlMs,
      );
      for (const [field, value] of some) settle(fields, field, value);
    }
  }
}

/** Written: gone, or, where a newer value has come meanwhile, behind those that have waited longer. */
function settle<T>(fields: Map<string, T>, field: string, written: T): void {
  const newest = fields.get(field);
  fields.delete(field);
  if (newest !== undefined && newest !== written) fields.set(field, newest);
}

function candleField(symbol: string, interval: Interval): string {
  return `${symbol}@${interval}`;
}

function fieldsOf<T>(all: Map<ExchangeId, Map<string, T>>, exchange: ExchangeId): Map<string, T> {
  let fields = all.get(exchange);
  if (!fields) {
    fields = new Map();
    all.set(exchange, fields);
  }
  return fields;
}

/** The cursor is only a hint: whatever else may stand in the field is ignored. */
function startOf(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const start = typeof value === 'object' && value !== null && 'start' in value ? value.start : undefined;
    return typeof start === 'number' && Number.isSafeInteger(start) ? start : undefined;
  } catch {
    return undefined;
  }
}
