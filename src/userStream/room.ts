import type { UserDelivery, UserPublisher, PublishedAccountEvent } from '../bus/user-publisher';
import type { AccountEvent } from '../domain/account';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Refusal } from '../venues/contract';
import type { AccountPlug, AccountStreamDeps } from './account-stream';
import { AccountStream } from './account-stream';
import type { BreakerPolicy, BreakerState } from './auth-breaker';
import { closedBreaker, proven, refused } from './auth-breaker';
import { FlapWatch } from './flap-watch';
import { OrderLedger } from './order-ledger';
import { Recent } from './recent';

export interface RoomSettings {
  readonly breaker: BreakerPolicy;
  readonly flap: { readonly windowMs: number; readonly threshold: number };
}

export interface RoomDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly publisher: UserPublisher;
  readonly stream: AccountStreamDeps;
  readonly settings: RoomSettings;
  onEvent(event: PublishedAccountEvent, room: string): void;
  onFlap(room: string, exchange: string, reconnects: number): void;
  onAuthReject(room: string, exchange: string, userId: string, reason: Refusal): void;
}

export interface RoomIdentity {
  readonly id: string;
  readonly userId: string;
  readonly exchange: string;
}

/** Notices of one gap are one: each costs a REST call per open order of every bot. */
const ANNOUNCE_AFTER_MS = 1_000;
const REMEMBERED_DELTAS = 1_000;

/** What a backend calls a stream: one account of one exchange, its subscribers, its events. */
export class Room {
  subscribers = 1;
  private readonly stream: AccountStream;
  private readonly ledger = new OrderLedger();
  private readonly deltas = new Recent(REMEMBERED_DELTAS);
  private readonly flaps: FlapWatch;
  private breaker: BreakerState = closedBreaker;
  private retry: Timer | undefined;
  private announcement: Timer | undefined;
  private lastRefusal: Refusal | undefined;
  private lastEventAt: number | undefined;
  private reconnects = 0;
  private hasLived = false;

  constructor(
    readonly identity: RoomIdentity,
    /** Of the credentials in use. */
    public fingerprint: string,
    plug: AccountPlug,
    private readonly deps: RoomDeps,
  ) {
    this.flaps = new FlapWatch(deps.settings.flap);
    this.stream = new AccountStream(plug, deps.stream, {
      onEvents: (events, receivedAt) => this.received(events, receivedAt),
      onLive: () => this.cameLive(),
      onLost: () => undefined,
      onRefused: (reason) => this.refused(reason),
    });
  }

  get state(): string {
    return this.stream.state;
  }

  /** Facts for operators; never a credential. */
  status(): Readonly<Record<string, unknown>> {
    return {
      exchange: this.identity.exchange,
      state: this.state,
      subscribers: this.subscribers,
      reconnects: this.reconnects,
      lastEventAt: this.lastEventAt,
      ...(this.lastRefusal && { refusal: this.lastRefusal.code, cause: this.lastRefusal.cause }),
    };
  }

  swap(plug: AccountPlug, fingerprint: string): void {
    this.fingerprint = fingerprint;
    // New credentials start with a clean sheet.
    this.breaker = closedBreaker;
    this.deps.clock.cancel(this.retry);
    this.stream.swap(plug);
  }

  restart(): void {
    this.stream.restart();
  }

  /** Bots that lost their notice with the cache's outage get it again. */
  announceAgain(): void {
    if (this.state === 'live') this.announceSoon();
  }

  stop(): void {
    this.deps.clock.cancel(this.retry);
    this.deps.clock.cancel(this.announcement);
    this.stream.stop();
  }

  // ---------------------------------------------------------------- events

  private received(events: readonly AccountEvent[], receivedAt: number): void {
    this.breaker = proven();
    this.lastRefusal = undefined;
    this.lastEventAt = receivedAt;
    for (const event of events) {
      if (this.isNews(event)) this.publish(event, receivedAt);
      else this.count(event, 'duplicate');
    }
  }

  /** Absolute balances repeat harmlessly; orders and deltas do not. */
  private isNews(event: AccountEvent): boolean {
    switch (event.kind) {
      case 'order':
        return this.ledger.accept(event.report);
      case 'balanceDelta': {
        const { asset, balanceDelta, clearTime, eventTime } = event.update;
        return this.deltas.isNew(`${asset}|${balanceDelta}|${clearTime}|${eventTime}`);
      }
      case 'balances':
        return true;
    }
  }

  private publish(event: AccountEvent, receivedAt: number): void {
    const { id, exchange } = this.identity;
    const delivery: UserDelivery = { room: id, exchange, receivedAt, isReconciled: false };
    const published = this.deps.publisher.publish(event, delivery);
    this.count(event, published ? 'published' : 'refused by the outbox');
    if (published) this.deps.onEvent(published, id);
  }

  private count({ kind }: AccountEvent, outcome: string): void {
    const { exchange } = this.identity;
    this.deps.telemetry.meter.count('connector_user_events_total', { exchange, kind, outcome });
  }

  // ---------------------------------------------------------------- session

  private cameLive(): void {
    if (this.hasLived) {
      this.reconnects += 1;
      const count = this.flaps.reconnected(this.deps.clock.monotonic());
      if (count !== undefined) this.deps.onFlap(this.identity.id, this.identity.exchange, count);
    }
    this.hasLived = true;
    this.announceSoon();
  }

  private announceSoon(): void {
    const { clock, publisher } = this.deps;
    this.announcement ??= clock.after(ANNOUNCE_AFTER_MS, () => {
      this.announcement = undefined;
      publisher.announce(this.identity.id, this.identity.exchange);
    });
  }

  private refused(reason: Refusal): void {
    const { clock, telemetry, settings } = this.deps;
    const { id, exchange, userId } = this.identity;
    this.lastRefusal = reason;
    telemetry.meter.count('connector_auth_refusals_total', { exchange, cause: reason.cause ?? 'venue' });
    const { state, waitMs, isTripped } = refused(this.breaker, clock.monotonic(), settings.breaker);
    this.breaker = state;
    telemetry.log.warn(
      { exchange, room: id, code: reason.code, cause: reason.cause, text: reason.text, waitMs },
      'login refused',
    );
    if (isTripped) this.deps.onAuthReject(id, exchange, userId, reason);
    clock.cancel(this.retry);
    this.retry = clock.after(waitMs, () => this.stream.retryLogin());
  }
}
