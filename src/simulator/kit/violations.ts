import type { Rate } from './types';

/** A documented limit that a client broke. `venue:` prefixes rules of one venue only. */
export type Rule =
  | 'dials'
  | 'messages'
  | 'requests'
  | 'requestBytes'
  | 'topicsPerConnection'
  | 'topicBytesPerConnection'
  | 'topicsPerRequest'
  | 'duplicateTopic'
  | 'heartbeat'
  | 'restWeight'
  | 'badFrame'
  | `venue:${string}`;

export interface Violation {
  readonly rule: Rule;
  /** Origin URL. */
  readonly origin: string;
  /** Absent where no connection exists (dials, REST). */
  readonly connection?: number;
  /** Epoch ms, real time. */
  readonly at: number;
  readonly detail: string;
}

/** Enough to see a pattern; more of the same says nothing new. */
const MAX_KEPT = 1_000;

/** What clients did wrong. Keeps the first `MAX_KEPT`, counts them all. */
export class ViolationLog {
  private readonly kept: Violation[] = [];
  private counted = 0;

  add(violation: Violation): void {
    this.counted += 1;
    if (this.kept.length < MAX_KEPT) this.kept.push(violation);
  }

  list(): readonly Violation[] {
    return [...this.kept];
  }

  get total(): number {
    return this.counted;
  }

  clear(): void {
    this.kept.length = 0;
    this.counted = 0;
  }
}

/** Sliding windows with a cost per use. An over-limit use is not counted. */
export class WindowLimit {
  private readonly uses: { readonly at: number; readonly cost: number }[] = [];
  private readonly longestMs: number;

  constructor(private readonly rates: readonly Rate[]) {
    this.longestMs = Math.max(0, ...rates.map((rate) => rate.perMs));
  }

  /** 0 = allowed and counted; else ms until the same use would be allowed. */
  take(now: number, cost = 1): number {
    while (this.uses[0] && this.uses[0].at <= now - this.longestMs) this.uses.shift();
    const waitMs = Math.max(0, ...this.rates.map((rate) => this.waitOf(rate, now, cost)));
    if (waitMs === 0) this.uses.push({ at: now, cost });
    return waitMs;
  }

  /** Cost used within the last `perMs`. */
  used(now: number, perMs: number): number {
    return this.uses.reduce((sum, use) => (use.at > now - perMs ? sum + use.cost : sum), 0);
  }

  private waitOf({ count, perMs }: Rate, now: number, cost: number): number {
    let excess = this.used(now, perMs) + cost - count;
    for (const use of this.uses) {
      if (excess <= 0) return 0;
      if (use.at <= now - perMs) continue;
      excess -= use.cost;
      if (excess <= 0) return use.at + perMs - now;
    }
    return excess > 0 ? perMs : 0;
  }
}
