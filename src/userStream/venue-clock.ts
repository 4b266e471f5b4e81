import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';

const FRESH_MS = 600_000;
const unknown = (): number => -Infinity;

/**
 * The venue's clock, measured by its server time: signatures carry it, so that a skew of ours is no
 * refused key. Shared by all accounts of a venue.
 */
export class VenueClock {
  private offsetMs = 0;
  private measuredAt = -Infinity;
  private measuring: Promise<void> | undefined;

  constructor(
    private readonly venue: string,
    private readonly deps: { readonly clock: Clock; readonly telemetry: Telemetry },
  ) {}

  readonly now = (): number => Math.round(this.deps.clock.now() + this.offsetMs);

  /**
   * Measures where the last measurement is old; a failure leaves the estimate as it was.
   * @param sentAt when the question really left: it may have waited its turn (epoch ms)
   */
  async sync(serverTime: () => Promise<number>, sentAt: () => number = unknown): Promise<void> {
    if (this.deps.clock.monotonic() - this.measuredAt < FRESH_MS) return;
    this.measuring ??= this.measure(serverTime, sentAt).finally(() => (this.measuring = undefined));
    await this.measuring;
  }

  /** The venue said that our time was off. */
  distrust(): void {
    this.measuredAt = -Infinity;
  }

  private async measure(serverTime: () => Promise<number>, sentAt: () => number): Promise<void> {
    const { clock, telemetry } = this.deps;
    try {
      const asked = clock.now();
      const theirs = await serverTime();
      const after = clock.now();
      const before = Math.max(asked, Math.min(after, sentAt()));
      this.offsetMs = theirs - (before + after) / 2;
      this.measuredAt = clock.monotonic();
      telemetry.meter.gauge('connector_clock_offset_seconds', this.offsetMs / 1_000, { venue: this.venue });
    } catch (error) {
      telemetry.log.warn({ venue: this.venue, error: errorText(error) }, "venue's clock not measured");
    }
  }
}
