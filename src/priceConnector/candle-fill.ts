import type { BackfillJob } from './backfill';

/** The question for the bars of one range, until the venue has told them all. */
export interface Fill extends BackfillJob {
  readonly toMs: number;
  /** Monotonic time (ms) from which on live frames wait for it. */
  readonly since: number;
  /** Newest bar that this fill has delivered; a repeated try does not deliver it again. */
  deliveredTo: number;
  hasTrades: boolean;
  /** Venue time of the next try, where the venue had not all of it yet. */
  askAgainAt: number | undefined;
}

export interface Hole {
  readonly fromMs: number;
  readonly toMs: number;
}

const MAX_HOLES = 200;

/** Ranges of missing bars behind ones that could not wait for them; bounded, oldest first. */
export class Holes {
  private list: Hole[] = [];

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  add(hole: Hole): void {
    const [oldest, second] = this.list;
    // The bars between the two are told twice: better than never.
    if (oldest && second && this.list.length >= MAX_HOLES) {
      this.list.splice(0, 2, { fromMs: oldest.fromMs, toMs: second.toMs });
    }
    this.list.push(hole);
  }

  take(): Hole | undefined {
    return this.list.shift();
  }

  clear(): void {
    this.list = [];
  }
}
