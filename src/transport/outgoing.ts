import type { Rate } from '../venues/contract';
import type { Clock, Timer } from '../domain/time';
import { RateSchedule } from './limits';

interface Waiting {
  readonly send: () => void;
  /** Counted against the venue's separate limit on requests. */
  readonly isRequest: boolean;
}

/**
 * Outgoing frames of one connection, in order, within the venue's rates. Bounded by its callers: one
 * ping and the frames of one replay of the topics. Cleared when the connection ends.
 */
export class Outgoing {
  private readonly frames: RateSchedule;
  private readonly requests: RateSchedule | undefined;
  private readonly queue: Waiting[] = [];
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    rates: { readonly outgoing: Rate; readonly requests?: Rate },
  ) {
    this.frames = new RateSchedule([rates.outgoing]);
    this.requests = rates.requests && new RateSchedule([rates.requests]);
  }

  get length(): number {
    return this.queue.length;
  }

  request(send: () => void): void {
    this.queue.push({ send, isRequest: true });
    this.pump();
  }

  /** Pings go first: a late ping costs the connection. */
  ping(send: () => void): void {
    this.queue.unshift({ send, isRequest: false });
    this.pump();
  }

  pauseFor(delayMs: number): void {
    this.frames.pauseUntil(this.clock.monotonic() + delayMs);
  }

  clear(): void {
    this.queue.length = 0;
    this.clock.cancel(this.timer);
    this.timer = undefined;
  }

  private pump(): void {
    if (this.timer !== undefined) return;
    const head = this.queue[0];
    if (!head) return;
    const now = this.clock.monotonic();
    const at = Math.max(
      this.frames.reserve(now),
      head.isRequest && this.requests ? this.requests.reserve(now) : now,
    );
    if (at <= now) this.sendNext();
    else this.timer = this.clock.after(at - now, () => this.sendNext());
  }

  /** The reserved slot goes to whatever is first by then: a ping may have overtaken. */
  private sendNext(): void {
    this.timer = undefined;
    this.queue.shift()?.send();
    this.pump();
  }
}
