import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import { ConnectorError, errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random, Timer } from '../domain/time';
import type { AccountSnapshot, KnownOrder } from '../venues/contract';

/** Why the venue is asked what became of the account. */
export type GapReason = 'reconnect' | 'restart' | 'outbox_full' | 'unreadable' | 'audit';

/** A time in which events may have been missed, by our clock (epoch ms). */
export interface Gap {
  readonly fromMs: number;
  readonly reason: GapReason;
  /** All of it was asked for; the rest of the answer is due, and nothing was missed since. */
  readonly again?: true;
}

/** What the venue answered, and to what; times are the venue's, epoch ms. */
export interface Look {
  readonly snapshot: AccountSnapshot;
  readonly gap: Gap;
  /** The orders that were asked for. */
  readonly known: readonly KnownOrder[];
  readonly sinceMs: number;
  readonly askedAt: number;
  /** Since when the session is live: it cannot have told what happened before. */
  readonly liveSince: number;
}

/** Events that the stream had not told. */
export interface Found {
  readonly orders: number;
  readonly balances: number;
  /** Orders among them that a stream would have told by then. */
  readonly overdue: number;
}

/** How a gap was closed. */
export interface Closed {
  readonly gap: Gap;
  readonly toMs: number;
  readonly found: Found;
  readonly attempts: number;
  readonly incomplete?: string;
}

/** What the looks at one gap brought so far. */
interface Part {
  readonly toMs: number;
  readonly found: Found;
  readonly notes: ReadonlySet<string>;
  readonly attempts: number;
}

export interface ReconcilerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

export interface ReconcilerOwner {
  readonly exchange: string;
  readonly room: string;
  /** Asks the venue. */
  look(gap: Gap): Promise<Look>;
  /** Publishes what is news. */
  merge(look: Look): Found;
  onClosed(closed: Closed): void;
  /** `reason`: in words without secrets. */
  onFailed(gap: Gap, reason: string): void;
}

const RETRY: BackoffPolicy = { floorMs: 500, baseMs: 1_000, capMs: 60_000, factor: 2 };
/** Keys without the right to read orders: somebody may grant it. */
const REFUSED_RETRY_MS = 300_000;

/**
 * Closes gaps: asks the venue until it answers, one question at a time. A gap that opens meanwhile is asked
 * for anew afterwards, as the answer on its way may not know of it.
 */
export class Reconciler {
  private wanted: Gap | undefined;
  private asked: Gap | undefined;
  private attempts = 0;
  /** Of a gap that takes the venue more than one answer. */
  private part: Part | undefined;
  /** Monotonic ms since which the open gap waits for its answer. */
  private since: number | undefined;
  private retry: Timer | undefined;
  private isStopped = false;

  constructor(
    private readonly deps: ReconcilerDeps,
    private readonly owner: ReconcilerOwner,
  ) {}

  /** The gap that is not closed yet. */
  get open(): Gap | undefined {
    return this.wanted && this.asked ? joined(this.wanted, this.asked) : (this.wanted ?? this.asked);
  }

  need(gap: Gap): void {
    if (this.isStopped) return;
    this.wanted = joined(this.wanted, gap);
    this.since ??= this.deps.clock.monotonic();
    if (this.asked?.reason === 'audit' && gap.reason !== 'audit') this.overtake(this.asked);
    if (!this.asked && this.retry === undefined) this.ask();
  }

  /** An audit waits behind everybody's gaps: the answer that it gets one day is not listened to. */
  private overtake(audit: Gap): void {
    this.wanted = joined(this.wanted, audit);
    this.asked = undefined;
  }

  /** Circumstances have changed: a retry need not wait any longer. */
  hurry(): void {
    if (this.retry === undefined) return;
    this.deps.clock.cancel(this.retry);
    this.retry = undefined;
    this.ask();
  }

  stop(): void {
    this.isStopped = true;
    this.deps.clock.cancel(this.retry);
  }

  private ask(): void {
    const gap = this.wanted;
    if (!gap) return;
    this.wanted = undefined;
    this.asked = gap;
    this.attempts += 1;
    const toMs = this.deps.clock.now();
    // Within a promise, so that a failure in the very call is one more rejection.
    Promise.resolve()
      .then(() => this.owner.look(gap))
      .then((look) => this.answered(look, gap, toMs))
      .catch((error: unknown) => this.failed(error, gap));
  }

  private answered(look: Look, gap: Gap, toMs: number): void {
    if (this.isStopped || this.asked !== gap) return;
    const { incomplete, askAgain } = look.snapshot;
    const found = this.owner.merge(look);
    const notes = new Set(incomplete?.split('; '));
    const part = added(this.part, { toMs, found, notes, attempts: this.attempts }, gap);
    this.asked = undefined;
    this.attempts = 0;
    this.part = askAgain ? part : undefined;
    if (askAgain) this.wanted = joined(this.wanted, { ...gap, again: true });
    else this.close(gap, part);
    if (this.wanted) this.ask();
  }

  private close(gap: Gap, { toMs, found, notes, attempts }: Part): void {
    const { telemetry } = this.deps;
    const { exchange, room } = this.owner;
    const tookMs = this.taken();
    const incomplete = notes.size > 0 ? [...notes].join('; ') : undefined;
    const news = found.orders + found.balances;
    telemetry.meter.count('connector_reconciles_total', { exchange, reason: gap.reason, outcome: 'closed' });
    telemetry.meter.count('connector_reconciled_events_total', { exchange, reason: gap.reason }, news);
    telemetry.meter.observe('connector_reconcile_seconds', tookMs / 1_000, { exchange, reason: gap.reason });
    const isQuiet = gap.reason === 'audit' && news === 0;
    telemetry.log[isQuiet ? 'debug' : 'info'](
      { exchange, room, reason: gap.reason, fromMs: gap.fromMs, toMs, tookMs, found, attempts, incomplete },
      'gap closed',
    );
    this.owner.onClosed({ gap, toMs, found, attempts, ...(incomplete !== undefined && { incomplete }) });
  }

  /** From the need to the answer. What was needed meanwhile is measured from here on. */
  private taken(): number {
    const now = this.deps.clock.monotonic();
    const tookMs = Math.round(now - (this.since ?? now));
    this.since = this.wanted ? now : undefined;
    return tookMs;
  }

  private failed(error: unknown, gap: Gap): void {
    if (this.isStopped || this.asked !== gap) return;
    const { telemetry, clock } = this.deps;
    const { exchange, room } = this.owner;
    this.asked = undefined;
    this.wanted = joined(this.wanted, gap);
    const waitMs = this.waitAfter(error);
    telemetry.meter.count('connector_reconciles_total', { exchange, reason: gap.reason, outcome: 'failed' });
    telemetry.log.warn(
      { exchange, room, reason: gap.reason, attempt: this.attempts, waitMs, error: errorText(error) },
      'gap not closed yet',
    );
    this.owner.onFailed(gap, errorText(error));
    this.retry = clock.after(waitMs, () => {
      this.retry = undefined;
      this.ask();
    });
  }

  private waitAfter(error: unknown): number {
    const backoffMs = nextDelay(RETRY, this.attempts - 1, this.deps.random);
    if (!(error instanceof ConnectorError)) return backoffMs;
    if (error.retry === 'never') return REFUSED_RETRY_MS;
    if (error.retry === 'backoff') return backoffMs;
    return Math.max(error.retry.afterMs, backoffMs);
  }
}

/** One question answers both. An audit is no reason of its own. */
function joined(one: Gap | undefined, other: Gap): Gap {
  if (!one) return other;
  const reason = one.reason === 'audit' ? other.reason : one.reason;
  return { fromMs: Math.min(one.fromMs, other.fromMs), reason };
}

function added(one: Part | undefined, other: Part, { again }: Gap): Part {
  if (!one) return other;
  return {
    // What the first look answered for was not looked at again.
    toMs: again ? one.toMs : other.toMs,
    found: {
      orders: one.found.orders + other.found.orders,
      balances: one.found.balances + other.found.balances,
      overdue: one.found.overdue + other.found.overdue,
    },
    notes: new Set([...one.notes, ...other.notes]),
    attempts: one.attempts + other.attempts,
  };
}
