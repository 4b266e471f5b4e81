import { slopeOf } from './slope';

const SAMPLE_MS = 250;

/**
 * The heaps of the threads breathe: up to 100 MB up and down within a minute of steady load. Updates that queue
 * up show as 60 MB per second and more.
 */
export const FLAT_MB_PER_SECOND = 10;

/** Memory over time: the slope tells growth from size. */
export class RssWatch {
  private readonly samples: { readonly x: number; readonly y: number }[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(read: () => number) {
    const sample = (): void => {
      this.samples.push({ x: performance.now() / 1_000, y: read() / 2 ** 20 });
    };
    sample();
    this.timer = setInterval(sample, SAMPLE_MS);
  }

  /** Least squares, MB per second, and the last size. */
  stop(): { readonly slope: number; readonly mb: number } {
    clearInterval(this.timer);
    return { slope: slopeOf(this.samples), mb: this.samples.at(-1)?.y ?? NaN };
  }
}
