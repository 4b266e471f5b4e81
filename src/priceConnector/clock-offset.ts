import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';

const EVERY_MS = 600_000;
const RETRY_MS = 60_000;
/** An answer that took longer tells the time too vaguely. */
const LONGEST_TRIP_MS = 2_000;

/**
 * The venue's clock against ours, measured by its server time: without it a latency would mostly tell how
 * well two clocks agree. Only measures; nothing that is published depends on it.
 */
export class ClockOffset {
  private measuredMs: number | undefined;
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(
    private readonly venue: string,
    /** The venue's time, epoch ms; absent where the venue does not tell it. */
    private readonly serverTime: (() => Promise<number>) | undefined,
    private readonly deps: { readonly clock: Clock; readonly telemetry: Telemetry },
  ) {}

  /** Venue minus ours, ms; undefined until it was measured. */
  get ms(): number | undefined {
    return this.measuredMs;
  }

  /** Idempotent. */
  start(): void {
    if (this.serverTime && this.timer === undefined) this.next(0, this.serverTime);
  }

  stop(): void {
    this.isStopped = true;
    this.deps.clock.cancel(this.timer);
  }

  private next(delayMs: number, serverTime: () => Promise<number>): void {
    if (this.isStopped) return;
    this.timer = this.deps.clock.after(delayMs, () => {
      void this.measure(serverTime).then((isDone) => this.next(isDone ? EVERY_MS : RETRY_MS, serverTime));
    });
  }

  /** Never rejects. */
  private async measure(serverTime: () => Promise<number>): Promise<boolean> {
    const { clock, telemetry } = this.deps;
    try {
      const before = clock.now();
      const theirs = await serverTime();
      const tripMs = clock.now() - before;
      if (tripMs > LONGEST_TRIP_MS) return false;
      this.measuredMs = theirs - (before + tripMs / 2);
      const { venue } = this;
      telemetry.meter.gauge('connector_clock_offset_seconds', this.measuredMs / 1_000, { venue });
      return true;
    } catch (error) {
      telemetry.log.debug({ venue: this.venue, error: errorText(error) }, "venue's clock not measured");
      return false;
    }
  }
}
