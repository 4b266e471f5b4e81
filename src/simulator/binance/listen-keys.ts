import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../domain/time';
import type { SimAccount } from '../kit';

export const LISTEN_KEY_LIFE_MS = 60 * 60_000;

interface Entry {
  readonly key: string;
  readonly account: SimAccount;
  timer: Timer;
}

/** The listen keys of one market: one per account, shared by whoever knows it. */
export class ListenKeys {
  private readonly entries = new Map<SimAccount, Entry>();

  constructor(
    private readonly clock: Clock,
    private readonly lifeMs: number,
    private readonly onEnd: (key: string) => void,
  ) {}

  /** A new key, or the active one with its life extended. */
  create(account: SimAccount): string {
    const active = this.entries.get(account);
    if (active) {
      this.prolong(active);
      return active.key;
    }
    const key = randomBytes(32).toString('hex');
    this.entries.set(account, { key, account, timer: this.expiry(account) });
    return key;
  }

  /** False: there is none. */
  keepAlive(account: SimAccount): boolean {
    const active = this.entries.get(account);
    if (active) this.prolong(active);
    return active !== undefined;
  }

  /** Ends the key for everyone on it. False: there was none. */
  end(account: SimAccount): boolean {
    const active = this.entries.get(account);
    if (!active) return false;
    this.clock.cancel(active.timer);
    this.entries.delete(account);
    this.onEnd(active.key);
    return true;
  }

  keyOf(account: SimAccount): string | undefined {
    return this.entries.get(account)?.key;
  }

  isActive(key: string): boolean {
    return [...this.entries.values()].some((entry) => entry.key === key);
  }

  stop(): void {
    for (const { timer } of this.entries.values()) this.clock.cancel(timer);
    this.entries.clear();
  }

  private prolong(entry: Entry): void {
    this.clock.cancel(entry.timer);
    entry.timer = this.expiry(entry.account);
  }

  private expiry(account: SimAccount): Timer {
    return this.clock.after(this.lifeMs, () => this.end(account));
  }
}
