import { ConnectorError } from '../domain/errors';
import type { Clock } from '../domain/time';
import { TurnQueue } from '../transport/limits';
import { atOnce } from '../venues/at-once';
import type { InTurn, MarketDescriptor } from '../venues/contract';

/**
 * Paces the unsigned REST calls of one venue by what it allows an address: after the loss of many candles
 * each of them asks for its bars, some with several requests, and excess ends in a ban of the address.
 */
export class RestTurns {
  /** By what a venue counts together. */
  private readonly rows = new Map<string, TurnQueue>();

  constructor(private readonly clock: Clock) {}

  /** The way to the calls of one market. */
  of({ publicRest }: MarketDescriptor): InTurn {
    if (!publicRest) return atOnce;
    const { countedAs, rates } = publicRest;
    const row = this.rows.get(countedAs) ?? new TurnQueue(this.clock, rates);
    this.rows.set(countedAs, row);
    return async (call, weight = 1) => {
      await new Promise<void>((run) => void row.enter({ weight, run }));
      try {
        return await call();
      } catch (error) {
        const isLimit = error instanceof ConnectorError && error.code === 'REST_LIMITED';
        if (isLimit && typeof error.retry === 'object')
          row.schedule.pauseUntil(this.clock.monotonic() + error.retry.afterMs);
        throw error;
      }
    };
  }

  /** Who waits still is never called: nobody would hear the answer. */
  stop(): void {
    for (const row of this.rows.values()) row.stop();
  }
}
