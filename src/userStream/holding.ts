import type { AccountEvent } from '../domain/account';
import type { Clock, Timer } from '../domain/time';

/** What a frame of the stream told, and when (epoch ms, ours). */
export interface Told {
  readonly events: readonly AccountEvent[];
  readonly receivedAt: number;
}

/**
 * From the begin of a session on. A look that takes longer, or waits in a row of many, must not keep fresh events
 * from a bot: the ledger sorts out what it tells later.
 */
const LONGEST_MS = 2_000;
const MOST_FRAMES = 1_000;

/**
 * Keeps live events back until what happened before them is told. Bounded in time and number; what is held
 * is let go in order, never dropped.
 */
export class Holding {
  private held: Told[] | undefined;
  private deadline: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly release: (frames: readonly Told[]) => void,
  ) {}

  /** The session is lost; what it told last needs not wait for the next one. */
  begin(): void {
    this.end();
    this.held = [];
  }

  /** A session is live. */
  live(): void {
    if (this.held) this.deadline ??= this.clock.after(LONGEST_MS, () => this.end());
  }

  /** The events go their way now, or once the holding ends. */
  take(frame: Told): void {
    if (!this.held) return this.release([frame]);
    this.held.push(frame);
    // The frames of a session that is not quite live yet.
    this.live();
    if (this.held.length >= MOST_FRAMES) this.end();
  }

  end(): void {
    this.clock.cancel(this.deadline);
    this.deadline = undefined;
    const held = this.held ?? [];
    this.held = undefined;
    if (held.length > 0) this.release(held);
  }
}
