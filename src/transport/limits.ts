import type { Rate } from '../venues/contract';
import type { Clock } from '../domain/time';

/**
 * Hands out times at which something may happen so that every rate holds in any window.
 * Reservations are never taken back: a cancelled one costs a little time, never a violation.
 */
export class RateSchedule {
  private readonly rings: readonly { readonly rate: Rate; readonly times: number[]; next: number }[];
  private notBefore = -Infinity;

  constructor(rates: readonly Rate[]) {
    this.rings = rates.map((rate) => ({ rate, times: [], next: 0 }));
  }

  /** Reserves the earliest allowed time at or after `now` and returns it. */
  reserve(now: number): number {
    let at = Math.max(now, this.notBefore);
    for (const { rate, times, next } of this.rings) {
      const oldest = times.length < rate.count ? undefined : times[next];
      if (oldest !== undefined) at = Math.max(at, oldest + rate.perMs);
    }
    for (const ring of this.rings) {
      ring.times[ring.next] = at;
      ring.next = (ring.next + 1) % ring.rate.count;
    }
    return at;
  }

  /** Nothing before `at` (monotonic ms): the venue told us to wait. */
  pauseUntil(at: number): void {
    this.notBefore = Math.max(this.notBefore, at);
  }

  /** True when a whole window of every rate has passed unused: nothing is worth remembering. */
  isIdle(now: number): boolean {
    return (
      now >= this.notBefore &&
      this.rings.every(({ rate, times }) => times.every((time) => time + rate.perMs <= now))
    );
  }
}

/**
 * One budget of new connections per host, shared by every feed of the process (of the thread, where
 * threads never share a host): venues count handshakes per IP and ban on excess.
 */
export class DialBudget {
  private readonly hosts = new Map<string, RateSchedule>();

  constructor(private readonly clock: Clock) {}

  /** Delay in ms until the next dial of this host may start; the slot is taken. */
  reserve(url: string, rates: readonly Rate[]): number {
    const now = this.clock.monotonic();
    return this.schedule(url, rates).reserve(now) - now;
  }

  /** The host asked for silence (429/418 with Retry-After): it counts for every feed of the host. */
  pause(url: string, rates: readonly Rate[], forMs: number): void {
    this.schedule(url, rates).pauseUntil(this.clock.monotonic() + forMs);
  }

  private schedule(url: string, rates: readonly Rate[]): RateSchedule {
    const host = hostOf(url);
    let schedule = this.hosts.get(host);
    if (!schedule) {
      schedule = new RateSchedule(rates);
      this.hosts.set(host, schedule);
    }
    return schedule;
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
