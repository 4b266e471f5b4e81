import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import { ConnectorError, errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random, Timer } from '../domain/time';
import type { VenueDescriptor } from '../venues/contract';

export interface BackfillJob {
  /** One try; rejects to be repeated. */
  run(): Promise<void>;
  /** Told after each failed try that will be repeated. */
  failed(): void;
  /** The venue will never answer this request: it is not repeated. */
  givenUp(): void;
}

interface Queued {
  readonly job: BackfillJob;
  attempt: number;
}

const AT_ONCE = 3;
/** Between the starts of two jobs, where the requests of each wait for turns of their own. */
const SPACING_MS = 125;
/**
 * Where they do not: a job takes up to three requests, so that 12 leave in a second. KuCoin weighs each 3 of
 * its 2,000 in 30 s, OKX lets 20 pass in 2 s of its longer history and 40 of its shorter.
 */
const UNCOUNTED_SPACING_MS = 250;
const RETRY: BackoffPolicy = { floorMs: 500, baseMs: 1_000, capMs: 30_000, factor: 2 };

export function spacingOf({ markets }: VenueDescriptor): number {
  return markets.every(({ publicRest }) => publicRest) ? SPACING_MS : UNCOUNTED_SPACING_MS;
}

/**
 * Runs the back-fill requests of one venue, a few at a time, each until it succeeds or is cancelled.
 * Bounded by its callers: every candle series has at most one job.
 */
export class BackfillQueue {
  private readonly queue: Queued[] = [];
  private readonly retries = new Map<BackfillJob, Timer>();
  private readonly cancelled = new WeakSet<BackfillJob>();
  private running = 0;
  private pausedUntil = 0;
  private nextStart = 0;
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(
    /** Label of metrics and log lines. */
    private readonly exchange: string,
    private readonly deps: { readonly clock: Clock; readonly random: Random; readonly telemetry: Telemetry },
    private readonly spacingMs = SPACING_MS,
  ) {}

  add(job: BackfillJob): void {
    if (this.isStopped) return;
    this.queue.push({ job, attempt: 0 });
    this.pump();
  }

  cancel(job: BackfillJob): void {
    this.cancelled.add(job);
    this.deps.clock.cancel(this.retries.get(job));
    this.retries.delete(job);
  }

  stop(): void {
    this.isStopped = true;
    this.queue.length = 0;
    for (const timer of this.retries.values()) this.deps.clock.cancel(timer);
    this.retries.clear();
    this.deps.clock.cancel(this.timer);
  }

  private pump(): void {
    if (this.timer !== undefined || this.queue.length === 0 || this.running >= AT_ONCE) return;
    const now = this.deps.clock.monotonic();
    const at = Math.max(this.nextStart, this.pausedUntil);
    if (at > now) {
      this.timer = this.deps.clock.after(at - now, () => {
        this.timer = undefined;
        this.pump();
      });
      return;
    }
    const next = this.queue.shift();
    if (next && !this.cancelled.has(next.job)) {
      this.nextStart = now + this.spacingMs;
      void this.run(next);
    }
    this.pump();
  }

  private async run(queued: Queued): Promise<void> {
    this.running += 1;
    try {
      await queued.job.run();
    } catch (error) {
      this.retryLater(queued, error);
    } finally {
      this.running -= 1;
      this.pump();
    }
  }

  private retryLater(queued: Queued, error: unknown): void {
    const { telemetry, clock, random } = this.deps;
    const isFinal = error instanceof ConnectorError && error.retry === 'never';
    telemetry.meter.count('connector_backfill_failures_total', { exchange: this.exchange });
    telemetry.log.warn(
      { exchange: this.exchange, attempt: queued.attempt, error: errorText(error) },
      isFinal ? 'back-fill given up' : 'back-fill failed, will be repeated',
    );
    if (isFinal) return queued.job.givenUp();
    const limitedForMs =
      error instanceof ConnectorError && typeof error.retry === 'object' ? error.retry.afterMs : 0;
    if (limitedForMs > 0) this.pausedUntil = clock.monotonic() + limitedForMs;
    if (this.isStopped || this.cancelled.has(queued.job)) return;
    queued.job.failed();
    const delayMs = Math.max(limitedForMs, nextDelay(RETRY, queued.attempt, random));
    const timer = clock.after(delayMs, () => {
      this.retries.delete(queued.job);
      this.queue.push({ job: queued.job, attempt: queued.attempt + 1 });
      this.pump();
    });
    this.retries.set(queued.job, timer);
  }
}
