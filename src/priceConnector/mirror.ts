import type { MarketEvent, Ticker } from '../domain/events';
import type { Clock, Timer } from '../domain/time';

const PERIOD_MS = 50;
const MAX_CANDLES = 10_000;

/**
 * Events on their way to the main thread's listeners, in batches: newest ticker per symbol, candles in
 * order. A copy for convenience: bounded, and never in the way of the doors.
 */
export class Mirror {
  private readonly tickers = new Map<string, Ticker>();
  private candles: MarketEvent[] = [];
  private isOn = false;
  private readonly timer: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly send: (events: readonly MarketEvent[]) => void,
  ) {
    this.timer = clock.every(PERIOD_MS, () => this.flush());
  }

  switch(on: boolean): void {
    this.isOn = on;
    if (on) return;
    this.tickers.clear();
    this.candles = [];
  }

  offer(event: MarketEvent): void {
    if (!this.isOn) return;
    if (event.eventType === 'ticker') this.tickers.set(`${event.symbol}@${event.exchange}`, event);
    else if (this.candles.length < MAX_CANDLES) this.candles.push(event);
  }

  stop(): void {
    this.flush();
    this.clock.cancel(this.timer);
  }

  private flush(): void {
    if (this.tickers.size === 0 && this.candles.length === 0) return;
    const events = [...this.candles, ...this.tickers.values()];
    this.candles = [];
    this.tickers.clear();
    this.send(events);
  }
}
