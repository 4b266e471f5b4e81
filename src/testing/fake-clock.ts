import type { Clock, Timer } from '../domain/time';

interface Pending {
  at: number;
  readonly order: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/** Time that stands still until the test moves it. */
export class FakeClock implements Clock {
  private elapsed = 0;
  private order = 0;
  private readonly pending = new Set<Pending>();

  constructor(private epoch = 1_700_000_000_000) {}

  now(): number {
    return this.epoch + this.elapsed;
  }

  monotonic(): number {
    return this.elapsed;
  }

  after(delayMs: number, run: () => void): Timer {
    return this.add(delayMs, run, undefined);
  }

  every(periodMs: number, run: () => void): Timer {
    // As Node does: a period of 0 would never let time pass.
    const wholeMs = Math.max(1, periodMs);
    return this.add(wholeMs, run, wholeMs);
  }

  cancel(timer: Timer | undefined): void {
    this.pending.delete(timer as Pending);
  }

  get pendingCount(): number {
    return this.pending.size;
  }

  /** The wall clock jumps (a sleeping laptop, NTP); monotonic time does not. */
  jump(ms: number): void {
    this.epoch += ms;
  }

  /** Sets the wall clock (epoch ms); monotonic time does not move. */
  setNow(epochMs: number): void {
    this.epoch = epochMs - this.elapsed;
  }

  /** Runs everything that falls due, in order of time. */
  advance(ms: number): void {
    const end = this.elapsed + ms;
    for (let next = this.nextDue(end); next; next = this.nextDue(end)) this.fire(next);
    this.elapsed = end;
  }

  /** As `advance`, and lets promises settle between the timers. */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await settle();
    for (let next = this.nextDue(end); next; next = this.nextDue(end)) {
      this.fire(next);
      await settle();
    }
    this.elapsed = end;
    await settle();
  }

  private add(delayMs: number, run: () => void, everyMs: number | undefined): Timer {
    const pending = { at: this.elapsed + Math.max(0, delayMs), order: (this.order += 1), everyMs, run };
    this.pending.add(pending);
    return pending;
  }

  private nextDue(end: number): Pending | undefined {
    let first: Pending | undefined;
    for (const one of this.pending) {
      if (one.at > end) continue;
      if (!first || one.at < first.at || (one.at === first.at && one.order < first.order)) first = one;
    }
    return first;
  }

  private fire(next: Pending): void {
    this.elapsed = Math.max(this.elapsed, next.at);
    if (next.everyMs === undefined) this.pending.delete(next);
    else next.at += next.everyMs;
    next.run();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  await new Promise<void>((resolve) => setImmediate(resolve));
}
