import type { ExchangeId } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';

export interface Stall {
  readonly exchange: ExchangeId;
  /** `connect`: no data since the start. Words of the backend's `watchdogStall` notice. */
  readonly kind: 'price' | 'candle' | 'connect';
  readonly staleSeconds: number;
}

type Watched = 'ticker' | 'candle';

interface WatchedPool {
  /** Topics wanted. */
  readonly size: number;
  /** Epoch ms. */
  readonly lastDataTime: number | undefined;
  /** A connection is there and carries its topics. */
  readonly isLive: boolean;
  /** Silence (ms) of a live connection that means something, by the venue's rules and the feed's own rhythm. */
  readonly patienceMs: number;
}

const KINDS = { ticker: 'price', candle: 'candle' } as const;
/** One notice per market and kind in this time: a long outage is one fact. */
const NOTICE_EVERY_MS = 300_000;

/**
 * Tells operators of a market without data; each market by itself, so that a dead one is seen though
 * its siblings are busy. Recovery is the connection's own business.
 */
export class StallWatch {
  /** Since when (epoch ms) something is wanted of a channel. */
  private readonly wantedSince = new Map<Watched, number>();
  /** When (epoch ms) a connection was last seen live. */
  private readonly liveAt = new Map<Watched, number>();
  private readonly noticedAt = new Map<Stall['kind'], number>();

  constructor(
    private readonly exchange: ExchangeId,
    private readonly deps: {
      readonly clock: Clock;
      readonly telemetry: Telemetry;
      readonly stallMs: number;
      onStall(stall: Stall): void;
    },
  ) {}

  /** A connection went silent beyond its rhythm and is being revived. */
  silent(channel: Watched | 'account', silentForMs: number): void {
    this.deps.telemetry.meter.count('connector_stalls_total', { exchange: this.exchange, channel });
    this.notice(channel === 'ticker' ? 'price' : 'candle', silentForMs);
  }

  /**
   * Silence counts from the first topic on: a channel of which nothing is wanted has nothing to say. On a live
   * connection it must also exceed the rhythm of the feed (a quiet candle topic is not a dead one); without
   * one the time since there was one counts.
   */
  check(channel: Watched, pool: WatchedPool): void {
    const { size, lastDataTime, isLive, patienceMs } = pool;
    if (size === 0) return this.unwanted(channel);
    const now = this.deps.clock.now();
    const since = this.wantedSince.get(channel) ?? now;
    this.wantedSince.set(channel, since);
    if (isLive) this.liveAt.set(channel, now);
    const lastSign = Math.max(lastDataTime ?? since, since);
    const countedSince = isLive ? lastSign : Math.max(lastSign, this.liveAt.get(channel) ?? since);
    const limitMs = isLive ? Math.max(this.deps.stallMs, patienceMs) : this.deps.stallMs;
    if (now - countedSince < limitMs) return;
    const kind = lastDataTime === undefined ? 'connect' : KINDS[channel];
    this.notice(kind, now - lastSign);
  }

  private unwanted(channel: Watched): void {
    this.wantedSince.delete(channel);
    this.liveAt.delete(channel);
  }

  private notice(kind: Stall['kind'], silentForMs: number): void {
    const now = this.deps.clock.monotonic();
    const before = this.noticedAt.get(kind);
    if (before !== undefined && now - before < NOTICE_EVERY_MS) return;
    this.noticedAt.set(kind, now);
    const stall = { exchange: this.exchange, kind, staleSeconds: Math.round(silentForMs / 1_000) };
    this.deps.telemetry.log.warn({ ...stall }, 'stalled');
    this.deps.onStall(stall);
  }
}
