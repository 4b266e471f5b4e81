import type { AccountEvent } from '../domain/account';
import type { Clock, Timer } from '../domain/time';

interface Held {
  readonly events: readonly AccountEvent[];
  readonly receivedAt: number;
}

/** A look that takes longer must not keep fresh events from a bot: the ledger sorts out what it tells later. */
const LONGEST_MS = 2_000;
const MOST_FRAMES = 1_000;

/**
 * Keeps live events back until what happened before them is told. Bounded in time and number; what is held
 * is let go in order, never dropped.
 */
export class Holding {
  private held: Held[] | undefined;
  private deadline: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly release: (events: readonly AccountEvent[], receivedAt: number) => void,
  ) {}

  begin(): void {
    this.held ??= [];
  }

  /** The events go their way now, or once the holding ends. */
  take(events: readonly AccountEvent[], receivedAt: number): void {
    if (!this.held) return this.release(events, receivedAt);
    this.held.push({ events, receivedAt });
    this.deadline ??= this.clock.after(LONGEST_MS, () => this.end());
    if (this.held.length >= MOST_FRAMES) this.end();
  }

  end(): void {
    this.clock.cancel(this.deadline);
    this.deadline = undefined;
    const held = this.held ?? [];
    this.held = undefined;
    for (const { events, receivedAt } of held) this.release(events, receivedAt);
  }
}
