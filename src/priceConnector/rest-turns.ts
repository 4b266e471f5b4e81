import { ConnectorError } from '../domain/errors';
import type { Clock, Timer } from '../domain/time';
import { RateSchedule } from '../transport/limits';
import { atOnce } from '../venues/at-once';
import type { InTurn, MarketDescriptor, Rate } from '../venues/contract';

interface Turn {
  readonly weight: number;
  readonly run: () => void;
}

/** The calls that a venue counts together. First come, first served. */
class Row {
  private readonly schedule: RateSchedule;
  private readonly waiting = new Set<Turn>();
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    rates: readonly Rate[],
  ) {
    this.schedule = new RateSchedule(rates);
  }

  enter(turn: Turn): void {
    this.waiting.add(turn);
    this.pump();
  }

  pause(forMs: number): void {
    this.schedule.pauseUntil(this.clock.monotonic() + forMs);
  }

  /** Who waits still is never called: nobody would hear the answer. */
  stop(): void {
    this.waiting.clear();
    this.clock.cancel(this.timer);
  }

  private pump(): void {
    this.clock.cancel(this.timer);
    for (const turn of this.waiting) {
      const now = this.clock.monotonic();
      const at = this.schedule.earliest(now, turn.weight);
      if (at > now) {
        this.timer = this.clock.after(at - now, () => this.pump());
        return;
      }
      this.schedule.take(now, turn.weight);
      this.waiting.delete(turn);
      turn.run();
    }
  }
}

/**
 * Paces the unsigned REST calls of one venue by what it allows an address: after the loss of many candles
 * each of them asks for its bars, some with several requests, and excess ends in a ban of the address.
 */
export class RestTurns {
  private readonly rows = new Map<string, Row>();

  constructor(private readonly clock: Clock) {}

  /** The way to the calls of one market. */
  of({ publicRest }: MarketDescriptor): InTurn {
    if (!publicRest) return atOnce;
    const { countedAs, rates } = publicRest;
    const row = this.rows.get(countedAs) ?? new Row(this.clock, rates);
    this.rows.set(countedAs, row);
    return async (call, weight = 1) => {
      await new Promise<void>((run) => row.enter({ weight, run }));
      try {
        return await call();
      } catch (error) {
        const isLimit = error instanceof ConnectorError && error.code === 'REST_LIMITED';
        if (isLimit && typeof error.retry === 'object') row.pause(error.retry.afterMs);
        throw error;
      }
    };
  }

  stop(): void {
    for (const row of this.rows.values()) row.stop();
  }
}
