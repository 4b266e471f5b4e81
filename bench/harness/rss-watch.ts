const SAMPLE_MS = 250;

/**
 * The heaps of the threads breathe: up to 100 MB up and down within a minute of steady load. Updates that queue
 * up show as 60 MB per second and more.
 */
export const FLAT_MB_PER_SECOND = 10;

/** Memory over time: the slope tells growth from size. */
export class RssWatch {
  private readonly samples: { readonly seconds: number; readonly mb: number }[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(read: () => number) {
    const sample = (): void => {
      this.samples.push({ seconds: performance.now() / 1_000, mb: read() / 2 ** 20 });
    };
    sample();
    this.timer = setInterval(sample, SAMPLE_MS);
  }

  /** Least squares, MB per second, and the last size. */
  stop(): { readonly slope: number; readonly mb: number } {
    clearInterval(this.timer);
    const { samples } = this;
    const mean = (pick: (one: (typeof samples)[number]) => number): number =>
      samples.reduce((sum, one) => sum + pick(one), 0) / samples.length;
    const at = mean(({ seconds }) => seconds);
    const size = mean(({ mb }) => mb);
    const covariance = mean(({ seconds, mb }) => (seconds - at) * (mb - size));
    const variance = mean(({ seconds }) => (seconds - at) ** 2);
    return { slope: variance === 0 ? 0 : covariance / variance, mb: samples.at(-1)?.mb ?? NaN };
  }
}
