import type { CandleDelivery } from '../bus/publisher';
import { ConnectorError } from '../domain/errors';
import type { Candle } from '../domain/events';
import type { Interval } from '../domain/interval';
import { barStart, nextBarStart, nominalLengthMs } from '../domain/interval';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import type { BackfillJob, BackfillQueue } from './backfill';
import type { VenueTime } from './venue-time';

export interface SeriesDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly venueTime: VenueTime;
  readonly backfill: BackfillQueue;
  /** Bars that one back-fill may ask for; older ones of a longer gap are given up. */
  readonly maxBars: number;
  /** How long (ms) after its end a bar may come by the socket before REST is asked. */
  readonly graceMs: number;
  /** Closed bars with `fromMs <= start < toMs`, oldest first. */
  fetch(fromMs: number, toMs: number): Promise<readonly Candle[]>;
  /** False: not accepted, the bar must be read again later. */
  publish(candle: Candle, delivery: CandleDelivery): boolean;
  /** The venue shows closed bars that the socket never told, again: the topic is deaf. */
  onDeaf(): void;
}

/** Live bars wait this long for an older gap to be filled; then freshness wins over order. */
const PATIENCE_MS = 5_000;
const MAX_HELD = 200;
const DEAF_STRIKES = 2;

interface Fill extends BackfillJob {
  readonly toMs: number;
  /** Newest bar that this fill has delivered; a repeated try does not deliver it again. */
  deliveredTo: number;
}

interface Held {
  readonly candle: Candle;
  readonly receivedAt: number;
}

/**
 * The closed bars of one symbol and interval, in order and complete: duplicates are dropped, a hole is
 * filled by REST before the bars behind it go out, a bar that never comes is asked for.
 */
export class CandleSeries {
  /** Interval spellings of the requests. */
  readonly aliases = new Set<string>();
  /** Open time of the newest closed bar that was accepted for publishing. */
  private last: number | undefined;
  private held: Held[] = [];
  private job: Fill | undefined;
  /** The venue was asked for every bar that opened before this time. */
  private coveredTo = -Infinity;
  private fillingSince = 0;
  private checkedUntil = 0;
  private strikes = 0;

  constructor(
    readonly interval: Interval,
    private readonly deps: SeriesDeps,
  ) {}

  get lastClosedStart(): number | undefined {
    return this.last;
  }

  /** The venue's history is being asked. */
  get isFilling(): boolean {
    return this.job !== undefined;
  }

  /** `cursor`: the last bar confirmed by an earlier life; undefined: begin with the bar of now. */
  begin(cursor: number | undefined): void {
    if (this.last !== undefined) return;
    const current = barStart(this.interval, this.deps.venueTime.now());
    this.last = cursor ?? previousBarStart(this.interval, current);
    this.fillUpTo(current);
  }

  stop(): void {
    if (this.job) this.deps.backfill.cancel(this.job);
    this.job = undefined;
    this.held = [];
  }

  accept(candle: Candle, receivedAt: number): void {
    this.last ??= previousBarStart(this.interval, candle.start);
    if (candle.start <= this.last) {
      // A late open frame of a closed bar, or the overlap of two connections.
      if (candle.closed) this.countDuplicate(candle);
      return;
    }
    if (!candle.closed) {
      // Readers of live frames must not see a newer bar before the ones that are held.
      if (this.held.length > 0) return;
      this.publish(candle, { receivedAt, isReconciled: false, isLate: false });
      return;
    }
    this.strikes = 0;
    if (this.job || !this.follows(candle, this.coveredTo)) this.hold(candle, receivedAt);
    else this.deliver(candle, receivedAt, false);
  }

  /** The connection came back, or the outbox has room again: what closed meanwhile is fetched. */
  catchUp(): void {
    this.fillUpTo(barStart(this.interval, this.deps.venueTime.now()));
  }

  /** Called every few seconds: a bar that should have closed long ago is fetched. */
  checkOverdue(): void {
    if (this.job || this.last === undefined) return;
    const now = this.deps.venueTime.now();
    const expected = nextBarStart(this.interval, this.last);
    if (now < nextBarStart(this.interval, expected) + this.deps.graceMs || now < this.checkedUntil) return;
    const current = barStart(this.interval, now);
    // Once per bar: a venue that makes no bar without trades is asked once for each.
    this.checkedUntil = nextBarStart(this.interval, current) + this.deps.graceMs;
    this.fill(expected, current, true);
  }

  // ---------------------------------------------------------------- live bars

  private hold(candle: Candle, receivedAt: number): void {
    this.held.push({ candle, receivedAt });
    // The bars that no longer fit are read from the venue with the gap behind them.
    if (this.held.length > MAX_HELD) this.held.shift();
    this.fillUpTo(candle.start);
    this.releaseWhenLate();
  }

  /** No bar is missing between the last published one and this one. */
  private follows(candle: Candle, coveredTo: number): boolean {
    if (this.last === undefined) return true;
    return candle.start <= Math.max(nextBarStart(this.interval, this.last), coveredTo);
  }

  /** False: the outbox is full; the bar stays missing and is read again. */
  private deliver(candle: Candle, receivedAt: number, isReconciled: boolean): boolean {
    const isAccepted = this.publish(candle, { receivedAt, isReconciled, isLate: false });
    if (isAccepted) this.last = candle.start;
    return isAccepted;
  }

  private publish(
    candle: Candle,
    told: { readonly receivedAt: number; readonly isReconciled: boolean; readonly isLate: boolean },
  ): boolean {
    return this.deps.publish(candle, {
      ...told,
      aliases: this.aliases,
      movesCursor: !told.isLate && (this.job === undefined || told.isReconciled),
    });
  }

  private releaseWhenLate(): void {
    if (!this.job || this.deps.clock.monotonic() - this.fillingSince < PATIENCE_MS) return;
    this.release(this.job.toMs);
  }

  /** Lets held bars go, up to the first hole that nobody has asked the venue about yet. */
  private release(coveredTo: number): void {
    this.held.sort((a, b) => a.candle.start - b.candle.start);
    let next = this.held[0];
    while (next && this.follows(next.candle, coveredTo)) {
      this.held.shift();
      if (this.last !== undefined && next.candle.start <= this.last) this.countDuplicate(next.candle);
      else if (!this.deliver(next.candle, next.receivedAt, false)) this.held = [];
      next = this.held[0];
    }
  }

  // ---------------------------------------------------------------- gaps

  private fillUpTo(toMs: number): void {
    if (this.job || this.last === undefined) return;
    this.fill(nextBarStart(this.interval, this.last), toMs, false);
  }

  private fill(wantedFromMs: number, toMs: number, isOverdue: boolean): void {
    const oldest = toMs - this.deps.maxBars * nominalLengthMs(this.interval);
    const fromMs = Math.max(wantedFromMs, barStart(this.interval, oldest));
    if (fromMs >= toMs) return;
    const job: Fill = {
      toMs,
      deliveredTo: -Infinity,
      run: async () => {
        const bars = await this.deps.fetch(fromMs, toMs);
        if (this.job === job) this.filled(bars, job, isOverdue);
      },
      failed: () => this.releaseWhenLate(),
      givenUp: () => this.finish(job),
    };
    this.job = job;
    this.fillingSince = this.deps.clock.monotonic();
    this.deps.backfill.add(job);
  }

  private filled(bars: readonly Candle[], job: Fill, isOverdue: boolean): void {
    const receivedAt = this.deps.clock.now();
    for (const candle of bars) {
      if (candle.start <= job.deliveredTo) continue;
      if (!this.deliverFilled(candle, receivedAt)) {
        throw new ConnectorError('OUTBOX_FULL', 'no room for a back-filled candle');
      }
      job.deliveredTo = candle.start;
    }
    this.finish(job);
    this.judge(isOverdue && bars.length > 0);
  }

  private finish({ toMs }: Fill): void {
    this.job = undefined;
    this.coveredTo = Math.max(this.coveredTo, toMs);
    this.release(this.coveredTo);
    const [first] = this.held;
    if (first) this.fillUpTo(first.candle.start);
  }

  private deliverFilled(candle: Candle, receivedAt: number): boolean {
    this.deps.telemetry.meter.count('connector_backfilled_candles_total', { exchange: candle.exchange });
    if (this.last === undefined || candle.start > this.last) return this.deliver(candle, receivedAt, true);
    return this.publish(candle, { receivedAt, isReconciled: true, isLate: true });
  }

  private judge(wasDeaf: boolean): void {
    if (!wasDeaf) return;
    this.strikes += 1;
    if (this.strikes < DEAF_STRIKES) return;
    this.strikes = 0;
    this.deps.onDeaf();
  }

  private countDuplicate({ exchange }: Candle): void {
    this.deps.telemetry.meter.count('connector_duplicate_candles_total', { exchange });
  }
}

function previousBarStart(interval: Interval, start: number): number {
  return barStart(interval, start - 1);
}
