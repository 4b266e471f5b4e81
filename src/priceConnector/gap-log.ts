import type { GapStatus } from '../domain/status';
import type { Clock } from '../domain/time';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Watched = GapStatus['channel'];

const KEPT = 20;

/** The newest gaps of a market, and how each was closed; for operators, bounded. */
export class GapLog {
  private readonly gaps: Mutable<GapStatus>[] = [];
  /** All of them, also those that are no more kept. */
  count = 0;
  private readonly ends = new Map<Watched, { readonly reason: string; readonly at: number }>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** A connection ended, or a dial failed. */
  ended(channel: Watched, reason: string): void {
    this.ends.set(channel, { reason, at: this.clock.now() });
  }

  lastEnd(channel: Watched): { readonly reason: string; readonly at: number } | undefined {
    return this.ends.get(channel);
  }

  /** These topics are live again; what they told since `fromAt` may have been missed. */
  live(channel: Watched, topics: number, fromAt: number | undefined): void {
    if (fromAt === undefined) return;
    this.count += 1;
    const now = this.clock.now();
    const reason = this.ends.get(channel)?.reason ?? 'rotation';
    const common = { channel, fromAt, toAt: now, reason, topics, filled: 0 };
    // A ticker is a state, not an event: the next one says all that the missed ones would have said.
    if (channel === 'ticker') this.gaps.push({ ...common, closedBy: 'newest', closedAt: now });
    else this.gaps.push({ ...common, closedBy: 'history' });
    if (this.gaps.length > KEPT) this.gaps.shift();
  }

  /** The venue's history told a bar that was missed. */
  filled(): void {
    const open = this.gaps.find(isOpen);
    if (open) open.filled += 1;
  }

  /** @param filling candle series that still wait for the venue's history */
  told(filling: number): readonly GapStatus[] {
    if (filling === 0) for (const gap of this.gaps) gap.closedAt ??= this.clock.now();
    return this.gaps;
  }
}

function isOpen({ closedAt }: GapStatus): boolean {
  return closedAt === undefined;
}
