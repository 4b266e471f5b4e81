import type { Clock, Timer } from '../../domain/time';

/** One-shot timers with one owner, who can end them all. */
export class TimerSet {
  private readonly pending = new Set<Timer>();

  constructor(private readonly clock: Clock) {}

  after(delayMs: number, run: () => void): Timer {
    const timer = this.clock.after(delayMs, () => {
      this.pending.delete(timer);
      run();
    });
    this.pending.add(timer);
    return timer;
  }

  cancel(timer: Timer): void {
    this.clock.cancel(timer);
    this.pending.delete(timer);
  }

  clear(): void {
    for (const timer of this.pending) this.clock.cancel(timer);
    this.pending.clear();
  }
}
