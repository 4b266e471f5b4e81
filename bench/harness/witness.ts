import type { Candle } from '../../src/domain/events';
import { BarBook } from '../../src/testing/bar-book';
import { connectRabbit, hearEvents } from './rabbit';

interface Batch {
  readonly exchange: string;
  readonly tickers: readonly { readonly symbol: string }[];
}

/** A consumer of RabbitMQ that remembers what came: ticker counts per exchange, closed candles for good. */
export class Witness {
  /** Ticker updates per exchange since the last `takeRates`. */
  private tickers = new Map<string, number>();
  private since = performance.now();
  readonly symbols = new Map<string, Set<string>>();
  readonly lastTicker = new Map<string, number>();
  /** By `exchange symbol interval`. */
  readonly closed = new BarBook();
  duplicates = 0;

  static async open(env: Readonly<Record<string, string>>): Promise<Witness> {
    const witness = new Witness();
    const model = await connectRabbit(env);
    const channel = await model.createChannel();
    await hearEvents(channel, ['candle.#', 'ticker.#'], (content, key) => witness.heard(key, content));
    witness.close = () => model.close();
    witness.ask = (body) => channel.publish('gainium', 'candlesRequests', Buffer.from(JSON.stringify(body)));
    return witness;
  }

  /** Sends a body to the request queue. */
  ask: (body: unknown) => void = () => undefined;

  close: () => Promise<void> = () => Promise.resolve();

  /** Updates per second and exchange since the last call. */
  takeRates(): Map<string, number> {
    const now = performance.now();
    const seconds = (now - this.since) / 1_000;
    const rates = new Map([...this.tickers].map(([exchange, count]) => [exchange, count / seconds]));
    this.tickers = new Map();
    this.since = now;
    return rates;
  }

  private heard(routingKey: string, content: Buffer): void {
    const body: unknown = JSON.parse(content.toString());
    if (routingKey.startsWith('ticker.')) this.batch(body as Batch);
    else this.candle(body as Candle);
  }

  private batch({ exchange, tickers }: Batch): void {
    this.tickers.set(exchange, (this.tickers.get(exchange) ?? 0) + tickers.length);
    this.lastTicker.set(exchange, performance.now());
    const known = this.symbols.get(exchange) ?? new Set();
    for (const { symbol } of tickers) known.add(symbol);
    this.symbols.set(exchange, known);
  }

  private candle(candle: Candle): void {
    if (!candle.closed) return;
    const { exchange, symbol, interval, start } = candle;
    if (!this.closed.add(`${exchange} ${symbol} ${interval}`, start, candle)) this.duplicates += 1;
  }
}
