import type { Candle } from '../domain/events';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Broker } from './ports';
import { rabbitCandle } from './render';
import { candleKey } from './routes';

/** Forming candles to RabbitMQ: transient, newest per key, sent once per period. */
export class OpenCandles {
  private readonly latest = new Map<string, Candle>();
  private readonly timer: Timer;

  constructor(
    private readonly broker: Broker,
    private readonly telemetry: Telemetry,
    private readonly clock: Clock,
    periodMs: number,
  ) {
    this.timer = clock.every(periodMs, () => this.flush());
  }

  offer(candle: Candle): void {
    this.latest.set(candleKey(candle), candle);
  }

  /** The closed candle of this bar is on its way: an open one must not follow it. */
  forget(candle: Candle): void {
    const routingKey = candleKey(candle);
    const open = this.latest.get(routingKey);
    if (open && open.start <= candle.start) this.latest.delete(routingKey);
  }

  close(): void {
    this.clock.cancel(this.timer);
    this.latest.clear();
  }

  private flush(): void {
    const now = this.clock.now();
    for (const [routingKey, candle] of this.latest) {
      const isAccepted = this.broker.publish({
        routingKey,
        body: rabbitCandle(candle),
        properties: {
          type: 'candle',
          timestamp: now,
          persistent: false,
          headers: { 'x-exchange': candle.exchange, 'x-closed': false },
        },
      });
      if (!isAccepted) return;
      this.latest.delete(routingKey);
      this.telemetry.meter.count('connector_published_total', {
        exchange: candle.exchange,
        door: 'rabbit',
        kind: 'candle',
      });
    }
  }
}
