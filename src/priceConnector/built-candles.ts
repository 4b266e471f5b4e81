import type { Candle } from '../domain/events';
import type { Interval } from '../domain/interval';
import { barStart, nextBarStart } from '../domain/interval';
import type { BackfillJob, BackfillQueue } from './backfill';
import { CandleBuilder } from './candle-builder';
import { partsKnownTo, REST_LAG_MS } from './candle-source';
import type { VenueTime } from './venue-time';

export interface BuiltDeps {
  readonly venueTime: Pick<VenueTime, 'now'>;
  readonly backfill: Pick<BackfillQueue, 'add' | 'cancel'>;
  /** Closed parts with `fromMs <= start < toMs`, oldest first. */
  fetch(fromMs: number, toMs: number): Promise<readonly Candle[]>;
  /** A frame that REST made possible, between those of the stream. */
  show(frame: Candle): void;
}

/** A part that the stream did not close may still be closed by it for so long (ms). */
const GRACE_MS = 10_000;

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The bars of an interval that is built of a smaller one; parts that the stream missed are read by REST. */
export class BuiltCandles {
  private readonly builder: CandleBuilder;
  private job: BackfillJob | undefined;
  /** Venue time before which REST has no more to tell. */
  private askAgainAt = -Infinity;

  constructor(
    interval: Interval,
    source: Interval,
    private readonly deps: BuiltDeps,
  ) {
    this.builder = new CandleBuilder(interval, source);
  }

  /** The bar of now began before we came. */
  begin(): void {
    this.repair(0);
  }

  /** The stream is back: parts may have ended meanwhile. */
  interrupted(): void {
    this.builder.interrupted(this.deps.venueTime.now());
    this.repair(0);
  }

  /** The frame of the larger bar; undefined while it cannot be told whole. */
  accept(part: Candle): Candle | undefined {
    const frame = this.builder.accept(part);
    if (this.builder.isLacking) this.repair(GRACE_MS);
    return frame;
  }

  stop(): void {
    if (this.job) this.deps.backfill.cancel(this.job);
    this.job = undefined;
  }

  private repair(graceMs: number): void {
    if (this.job || this.now < this.askAgainAt || !this.missing(graceMs)) return;
    const job: BackfillJob = {
      run: async () => {
        // A repeated try may run in a later bar.
        const range = this.missing(graceMs);
        const frame = range && (await this.ask(range, job));
        if (this.job !== job) return;
        this.job = undefined;
        if (frame) this.deps.show(frame);
      },
      failed: () => undefined,
      givenUp: () => {
        this.job = undefined;
        this.askAgainAt = nextBarStart(this.builder.interval, barStart(this.builder.interval, this.now));
      },
    };
    this.job = job;
    this.deps.backfill.add(job);
  }

  private async ask({ fromMs, toMs }: Range, job: BackfillJob): Promise<Candle | undefined> {
    const venueNow = this.now;
    const parts = await this.deps.fetch(fromMs, toMs);
    if (this.job !== job) return undefined;
    const knownTo = partsKnownTo(parts, this.builder.source, { toMs, venueNow });
    if (knownTo < toMs) this.askAgainAt = toMs + REST_LAG_MS;
    return this.builder.seed(parts, fromMs, knownTo);
  }

  private missing(graceMs: number): Range | undefined {
    const fromMs = this.builder.unprovenFrom(this.now);
    const toMs = barStart(this.builder.source, this.now - graceMs);
    return fromMs < toMs ? { fromMs, toMs } : undefined;
  }

  private get now(): number {
    return this.deps.venueTime.now();
  }
}
