import type { CandleDelivery } from '../bus/publisher';
import { isPositive } from '../domain/decimal';
import { ConnectorError } from '../domain/errors';
import type { Candle } from '../domain/events';
import type { Interval } from '../domain/interval';
import { barStart, nextBarStart, nominalLengthMs } from '../domain/interval';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import type { BackfillQueue } from './backfill';
import type { Fill } from './candle-fill';
import { Holes } from './candle-fill';
import type { History } from './candle-source';
import { Deafness } from './deafness';
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
  /** Closed bars with `fromMs <= start < toMs`. */
  fetch(fromMs: number, toMs: number): Promise<History>;
  /** False: not accepted, the bar must be read again later. */
  publish(candle: Candle, delivery: CandleDelivery): boolean;
  onDeaf(): void;
}

/** Live frames wait this long for an older gap to be filled; then freshness wins over order. */
const PATIENCE_MS = 5_000;
const MAX_HELD = 200;

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
  /** The newest open frame, while older bars are being filled. */
  private heldOpen: Held | undefined;
  /** Open time of the newest bar of which an open frame was published. */
  private shown = -Infinity;
  private job: Fill | undefined;
  /** Holes between bars that could not wait; filled when the job is done. */
  private readonly holes = new Holes();
  /** The venue was asked for every bar that opened before this time. */
  private coveredTo = -Infinity;
  private checkedUntil = 0;
  private readonly deafness: Deafness;

  constructor(
    readonly interval: Interval,
    private readonly deps: SeriesDeps,
  ) {
    this.deafness = new Deafness(() => deps.onDeaf());
  }

  /** The venue's history is being asked; what it will tell only later keeps nobody waiting. */
  get isFilling(): boolean {
    return this.job !== undefined && this.job.askAgainAt === undefined;
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
    this.heldOpen = undefined;
    this.holes.clear();
  }

  /** The topic spoke, even where no frame of this series came of it: it is not deaf. */
  hear(): void {
    this.deafness.heard();
  }

  accept(candle: Candle, receivedAt: number): void {
    this.last ??= previousBarStart(this.interval, candle.start);
    if (candle.start <= this.last) {
      // A late open frame of a closed bar, or the overlap of two connections.
      if (candle.closed) this.countDuplicate(candle);
      return;
    }
    if (!candle.closed) this.acceptOpen({ candle, receivedAt });
    else if (this.job || !this.follows(candle, this.coveredTo)) this.hold(candle, receivedAt);
    else this.deliver(candle, receivedAt, false);
  }

  /** The connection came back, or the outbox has room again: what closed meanwhile is fetched. */
  catchUp(): void {
    this.fillUpTo(barStart(this.interval, this.deps.venueTime.now()));
  }

  /** Called every second: a bar that should have closed long ago is fetched. */
  checkOverdue(): void {
    if (this.job) return this.tend(this.job);
    if (this.last === undefined) return;
    const now = this.deps.venueTime.now();
    const expected = nextBarStart(this.interval, this.last);
    if (now < nextBarStart(this.interval, expected) + this.deps.graceMs || now < this.checkedUntil) return;
    const current = barStart(this.interval, now);
    // Once per bar: a venue that makes no bar without trades is asked once for each.
    this.checkedUntil = nextBarStart(this.interval, current) + this.deps.graceMs;
    this.fill(expected, current, true);
  }

  // ---------------------------------------------------------------- live bars

  private acceptOpen(frame: Held): void {
    if (this.job) this.releaseWhenLate(this.job);
    // Of a bar that readers have left behind.
    if (frame.candle.start < Math.max(this.shown, this.heldOpen?.candle.start ?? -Infinity)) return;
    if (this.mustWait) this.heldOpen = frame;
    else this.show(frame);
  }

  /** Readers of live frames take a bar for final at the first frame of the next one. */
  private get mustWait(): boolean {
    if (!this.job || this.isLate(this.job)) return false;
    // Once they have seen a bar behind the gap, nothing is won by waiting.
    return this.held.length > 0 || this.shown < this.job.toMs;
  }

  private show({ candle, receivedAt }: Held): void {
    this.shown = candle.start;
    this.publish(candle, { receivedAt, isReconciled: false, isLate: false, movesCursor: false });
  }

  private showHeld(): void {
    const { heldOpen, last } = this;
    if (!heldOpen || this.mustWait) return;
    this.heldOpen = undefined;
    if (last === undefined || heldOpen.candle.start > last) this.show(heldOpen);
  }

  private hold(candle: Candle, receivedAt: number): void {
    this.held.push({ candle, receivedAt });
    // The bars that no longer fit are read from the venue with the gap behind them.
    if (this.held.length > MAX_HELD) this.held.shift();
    this.fillUpTo(candle.start);
    if (this.job) this.releaseWhenLate(this.job);
  }

  /** No bar is missing between the last published one and this one. */
  private follows(candle: Candle, coveredTo: number): boolean {
    if (this.last === undefined) return true;
    return candle.start <= Math.max(nextBarStart(this.interval, this.last), coveredTo);
  }

  /** False: the outbox is full; the bar stays missing and is read again. */
  private deliver(candle: Candle, receivedAt: number, isReconciled: boolean): boolean {
    const isBehind = this.job !== undefined || !this.holes.isEmpty;
    const isLate = candle.start < this.shown;
    const movesCursor = isReconciled || !isBehind;
    const isAccepted = this.publish(candle, { receivedAt, isReconciled, isLate, movesCursor });
    if (isAccepted) this.last = candle.start;
    return isAccepted;
  }

  private publish(candle: Candle, told: Omit<CandleDelivery, 'aliases'>): boolean {
    return this.deps.publish(candle, { ...told, aliases: this.aliases });
  }

  private isLate({ since }: Fill): boolean {
    return this.deps.clock.monotonic() - since >= PATIENCE_MS;
  }

  /** Lets go what has waited long enough; the holes in between are remembered. */
  private releaseWhenLate(job: Fill): void {
    if (!this.isLate(job)) return;
    for (;;) {
      this.release(job.toMs);
      const [first] = this.held;
      if (!first || this.last === undefined) break;
      const fromMs = Math.max(nextBarStart(this.interval, this.last), this.coveredTo, job.toMs);
      this.holes.add({ fromMs, toMs: first.candle.start });
      this.release(first.candle.start);
    }
    this.showHeld();
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

  private fill(
    wantedFromMs: number,
    toMs: number,
    isOverdue: boolean,
    since = this.deps.clock.monotonic(),
  ): void {
    const oldest = toMs - this.deps.maxBars * nominalLengthMs(this.interval);
    const fromMs = Math.max(wantedFromMs, barStart(this.interval, oldest));
    if (fromMs >= toMs) return;
    const job: Fill = {
      toMs,
      since,
      deliveredTo: -Infinity,
      hasTrades: false,
      askAgainAt: undefined,
      run: async () => {
        const history = await this.deps.fetch(fromMs, toMs);
        if (this.job === job) this.filled(history, job, isOverdue);
      },
      failed: () => this.releaseWhenLate(job),
      givenUp: () => this.finish(job),
    };
    this.job = job;
    this.deps.backfill.add(job);
  }

  private filled({ bars, completeAt }: History, job: Fill, isOverdue: boolean): void {
    const receivedAt = this.deps.clock.now();
    for (const candle of bars) {
      if (candle.start <= job.deliveredTo) continue;
      if (!this.deliverFilled(candle, receivedAt)) {
        throw new ConnectorError('OUTBOX_FULL', 'no room for a back-filled candle');
      }
      job.deliveredTo = candle.start;
      job.hasTrades ||= isPositive(candle.volume);
    }
    job.askAgainAt = completeAt;
    if (completeAt !== undefined) return;
    this.finish(job);
    // A venue may make flat bars of minutes in which its stream had nothing to tell.
    if (isOverdue && job.hasTrades) this.deafness.missed();
  }

  private tend(job: Fill): void {
    const { askAgainAt } = job;
    if (askAgainAt !== undefined && this.deps.venueTime.now() >= askAgainAt) {
      job.askAgainAt = undefined;
      this.deps.backfill.add(job);
    }
    this.releaseWhenLate(job);
  }

  private finish({ toMs, since }: Fill): void {
    this.job = undefined;
    this.coveredTo = Math.max(this.coveredTo, toMs);
    const hole = this.holes.take();
    // Nothing waits for it any more.
    if (hole) return this.fill(hole.fromMs, hole.toMs, false, since);
    this.release(this.coveredTo);
    const [first] = this.held;
    if (first) this.fillUpTo(first.candle.start);
    this.showHeld();
  }

  private deliverFilled(candle: Candle, receivedAt: number): boolean {
    this.deps.telemetry.meter.count('connector_backfilled_candles_total', { exchange: candle.exchange });
    if (this.last === undefined || candle.start > this.last) return this.deliver(candle, receivedAt, true);
    return this.publish(candle, { receivedAt, isReconciled: true, isLate: true, movesCursor: false });
  }

  private countDuplicate({ exchange }: Candle): void {
    this.deps.telemetry.meter.count('connector_duplicate_candles_total', { exchange });
  }
}

function previousBarStart(interval: Interval, start: number): number {
  return barStart(interval, start - 1);
}
