import type { Quantiles } from '../domain/status';

/** Bounds grow by a fifth: a quantile is told to that precision. From 0.1 ms to about a minute. */
const GROWTH = 1.2;
const SMALLEST_S = 0.0001;
const BUCKETS = 74;
const SLOT_MS = 10_000;
const SLOTS = 6;

type Counts = Uint32Array<ArrayBuffer>;

/** Durations of about the last minute, for quantiles of now; a Prometheus histogram only knows those since the start. */
export class LatencyWindow {
  private readonly slots: Counts[] = Array.from({ length: SLOTS }, () => new Uint32Array(BUCKETS));
  private current = 0;

  /** Hot path. @param now monotonic ms */
  observe(seconds: number, now: number): void {
    this.turn(now);
    const slot = this.slots[this.current % SLOTS];
    const bucket = bucketOf(seconds);
    if (slot) slot[bucket] = (slot[bucket] ?? 0) + 1;
  }

  addTo(sum: Counts, now: number): void {
    this.turn(now);
    for (const slot of this.slots)
      slot.forEach((count, bucket) => (sum[bucket] = (sum[bucket] ?? 0) + count));
  }

  private turn(now: number): void {
    const wanted = Math.floor(now / SLOT_MS);
    if (wanted - this.current >= SLOTS) this.current = wanted - SLOTS;
    while (this.current < wanted) {
      this.current += 1;
      this.slots[this.current % SLOTS]?.fill(0);
    }
  }
}

/** Of all windows together; undefined where nothing was observed. */
export function quantilesOf(windows: Iterable<LatencyWindow>, now: number): Quantiles | undefined {
  const sum: Counts = new Uint32Array(BUCKETS);
  for (const window of windows) window.addTo(sum, now);
  const count = sum.reduce((total, one) => total + one, 0);
  if (count === 0) return undefined;
  return { p50: quantile(sum, count * 0.5), p99: quantile(sum, count * 0.99), count };
}

function bucketOf(seconds: number): number {
  if (seconds <= SMALLEST_S) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(seconds / SMALLEST_S) / Math.log(GROWTH)));
}

/** The upper bound of the bucket: never better than the truth. */
function quantile(counts: Counts, rank: number): number {
  let seen = 0;
  const bucket = counts.findIndex((count) => (seen += count) >= rank && count > 0);
  return SMALLEST_S * GROWTH ** Math.max(0, bucket);
}
