import type { HostStatus } from '../domain/status';
import type { Rate } from '../venues/contract';
import type { Clock, Timer } from '../domain/time';

/**
 * Knows when something may happen so that at most `count` fall into any window of each rate. What is
 * remembered is the time at which it really happened: a late timer must not bunch its followers.
 */
export class RateSchedule {
  private readonly rings: readonly { readonly rate: Rate; readonly times: number[]; next: number }[];
  private notBefore = -Infinity;

  constructor(rates: readonly Rate[]) {
    this.rings = rates.map((rate) => ({ rate, times: [], next: 0 }));
  }

  /** Earliest allowed time at or after `now` (monotonic ms) of something that counts for `weight`. */
  earliest(now: number, weight = 1): number {
    let at = Math.max(now, this.notBefore);
    for (const { rate, times, next } of this.rings) {
      const isFull = times.length === rate.count;
      // What weighs more than the whole rate waits for an empty window.
      const mustLeave = Math.min(weight, rate.count) - (rate.count - times.length);
      const last = mustLeave > 0 ? times[((isFull ? next : 0) + mustLeave - 1) % rate.count] : undefined;
      if (last !== undefined) at = Math.max(at, last + rate.perMs);
    }
    return at;
  }

  /** Records that it happened. */
  take(now: number, weight = 1): void {
    for (const ring of this.rings) {
      for (let count = Math.min(weight, ring.rate.count); count > 0; count -= 1) {
        ring.times[ring.next] = now;
        ring.next = (ring.next + 1) % ring.rate.count;
      }
    }
  }

  /** How many may still happen now, by each rate. */
  left(now: number): HostStatus['limits'] {
    return this.rings.map(({ rate: { count, perMs }, times }) => ({
      count,
      perMs,
      left: count - times.filter((at) => now - at < perMs).length,
    }));
  }

  /** How long the venue still wants to be left alone, ms. */
  pausedMs(now: number): number {
    return Math.max(0, this.notBefore - now);
  }

  /** Nothing before `at` (monotonic ms): the venue told us to wait. */
  pauseUntil(at: number): void {
    this.notBefore = Math.max(this.notBefore, at);
  }
}

interface Turn {
  readonly run: () => void;
  /** Default 1. */
  readonly weight?: number;
}

/** First come, first served. A pause that comes while others wait holds for them too. */
export class TurnQueue {
  readonly schedule: RateSchedule;
  private readonly waiting = new Set<Turn>();
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    rates: readonly Rate[],
  ) {
    this.schedule = new RateSchedule(rates);
  }

  enter(turn: Turn): () => void {
    this.waiting.add(turn);
    this.pump();
    return () => this.leave(turn);
  }

  status(host: string): HostStatus {
    const now = this.clock.monotonic();
    const { schedule, waiting } = this;
    return {
      host,
      waiting: waiting.size,
      pausedMs: Math.round(schedule.pausedMs(now)),
      limits: schedule.left(now),
    };
  }

  /** Who waits still never gets his turn. */
  stop(): void {
    this.waiting.clear();
    this.clock.cancel(this.timer);
  }

  private leave(turn: Turn): void {
    this.waiting.delete(turn);
    if (this.waiting.size > 0) return;
    this.clock.cancel(this.timer);
    this.timer = undefined;
  }

  private pump(): void {
    this.clock.cancel(this.timer);
    this.timer = undefined;
    for (const turn of this.waiting) {
      const now = this.clock.monotonic();
      const at = this.schedule.earliest(now, turn.weight);
      if (at > now) {
        this.timer = this.clock.after(at - now, () => this.pump());
        return;
      }
      this.schedule.take(now, turn.weight);
      this.waiting.delete(turn);
      turn.run();
    }
  }
}

/**
 * One budget of new connections per host, shared by every feed of the process (of the thread, where
 * threads never share a host): venues count handshakes per IP and ban on excess.
 */
export class DialBudget {
  private readonly hosts = new Map<string, TurnQueue>();

  constructor(private readonly clock: Clock) {}

  /** Runs `dial` as soon as the budget of the URL's host allows, maybe at once. Returns the way out. */
  enter(url: string, rates: readonly Rate[], dial: () => void): () => void {
    return this.queue(url, rates).enter({ run: dial });
  }

  /** The host asked for silence (429/418 with Retry-After): it counts for every feed of the host. */
  pause(url: string, rates: readonly Rate[], forMs: number): void {
    this.queue(url, rates).schedule.pauseUntil(this.clock.monotonic() + forMs);
  }

  /** By host, never by URL: a URL may hold a token. */
  status(): readonly HostStatus[] {
    return [...this.hosts].map(([host, queue]) => queue.status(host));
  }

  private queue(url: string, rates: readonly Rate[]): TurnQueue {
    const host = URL.canParse(url) ? new URL(url).host : '';
    let queue = this.hosts.get(host);
    if (!queue) {
      queue = new TurnQueue(this.clock, rates);
      this.hosts.set(host, queue);
    }
    return queue;
  }
}
