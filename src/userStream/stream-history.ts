import type { RefusedTopicStatus, StreamCause, StreamEntry, TopicStatus } from '../domain/status';
import type { Clock } from '../domain/time';
import type { RefusedTopic } from '../transport/subscriptions';
import type { Refusal } from '../venues/contract';
import type { Closed } from './reconciler';

const ENTRIES = 50;
const TOPICS = 50;

type Happening<T = StreamEntry> = T extends unknown ? Omit<T, 'at'> : never;

/**
 * What happened to one account stream, for the question why a bot got no event: the newest entries, the
 * last frame of each topic, gaps and what became of them. Bounded; holds no credential and no content.
 */
export class StreamHistory {
  readonly openedAt: number;
  private readonly kept: StreamEntry[] = [];
  private readonly heardOf = new Map<string, { frames: number; lastAt: number }>();
  /** Absent while no topic is refused. */
  private refusedNow: Map<string, RefusedTopicStatus> | undefined;
  private readonly confirms = { count: 0, lastMs: 0, slowestMs: 0 };
  private dialledAt: number | undefined;
  private publishedCount = 0;
  private refusal: { readonly code: string; readonly text: string; readonly cause: StreamCause } | undefined;

  constructor(private readonly clock: Pick<Clock, 'now'>) {
    this.openedAt = clock.now();
    this.add({ what: 'opened' });
  }

  dialling(): void {
    this.dialledAt = this.clock.now();
    this.add({ what: 'dial' });
  }

  /** Logged in and subscribed, every topic answered. */
  live(): void {
    const tookMs = this.dialledAt === undefined ? undefined : this.clock.now() - this.dialledAt;
    this.dialledAt = undefined;
    this.refusal = undefined;
    this.add({ what: 'live', ...(tookMs !== undefined && { tookMs }) });
  }

  /** The connection ended, or a dial failed. */
  lost(reason: string): void {
    this.add({ what: 'lost', reason });
  }

  /** A planned replacement took over: nothing was missed. */
  rotated(): void {
    this.add({ what: 'rotated' });
  }

  /** New credentials came. */
  swapped(): void {
    this.refusal = undefined;
    this.add({ what: 'swapped' });
  }

  /** The venue refused the login. @param waitMs how long no login is tried; absent: as the transport sees fit */
  refused({ code, text, cause = 'venue' }: Refusal, waitMs?: number): void {
    this.refusal = { code, text, cause };
    this.add({ what: 'refused', ...this.refusal });
    if (waitMs !== undefined) this.add({ what: 'paused', untilAt: this.clock.now() + waitMs, cause });
  }

  /** Hot path. Frames with data of these topics. */
  heard(topics: readonly string[]): void {
    const lastAt = this.clock.now();
    for (const topic of topics) {
      const known = this.heardOf.get(topic);
      if (known) {
        known.frames += 1;
        known.lastAt = lastAt;
      } else if (this.heardOf.size < TOPICS) this.heardOf.set(topic, { frames: 1, lastAt });
      this.refusedNow?.delete(topic);
    }
  }

  topicsRefused(refused: readonly RefusedTopic[]): void {
    for (const { topic, refusal } of refused) {
      const { code, text } = refusal;
      const refusedNow = (this.refusedNow ??= new Map());
      if (refusedNow.size < TOPICS) refusedNow.set(topic, { topic, code, text });
      this.add({ what: 'topicRefused', topic, code, text });
    }
  }

  /** They will be asked for again. */
  topicsWanted(topics: readonly string[]): void {
    for (const topic of topics) this.refusedNow?.delete(topic);
  }

  /** Events from then on may have been missed; the account is to be read. */
  gap(fromAt: number): void {
    this.add({ what: 'gap', fromAt, toAt: this.clock.now() });
  }

  /**
   * A snapshot of the account was compared with what was told. Call it once per try.
   * @param outcome `from`, `to`: the time that it covers (epoch ms); `found`: events that had been missed
   *   and were published now; `failed`: why it could not be done, in words without secrets: the gap stays
   *   open and a further call is expected
   */
  reconciled(outcome: {
    readonly from: number;
    readonly to: number;
    readonly found: number;
    readonly failed?: string | undefined;
  }): void {
    const { from: fromAt, to: toAt, found, failed } = outcome;
    this.add({ what: 'reconciled', fromAt, toAt, found, ...(failed !== undefined && { failed }) });
  }

  /** A gap was closed. Routine looks that found nothing are not worth a line. */
  closed({ gap: { fromMs: from, reason }, toMs: to, found: { orders, balances } }: Closed): void {
    const found = orders + balances;
    if (reason !== 'audit' || found > 0) this.reconciled({ from, to, found });
  }

  /** An event was handed to the outbox. Returns what to call at the broker's confirm. */
  published(): () => void {
    this.publishedCount += 1;
    const offeredAt = this.clock.now();
    return () => {
      const tookMs = Math.max(0, this.clock.now() - offeredAt);
      this.confirms.count += 1;
      this.confirms.lastMs = tookMs;
      this.confirms.slowestMs = Math.max(this.confirms.slowestMs, tookMs);
    };
  }

  /** What a list of streams shows. */
  summary(): {
    readonly openedAt: number;
    readonly published: number;
    readonly refusal?: { readonly code: string; readonly text: string; readonly cause: StreamCause };
  } {
    const { openedAt, refusal } = this;
    return {
      openedAt,
      published: this.publishedCount,
      ...(refusal && { refusal }),
    };
  }

  /** What the page of the stream shows beside. */
  detail(): {
    readonly topics: readonly TopicStatus[];
    readonly refusedTopics: readonly RefusedTopicStatus[];
    readonly confirm: { readonly count: number; readonly lastMs?: number; readonly slowestMs?: number };
    readonly history: readonly StreamEntry[];
  } {
    const { count, lastMs, slowestMs } = this.confirms;
    return {
      topics: [...this.heardOf].map(([topic, { frames, lastAt }]) => ({ topic, frames, lastAt })),
      refusedTopics: [...(this.refusedNow?.values() ?? [])],
      confirm: count === 0 ? { count } : { count, lastMs, slowestMs },
      history: this.kept,
    };
  }

  private add(entry: Happening): void {
    this.kept.push({ at: this.clock.now(), ...entry });
    if (this.kept.length > ENTRIES) this.kept.shift();
  }
}
