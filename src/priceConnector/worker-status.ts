import type { DoorsStatus, Tally, WorkerStatus } from '../domain/status';
import { doorsStatus } from '../bus/doors-status';
import type { PriceFamily } from './family';
import { marketStatus } from './market-status';

/** All that a worker thread tells of itself. */
export function workerStatus(
  family: Pick<PriceFamily, 'status'>,
  doors: Parameters<typeof doorsStatus>[0],
  tally: Tally,
): WorkerStatus {
  const { markets, hosts, clockOffsetMs } = family.status();
  const told: DoorsStatus = doorsStatus(doors, tally);
  return {
    ...told,
    hosts,
    markets: markets.map((facts) => marketStatus(facts, tally)),
    ...(clockOffsetMs !== undefined && { clockOffset: clockOffsetMs / 1_000 }),
    backfillFailures: tally.total('connector_backfill_failures_total'),
  };
}
