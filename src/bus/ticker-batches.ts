import type { Ticker } from '../domain/events';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Broker } from './ports';
import { tickerBatch } from './render';
import { tickerKey } from './routes';

interface Market {
  readonly tickers: Map<string, Ticker>;
  oldestReceivedAt: number;
}

/**
 * Tickers to RabbitMQ: one transient message per market and period, newest value per symbol. While
 * the broker is away or its socket is full, values keep being replaced: bounded by the symbols.
 */
export class TickerBatches {
  private readonly markets = new Map<string, Market>();
  private readonly timer: Timer;
  private readonly unsubscribe: readonly (() => void)[];

  constructor(
    private readonly broker: Broker,
    private readonly telemetry: Telemetry,
    private readonly clock: Clock,
    periodMs: number,
  ) {
    this.timer = clock.every(periodMs, () => this.flush());
    this.unsubscribe = [broker.onReady(() => this.flush()), broker.onWritable(() => this.flush())];
  }

  offer(ticker: Ticker, receivedAt: number): void {
    let market = this.markets.get(ticker.exchange);
    if (!market) {
      market = { tickers: new Map(), oldestReceivedAt: receivedAt };
      this.markets.set(ticker.exchange, market);
    }
    if (market.tickers.size === 0) market.oldestReceivedAt = receivedAt;
    market.tickers.set(ticker.symbol, ticker);
  }

  close(): void {
    this.clock.cancel(this.timer);
    for (const stop of this.unsubscribe) stop();
    this.markets.clear();
  }

  private flush(): void {
    if (!this.broker.ready) return;
    const now = this.clock.now();
    for (const [exchange, market] of this.markets) {
      if (market.tickers.size === 0) continue;
      if (!this.send(exchange, market, now)) return;
    }
  }

  private send(exchange: string, market: Market, now: number): boolean {
    const isAccepted = this.broker.publish({
      routingKey: tickerKey(exchange),
      body: tickerBatch(exchange, market.tickers.values()),
      properties: { type: 'tickers', timestamp: now, persistent: false, headers: { 'x-exchange': exchange } },
    });
    if (!isAccepted) return false;
    const labels = { exchange, door: 'rabbit', kind: 'ticker' };
    this.telemetry.meter.count('connector_published_total', labels, market.tickers.size);
    this.telemetry.meter.observe(
      'connector_publish_latency_seconds',
      Math.max(0, now - market.oldestReceivedAt) / 1_000,
      labels,
    );
    market.tickers.clear();
    return true;
  }
}
