import type { Telemetry } from '../domain/telemetry';
import type { ClockOffset } from './clock-offset';

/** Sampled: a histogram of every frame would cost more than the frame. */
const EVERY_MS = 20;
/** Beyond this a clock has jumped since it was measured, and the difference is no latency. */
const LONGEST_MS = 60_000;

/** How old tickers are when they reach us. Only tickers: a candle's time is a stand-in at some venues. */
export class VenueLatency {
  private lastAt = -Infinity;

  constructor(
    private readonly exchange: string,
    private readonly offset: Pick<ClockOffset, 'ms'>,
    private readonly telemetry: Telemetry,
  ) {}

  /** Hot path. @param venueTime epoch ms by the venue's clock */
  observe(venueTime: number, receivedAt: number): void {
    if (Math.abs(receivedAt - this.lastAt) < EVERY_MS) return;
    this.lastAt = receivedAt;
    const offsetMs = this.offset.ms;
    if (offsetMs === undefined) return;
    const latencyMs = receivedAt - (venueTime - offsetMs);
    if (Math.abs(latencyMs) > LONGEST_MS) return;
    const labels = { exchange: this.exchange, channel: 'ticker' };
    // A measured offset is right to some ms: the fastest frames may seem to come from the future.
    this.telemetry.meter.observe('connector_venue_latency_seconds', Math.max(0, latencyMs) / 1_000, labels);
  }
}
