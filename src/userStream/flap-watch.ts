/** Counts reconnects in a sliding window. Pure but for its memory. */
export class FlapWatch {
  private times: number[] = [];

  constructor(private readonly policy: { readonly windowMs: number; readonly threshold: number }) {}

  /** The number of reconnects in the window where that just reached the threshold; told once per window. */
  reconnected(now: number): number | undefined {
    this.times = [...this.times.filter((at) => now - at < this.policy.windowMs), now];
    if (this.times.length < this.policy.threshold) return undefined;
    const count = this.times.length;
    this.times = [];
    return count;
  }
}
