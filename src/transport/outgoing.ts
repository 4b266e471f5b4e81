import type { Rate } from '../venues/contract';
import type { Clock, Timer } from '../domain/time';
import { RateSchedule } from './limits';

/** A replay of all topics needs a few dozen; more means that wishes change faster than we may speak. */
const MAX_WAITING = 1_000;

/**
 * Outgoing frames of one connection, in order, within the venue's rates. When too many requests wait
 * the session is over (`onOverflow`): a new one says the same in fewer words.
 */
export class Outgoing {
  private readonly frames: RateSchedule;
  /** The venue's separate limit on requests; empty where it has none. */
  private readonly requests: RateSchedule;
  private readonly queue: (() => void)[] = [];
  private waitingPing: (() => void) | undefined;
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    rates: { readonly outgoing: Rate; readonly requests?: Rate },
    private readonly onOverflow: () => void,
  ) {
    this.frames = new RateSchedule([rates.outgoing]);
    this.requests = new RateSchedule(rates.requests ? [rates.requests] : []);
  }

  /** Requests that wait to be sent. */
  get length(): number {
    return this.queue.length;
  }

  request(send: () => void): void {
    if (this.queue.length >= MAX_WAITING) return this.onOverflow();
    this.queue.push(send);
    this.pump();
  }

  /** Pings go first, and wait for no limit of requests: a late ping costs the connection. */
  ping(send: () => void): void {
    this.waitingPing = send;
    this.pump();
  }

  /** The venue asked for silence. Pings go on: without them the link would be taken for dead. */
  pauseRequests(delayMs: number): void {
    this.requests.pauseUntil(this.clock.monotonic() + delayMs);
  }

  clear(): void {
    this.queue.length = 0;
    this.waitingPing = undefined;
    this.clock.cancel(this.timer);
    this.timer = undefined;
  }

  /** The due time is computed anew at every turn: a ping or a pause may have come in between. */
  private pump(): void {
    while (this.waitingPing || this.queue.length > 0) {
      const now = this.clock.monotonic();
      const at = this.waitingPing
        ? this.frames.earliest(now)
        : Math.max(this.frames.earliest(now), this.requests.earliest(now));
      if (at > now) return this.pumpAfter(at - now);
      this.sendNext(now);
    }
  }

  private pumpAfter(delayMs: number): void {
    this.clock.cancel(this.timer);
    this.timer = this.clock.after(delayMs, () => this.pump());
  }

  private sendNext(now: number): void {
    this.frames.take(now);
    const ping = this.waitingPing;
    if (ping) {
      this.waitingPing = undefined;
      return ping();
    }
    this.requests.take(now);
    this.queue.shift()?.();
  }
}
