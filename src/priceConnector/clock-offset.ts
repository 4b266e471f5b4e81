import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';

/** The first rush of a start makes every answer late. */
const FIRST_MS = 3_000;
const EVERY_MS = 600_000;
const RETRY_MS = 60_000;
/** Asked so often in a row: the quickest answer tells the time best. */
const ASKED = 5;
const BETWEEN_MS = 500;
/** An answer that took longer tells the time too vaguely. */
const LONGEST_TRIP_MS = 2_000;

interface Measured {
  readonly offsetMs: number;
  readonly tripMs: number;
}

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
    if (this.serverTime && this.timer === undefined) this.after(FIRST_MS, []);
  }

  stop(): void {
    this.isStopped = true;
    this.deps.clock.cancel(this.timer);
  }

  private after(delayMs: number, round: readonly Measured[]): void {
    if (this.isStopped) return;
    this.timer = this.deps.clock.after(delayMs, () => {
      void this.ask().then((measured) => this.answered(measured, round));
    });
  }

  private answered(measured: Measured | undefined, before: readonly Measured[]): void {
    // A venue that does not answer now is left alone for a while.
    const round = measured ? [...before, measured] : before;
    if (measured && round.length < ASKED) return this.after(BETWEEN_MS, round);
    const [best] = [...round].sort((a, b) => a.tripMs - b.tripMs);
    if (best) this.learn(best.offsetMs);
    this.after(measured ? EVERY_MS : RETRY_MS, []);
  }

  private learn(offsetMs: number): void {
    this.measuredMs = offsetMs;
    const { venue } = this;
    this.deps.telemetry.meter.gauge('connector_clock_offset_seconds', offsetMs / 1_000, { venue });
  }

  /** Never rejects. */
  private async ask(): Promise<Measured | undefined> {
    const { clock, telemetry } = this.deps;
    try {
      const before = clock.now();
      const since = clock.monotonic();
      const theirs = (await this.serverTime?.()) ?? NaN;
      const tripMs = clock.monotonic() - since;
      const offsetMs = theirs - (before + tripMs / 2);
      return tripMs <= LONGEST_TRIP_MS && Number.isFinite(offsetMs) ? { offsetMs, tripMs } : undefined;
    } catch (error) {
      telemetry.log.debug({ venue: this.venue, error: errorText(error) }, "venue's clock not measured");
      return undefined;
    }
  }
}
