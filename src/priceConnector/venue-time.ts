import type { Clock } from '../domain/time';
import type { ClockOffset } from './clock-offset';

const FORGET = 0.01;
/** Further ahead no honest frame is: clocks of venues agree to seconds, once their offset is known. */
const TOLERANCE_MS = 60_000;
/** One frame may be wrong about the time; where so many in a row say the same, our clock is. */
const BELIEVED_AFTER = 5;

/**
 * The venue's clock, estimated from the event times of its frames. Decides which bars must have
 * closed by now, and which times cannot be true; never rewrites a venue's time.
 */
export class VenueTime {
  private offsetMs: number | undefined;
  /** Frames in a row that are far from the estimate. */
  private strays = 0;

  constructor(
    private readonly clock: Clock,
    /** Of the venue's clock, as measured by asking it. */
    private readonly measured: Pick<ClockOffset, 'ms'> = { ms: undefined },
  ) {}

  /** False: so far ahead of the venue's clock that nothing may be concluded from it, nor published with it. */
  isCredible(venueTimeMs: number): boolean {
    const ahead = venueTimeMs - this.clock.now();
    return ahead <= Math.max(this.measured.ms ?? 0, this.offsetMs ?? -Infinity) + TOLERANCE_MS;
  }

  /**
   * Once per frame: the newest is the best witness; slower ones pull the estimate down only slowly.
   * False: the frame is not to be believed.
   */
  observe(venueTimeMs: number): boolean {
    const seen = venueTimeMs - this.clock.now();
    const isCredible = this.isCredible(venueTimeMs);
    const isFar = !isCredible || seen < (this.offsetMs ?? seen) - TOLERANCE_MS;
    this.strays = isFar ? this.strays + 1 : 0;
    if (isFar && this.strays < BELIEVED_AFTER) {
      if (isCredible) this.pull(seen);
      return isCredible;
    }
    if (isFar || this.offsetMs === undefined || seen > this.offsetMs) this.offsetMs = seen;
    else this.pull(seen);
    return true;
  }

  /** Epoch ms by the venue's clock; ours until a frame has come. */
  now(): number {
    return this.clock.now() + (this.offsetMs ?? 0);
  }

  private pull(seen: number): void {
    if (this.offsetMs !== undefined) this.offsetMs += FORGET * (seen - this.offsetMs);
  }
}
