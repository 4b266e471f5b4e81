import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import { errorText } from '../domain/errors';
import type { ChannelMessage, Store } from '../store/ports';
import { PublishDoubt } from '../store/publish-doubt';
import { guarded } from '../store/signal';

/** May be one object for all values of a channel: it is read when it is sent, and not afterwards. */
export interface Latest {
  readonly channel: string;
  readonly exchange: string;
  readonly kind: 'ticker' | 'candle';
  readonly receivedAt: number;
  /** Position in its channel, e.g. the bar's start; absent: none. */
  readonly order?: number;
  /** Renders the payload when it is really sent: replaced values cost nothing. */
  render(publishedAt: number): string;
}

export interface Arriving {
  readonly channel: string;
  readonly payload: string;
  readonly exchange: string;
  readonly kind: 'candle' | 'user' | 'notice';
  readonly receivedAt: number;
  /** Waiting newest-wins values of the channel up to this position are overtaken. */
  readonly order?: number;
  /**
   * Given where a second copy would count twice: it is not sent again once Redis may have published it, and
   * whoever offered it hears of that instead.
   */
  readonly onDoubt?: () => void;
}

/** Newest-wins values join no more than so many: what Redis is slow to take is replaced here, not queued there. */
const PIPELINES = 8;
/** Must-arrive values are not held back by the answers to those before them, up to here. */
const ARRIVING_PIPELINES = 16;
/** Small ones: Redis works on the first while the next is rendered. */
const PIPELINE_MESSAGES = 250;
const MAX_ARRIVING = 20_000;
/**
 * Newest-wins values wait for company as long as the last pipeline is younger than this (ms). A pipeline costs
 * as much as ten messages, here and in Redis, and a busy socket wakes us a thousand times a second.
 */
const COMPANY_MS = 2;
/** Latencies are sampled: at 60k/s an observation per message would cost a tenth of the budget. */
const SAMPLES_PER_PIPELINE = 8;

/**
 * The way to Redis pub/sub. Newest-wins values are conflated per channel while pipelines are in
 * flight, so a slow or absent Redis costs freshness, never memory. Must-arrive values keep their
 * order and wait, bounded; what Redis loses, RabbitMQ still has.
 */
export class RedisDoor {
  private latest = new Map<string, Latest>();
  private arriving: Arriving[] = [];
  private inFlight = 0;
  private arrivingInFlight = 0;
  /** What came back of a broken link; nothing overtakes it. */
  private returned: Arriving[] = [];
  private isScheduled = false;
  private companyTimer: Timer | undefined;
  private flushedAt = -Infinity;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly store: Store,
    private readonly telemetry: Telemetry,
    private readonly clock: Clock,
  ) {
    this.unsubscribe = store.onReady(() => this.schedule());
  }

  /** The newest value of a channel; an older one that was not sent yet is replaced. */
  offerLatest(item: Latest): void {
    if (this.latest.has(item.channel)) this.count('connector_conflated_total', item.exchange, item.kind, 1);
    this.latest.set(item.channel, item);
    // A frame of thousands of values: Redis works on the first while the others are still offered.
    if (this.latest.size >= PIPELINE_MESSAGES) this.flush();
    else this.scheduleWithCompany();
  }

  /** A value that must not be replaced, e.g. a closed candle. Bounded: the oldest goes first. */
  offer(item: Arriving): void {
    // An open candle that was not sent yet is overtaken by its closed one; that of the next bar is not.
    const waiting = this.latest.get(item.channel);
    if (waiting && (waiting.order ?? 0) <= (item.order ?? Infinity)) this.latest.delete(item.channel);
    this.arriving.push(item);
    if (this.arriving.length > MAX_ARRIVING) {
      this.arriving.shift();
      this.telemetry.meter.count('connector_redis_door_dropped_total', { kind: item.kind });
    }
    this.schedule();
  }

  get depth(): number {
    return this.returned.length + this.arriving.length + this.latest.size;
  }

  close(): void {
    this.unsubscribe();
    this.clock.cancel(this.companyTimer);
    this.latest.clear();
    this.arriving = [];
    this.returned = [];
  }

  /** At once where the last pipeline is long gone: a single value is never late. */
  private scheduleWithCompany(): void {
    if (this.isScheduled || this.companyTimer !== undefined || !this.mayFlush) return;
    const waitMs = this.flushedAt + COMPANY_MS - this.clock.monotonic();
    if (waitMs <= 0) return this.schedule();
    this.companyTimer = this.clock.after(waitMs, () => {
      this.companyTimer = undefined;
      this.flush();
    });
  }

  private get mayFlush(): boolean {
    return (this.inFlight < PIPELINES || this.mayArrive) && this.store.ready;
  }

  private get mayArrive(): boolean {
    return this.arriving.length > 0 && this.returned.length === 0 && this.inFlight < ARRIVING_PIPELINES;
  }

  private schedule(): void {
    if (this.isScheduled || !this.mayFlush) return;
    this.isScheduled = true;
    // After the pending socket reads: everything that they bring shares one pipeline.
    setImmediate(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    if (!this.mayFlush) return;
    const must = this.takeArriving();
    const messages: ChannelMessage[] = must.map(({ channel, payload }) => ({ channel, payload }));
    if (this.inFlight < PIPELINES) this.takeLatest(messages);
    if (messages.length === 0) return;
    this.flushedAt = this.clock.monotonic();
    this.inFlight += 1;
    if (must.length > 0) this.arrivingInFlight += 1;
    this.store
      .publishAll(messages)
      .catch((error: unknown) => this.failed(must, error))
      .finally(() => this.settled(must.length > 0));
    // What found no room in this pipeline is behind enough.
    if (this.depth > 0) this.schedule();
  }

  private settled(hadArriving: boolean): void {
    this.inFlight -= 1;
    if (hadArriving) this.arrivingInFlight -= 1;
    // Answers come in the order of the pipelines: once all are in, so is what came back.
    if (this.arrivingInFlight === 0) {
      this.arriving = [...this.returned, ...this.arriving];
      this.returned = [];
    }
    this.telemetry.meter.gauge('connector_redis_door_depth', this.returned.length + this.arriving.length);
    if (this.arriving.length > 0) this.schedule();
    else if (this.latest.size > 0) this.scheduleWithCompany();
  }

  private takeArriving(): readonly Arriving[] {
    if (!this.mayArrive) return [];
    const must = this.arriving.splice(0, PIPELINE_MESSAGES);
    const now = this.clock.now();
    for (const item of must) this.published(item, now);
    return must;
  }

  private takeLatest(messages: ChannelMessage[]): void {
    const now = this.clock.now();
    const room = PIPELINE_MESSAGES - messages.length;
    const stride = Math.max(1, Math.ceil(Math.min(room, this.latest.size) / SAMPLES_PER_PIPELINE));
    const sent = new Map<string, { exchange: string; kind: string; count: number }>();
    for (const [channel, item] of this.latest) {
      if (messages.length >= PIPELINE_MESSAGES) break;
      this.latest.delete(channel);
      messages.push({ channel, payload: item.render(now) });
      tally(sent, item);
      if (messages.length % stride === 0) this.observe(item, now);
    }
    for (const { exchange, kind, count } of sent.values()) {
      this.count('connector_published_total', exchange, kind, count);
    }
  }

  private failed(must: readonly Arriving[], error: unknown): void {
    // Newest-wins values are not repeated: fresher ones follow.
    if (error instanceof PublishDoubt) this.inDoubt(must.slice(error.taken));
    else this.returned.push(...must);
    this.telemetry.log.debug({ held: must.length, error: errorText(error) }, 'publish to Redis failed');
  }

  private inDoubt(items: readonly Arriving[]): void {
    for (const item of items) {
      const { onDoubt } = item;
      if (onDoubt) guarded(onDoubt);
      else this.returned.push(item);
    }
  }

  private published(item: Arriving, now: number): void {
    this.count('connector_published_total', item.exchange, item.kind, 1);
    this.observe(item, now);
  }

  private observe(
    item: { readonly exchange: string; readonly kind: string; readonly receivedAt: number },
    now: number,
  ): void {
    this.telemetry.meter.observe(
      'connector_publish_latency_seconds',
      Math.max(0, now - item.receivedAt) / 1_000,
      { exchange: item.exchange, door: 'redis', kind: item.kind },
    );
  }

  private count(
    name: 'connector_published_total' | 'connector_conflated_total',
    exchange: string,
    kind: string,
    by: number,
  ): void {
    this.telemetry.meter.count(name, { exchange, door: 'redis', kind }, by);
  }
}

function tally(
  sent: Map<string, { exchange: string; kind: string; count: number }>,
  { exchange, kind }: Latest,
): void {
  const key = exchange + kind;
  const entry = sent.get(key);
  if (entry) entry.count += 1;
  else sent.set(key, { exchange, kind, count: 1 });
}
