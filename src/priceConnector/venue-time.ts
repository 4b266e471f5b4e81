import type { Clock } from '../domain/time';

const FORGET = 0.01;

/**
 * The venue's clock, estimated from the event times of its frames. Decides which bars must have
 * closed by now; never rewrites a venue's time.
 */
export class VenueTime {
  private offsetMs: number | undefined;

  constructor(private readonly clock: Clock) {}

  /** The newest frame is the best witness; slower ones pull the estimate down only slowly. */
  observe(venueTimeMs: number): void {
    const seen = venueTimeMs - this.clock.now();
    if (this.offsetMs === undefined || seen > this.offsetMs) this.offsetMs = seen;
    else this.offsetMs += FORGET * (seen - this.offsetMs);
  }

  /** Epoch ms by the venue's clock; ours until a frame has come. */
  now(): number {
    return this.clock.now() + (this.offsetMs ?? 0);
  }
}
