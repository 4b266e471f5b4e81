import { WindowLimit } from '../kit';

const MINUTE = 60_000;
const FIRST_BAN_MS = 2 * MINUTE;
const LONGEST_BAN_MS = 3 * 24 * 60 * MINUTE;
/** Undocumented: how often a client may ask on after a 429. */
const MOST_IGNORED = 10;

export interface QuotaRefusal {
  /** 418: banned. */
  readonly status: 418 | 429;
  /** Real time, ms. */
  readonly waitMs: number;
}

/**
 * Request weight of one IP. Beyond it 429; whoever goes on asking all the same is banned, longer each time.
 * https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#ip-limits
 */
export class IpQuota {
  private readonly weight: WindowLimit;
  private limitedUntil = -Infinity;
  private bannedUntil = -Infinity;
  private ignored = 0;
  private bans = 0;

  constructor(weightPerMinute: number) {
    this.weight = new WindowLimit([{ count: weightPerMinute, perMs: MINUTE }]);
  }

  /** Undefined: allowed and counted. `now`: monotonic, real time. */
  refusal(now: number, weight: number): QuotaRefusal | undefined {
    if (now < this.bannedUntil) return { status: 418, waitMs: this.bannedUntil - now };
    const waitMs = this.weight.take(now, weight);
    if (waitMs === 0) {
      if (now >= this.limitedUntil) this.ignored = 0;
      return undefined;
    }
    this.limitedUntil = now + waitMs;
    this.ignored += 1;
    if (this.ignored <= MOST_IGNORED) return { status: 429, waitMs };
    return this.ban(now);
  }

  /** Within the last minute. */
  used(now: number): number {
    return this.weight.used(now, MINUTE);
  }

  private ban(now: number): QuotaRefusal {
    const waitMs = Math.min(LONGEST_BAN_MS, FIRST_BAN_MS * 2 ** this.bans);
    this.bans += 1;
    this.ignored = 0;
    this.bannedUntil = now + waitMs;
    return { status: 418, waitMs };
  }
}
