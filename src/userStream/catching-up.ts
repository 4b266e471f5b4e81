import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random, Timer } from '../domain/time';
import type { StreamRecord, StreamRecords } from '../store/stream-records';
import type { AccountPlug } from './account-feed';
import type { AccountStreamDeps } from './account-stream';
import type { Deliveries } from './deliveries';
import type { Closed, Gap, GapReason, Look } from './reconciler';
import { Reconciler } from './reconciler';
import type { StreamHistory } from './stream-history';

export interface CatchingUpDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly stream: AccountStreamDeps;
  readonly records: StreamRecords;
  /** How often a stream that seems well is compared with what the venue's REST API says; 0: never. */
  readonly auditMs: number;
}

export interface CatchingUpOwner {
  readonly history: Pick<StreamHistory, 'reconciled'>;
  readonly exchange: string;
  readonly room: string;
  /** Of the session that works. */
  plug(): AccountPlug;
  /** Epoch ms up to which the stream told everything. */
  completeUntil(): number | undefined;
  /** The look is over, well or not: live events need not wait for it. */
  onLooked(): void;
  onClosed(closed: Closed): void;
}

/** A change may be stamped before the frame that told of it, and clocks are only estimates. */
const OVERLAP_MS = 5_000;
/** Where nothing proves what is known, and at most, changes of so long are looked at. */
const LONGEST_LOOKBACK_MS = 600_000;
/** Unreadable frames come in swarms: one look answers for all of them. */
const DOUBT_MS = 1_000;
const REFRESH_MS = 30_000;
const RECALL_AGAIN_MS = 5_000;
/** What traded within so long may have traded in a gap as well. */
const TRADED_MS = 86_400_000;
/** Lists of a venue may lag behind its stream. */
const LIST_LAG_MS = 60_000;

/** Keeps the cursor of one room, and closes every gap behind it over REST. */
export class CatchingUp {
  private readonly reconciler: Reconciler;
  private readonly refresh: Timer;
  private doubt: Timer | undefined;
  /** What an earlier life left: the gap since then, once it is known. */
  private readonly past: Promise<Gap | undefined>;
  /**
   * Epoch ms up to which the venue itself has said that nothing is missing. A session proves nothing: it may
   * have been deaf for a while, and nobody knows before the venue is asked.
   */
  private provenUntil = 0;
  /** Epoch ms at which a room without a past began: nothing of before is told. 0: it has a past. */
  private bornAt = 0;
  private refusedSince: number | undefined;
  /** False while Redis could not be asked for it: the cursor that it may hold must not be written over. */
  private isPastKnown = false;
  private recalling: Timer | undefined;
  private isLive = false;
  private isStopped = false;
  private liveAt = Infinity;

  constructor(
    private readonly deps: CatchingUpDeps,
    private readonly owner: CatchingUpOwner,
    private readonly deliveries: Deliveries,
  ) {
    const { room, exchange } = owner;
    this.reconciler = new Reconciler(deps, {
      room,
      exchange,
      look: (gap) => this.look(gap),
      merge: (look) => {
        const found = deliveries.reconciled(look, deps.clock.now());
        // The rest may take minutes.
        if (look.snapshot.askAgain) owner.onLooked();
        return found;
      },
      onClosed: (closed) => this.closed(closed),
      onFailed: ({ fromMs: from }, failed) => {
        owner.history.reconciled({ from, to: deps.clock.now(), found: 0, failed });
        owner.onLooked();
      },
    });
    this.past = this.recall();
    this.refresh = deps.clock.every(REFRESH_MS, () => this.note());
  }

  /** The gap that is not closed yet. */
  get open(): Gap | undefined {
    return this.reconciler.open;
  }

  /**
   * The first session is live: what happened since an earlier life of the room is caught up with. Of a new room
   * the open orders are read, without haste: some venues tell the end of an order only to those who ask for it.
   */
  async begin(): Promise<void> {
    const gap = await this.past;
    if (!gap) this.bornAt = this.deps.clock.now();
    this.provenUntil ||= gap?.fromMs ?? this.bornAt;
    this.live(gap);
    if (!gap) this.need(this.bornAt, 'audit');
  }

  /** A session is live again. */
  live(gap: Gap | undefined): void {
    this.isLive = true;
    this.liveAt = this.deps.clock.now();
    if (gap) {
      this.need(gap.fromMs, gap.reason);
      this.reconciler.hurry();
    } else this.owner.onLooked();
    this.note();
  }

  lost(): void {
    this.isLive = false;
    this.liveAt = Infinity;
  }

  /** There was no room in the outbox: the venue is asked again once there is. */
  outboxFull(sinceMs: number): void {
    this.refusedSince = Math.min(this.refusedSince ?? Infinity, sinceMs);
  }

  outboxDrained(): void {
    if (this.refusedSince !== undefined) this.need(this.refusedSince, 'outbox_full');
    this.refusedSince = undefined;
  }

  /** The venue is asked in doubt, though nothing points to a gap. */
  audit(): void {
    const fromMs = Math.max(this.proven - LIST_LAG_MS, this.bornAt);
    // What was refused is asked for once there is room; before, it would look like a session's deafness.
    const isDue = this.isLive && this.told > 0 && !this.open && this.refusedSince === undefined;
    if (isDue) this.need(fromMs, 'audit');
  }

  /** A frame could not be read, or an answer of Redis was lost: the venue is asked what it may have said. */
  unreadable(): void {
    const { clock } = this.deps;
    const fromMs = clock.now();
    this.doubt ??= clock.after(DOUBT_MS, () => {
      this.doubt = undefined;
      this.need(fromMs, 'unreadable');
    });
  }

  stop(): void {
    const { clock } = this.deps;
    this.isStopped = true;
    this.note();
    this.reconciler.stop();
    clock.cancel(this.refresh);
    clock.cancel(this.doubt);
    clock.cancel(this.recalling);
  }

  /** The cursor: never ahead of what the broker has confirmed, never ahead of a gap that is open. */
  note(): void {
    const until = Math.min(
      this.proven,
      this.deliveries.confirmedUntil ?? Infinity,
      this.reconciler.open?.fromMs ?? Infinity,
      this.refusedSince ?? Infinity,
    );
    this.deliveries.settledUntil(until - LIST_LAG_MS - OVERLAP_MS + this.offsetMs);
    if (!this.isLive || !this.isPastKnown || until <= 0) return;
    this.deps.records.note(this.owner.room, { completeUntil: until });
  }

  /** Epoch ms up to which we believe to know everything. */
  private get told(): number {
    return Math.max(this.owner.completeUntil() ?? 0, this.provenUntil);
  }

  /** Audits prove it again and again; without them, and before the first look, not everything can be asked for. */
  private get proven(): number {
    if (this.deps.auditMs > 0 && this.provenUntil > 0) return this.provenUntil;
    return Math.max(this.provenUntil, this.told - LONGEST_LOOKBACK_MS);
  }

  /** What the venue's clock is ahead of ours. */
  private get offsetMs(): number {
    return this.deps.stream.venueClock.now() - this.deps.clock.now();
  }

  private need(fromMs: number, reason: GapReason): void {
    this.reconciler.need({ fromMs: Math.min(fromMs, this.proven), reason });
  }

  private async recall(): Promise<Gap | undefined> {
    const { records, telemetry, clock } = this.deps;
    const { room, exchange } = this.owner;
    try {
      const gap = this.gapBehind(await records.recall(room));
      this.isPastKnown = true;
      return gap;
    } catch (error) {
      telemetry.log.warn({ exchange, room, error: errorText(error) }, 'past of the stream unknown');
      if (!this.isStopped) this.recalling = clock.after(RECALL_AGAIN_MS, () => void this.recallAgain());
      return this.blind();
    }
  }

  private async recallAgain(): Promise<void> {
    const gap = await this.recall();
    if (gap && this.isPastKnown) this.need(gap.fromMs, gap.reason);
  }

  private gapBehind(record: StreamRecord): Gap | undefined {
    this.deliveries.restore(record);
    const until = Number(record.facts.get('completeUntil') ?? NaN);
    if (Number.isSafeInteger(until)) return { fromMs: until, reason: 'restart' };
    return record.isDoubtful || record.orders.size > 0 ? this.blind() : undefined;
  }

  private blind(): Gap {
    return { fromMs: this.deps.clock.now() - LONGEST_LOOKBACK_MS, reason: 'restart' };
  }

  private async look(gap: Gap): Promise<Look> {
    const { stream } = this.deps;
    const { looks, looksSentAt } = this.owner.plug();
    await stream.listed();
    await stream.venueClock.sync(() => looks.serverTime(), looksSentAt);
    const { offsetMs } = this;
    const sinceMs = Math.round(gap.fromMs + offsetMs - OVERLAP_MS);
    const known = gap.again ? [] : this.deliveries.openOrders();
    const askedAt = stream.venueClock.now();
    const { instruments } = stream;
    const snapshot = await looks.snapshot({
      ...{ sinceMs, instruments, known },
      ...(gap.again && { again: true }),
      ...(this.deliveries.held.length > 0 && { heldBefore: this.deliveries.held }),
      ...(gap.reason === 'audit'
        ? { isAudit: true }
        : { traded: this.deliveries.traded(askedAt - TRADED_MS) }),
    });
    return { snapshot, gap, known, sinceMs, askedAt, liveSince: this.liveAt + offsetMs };
  }

  private closed(closed: Closed): void {
    this.provenUntil = closed.toMs;
    this.owner.onLooked();
    this.owner.onClosed(closed);
    this.note();
  }
}
