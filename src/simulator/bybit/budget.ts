import type { Clock } from '../../domain/time';
import type { SimAnswer, ViolationLog } from '../kit';
import { WindowLimit } from '../kit';

/** Documented: 600 requests in 5 s per IP, over all hosts; whoever exceeds it gets HTTP 403 for 10 minutes. */
const LIMIT = { count: 600, perMs: 5_000 };
const BAN_MS = 600_000;

/** What one IP may ask, of all hosts together. https://bybit-exchange.github.io/docs/v5/rate-limit */
export class IpBudget {
  private readonly limit: WindowLimit;
  private bannedUntil = 0;

  constructor(
    private readonly clock: Clock,
    private readonly violations: ViolationLog,
    requestsPer5s = LIMIT.count,
  ) {
    this.limit = new WindowLimit([{ ...LIMIT, count: requestsPer5s }]);
  }

  /** Undefined: allowed and counted. */
  refusal(origin: string, path: string): SimAnswer | undefined {
    const now = this.clock.monotonic();
    const isBanned = now < this.bannedUntil;
    if (!isBanned && this.limit.take(now) === 0) return undefined;
    if (!isBanned) this.bannedUntil = now + BAN_MS;
    const detail = isBanned ? 'asked while banned' : path;
    this.violations.add({ rule: 'restWeight', origin, at: this.clock.now(), detail });
    return { status: 403, body: 'access too frequent' };
  }
}
