import { errorText } from '../domain/errors';
import type { OutboundAccountPosition } from '../domain/account';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { AccountPlug } from './account-feed';
import type { VenueClock } from './venue-clock';

export interface BalancePollDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly stream: { readonly venueClock: Pick<VenueClock, 'now'> };
}

export interface BalancePollOwner {
  readonly room: string;
  plug(): AccountPlug;
  onBalances(position: OutboundAccountPosition, askedAt: number): void;
}

/** Asks for the balances of accounts whose venue pushes none; idle while no session is live. */
export class BalancePoll {
  private timer: Timer | undefined;
  private isAsking = false;
  private isDue = false;
  private isLive = false;

  constructor(
    private readonly deps: BalancePollDeps,
    private readonly owner: BalancePollOwner,
  ) {}

  live(): void {
    this.isLive = true;
    this.wait(0);
  }

  lost(): void {
    this.isLive = false;
    this.deps.clock.cancel(this.timer);
  }

  /** An order changed: so did the balances. */
  orderChanged(): void {
    const rules = this.rules;
    if (!rules || this.isDue) return;
    this.isDue = true;
    this.wait(rules.afterOrderMs);
  }

  private get rules(): { readonly everyMs: number; readonly afterOrderMs: number } | undefined {
    return this.owner.plug().feed.polledBalances;
  }

  private wait(delayMs: number): void {
    const { clock } = this.deps;
    clock.cancel(this.timer);
    if (!this.rules || !this.isLive) return;
    this.timer = clock.after(delayMs, () => void this.ask());
  }

  /** Never rejects. A failure is repeated at the next turn. */
  private async ask(): Promise<void> {
    const { telemetry, stream } = this.deps;
    const { room } = this.owner;
    const { looks, account } = this.owner.plug();
    if (this.isAsking || !looks.balances) return;
    this.isAsking = true;
    this.isDue = false;
    const { exchange } = account.market;
    try {
      const askedAt = stream.venueClock.now();
      const position = await looks.balances();
      if (position && this.isLive) this.owner.onBalances(position, askedAt);
      telemetry.meter.count('connector_balance_polls_total', { exchange, outcome: 'answered' });
    } catch (error) {
      telemetry.log.warn({ exchange, room, error: errorText(error) }, 'balances not told');
      telemetry.meter.count('connector_balance_polls_total', { exchange, outcome: 'failed' });
    }
    this.isAsking = false;
    const { everyMs = 0, afterOrderMs = 0 } = this.rules ?? {};
    this.wait(this.isDue ? afterOrderMs : everyMs);
  }
}
