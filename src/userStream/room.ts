import type { UserDelivery, UserPublisher, PublishedAccountEvent } from '../bus/user-publisher';
import type { AccountEvent } from '../domain/account';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Refusal } from '../venues/contract';
import type { StreamFacts } from '../domain/status';
import { observeAge } from './account-age';
import type { AccountPlug } from './account-feed';
import type { AccountStreamDeps } from './account-stream';
import { AccountStream } from './account-stream';
import type { Verdict } from './auth-breaker';
import { BalanceBook } from './balance-book';
import { FlapWatch } from './flap-watch';
import { OrderLedger } from './order-ledger';
import { Recent } from './recent';
import { StreamHistory } from './stream-history';

export interface RoomDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly publisher: UserPublisher;
  readonly stream: AccountStreamDeps;
  readonly flap: { readonly windowMs: number; readonly threshold: number };
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
  readonly history: StreamHistory;
  private readonly stream: AccountStream;
  private readonly ledger = new OrderLedger();
  private readonly balances = new BalanceBook();
  private readonly deltas = new Recent(REMEMBERED_DELTAS);
  private readonly flaps: FlapWatch;
  private announcement: Timer | undefined;
  private lastEventAt: number | undefined;
  private reconnects = 0;

  constructor(
    readonly identity: RoomIdentity,
    private plug: AccountPlug,
    private readonly deps: RoomDeps,
  ) {
    this.flaps = new FlapWatch(deps.flap);
    this.history = new StreamHistory(deps.clock);
    this.stream = new AccountStream(plug, deps.stream, {
      onEvents: (events, receivedAt) => this.received(events, receivedAt),
      onLive: (missedSince) => this.cameLive(missedSince),
      onRefused: (reason, verdict) => this.refused(reason, verdict),
      history: this.history,
    });
  }

  /** Of the newest credentials. */
  get fingerprint(): string {
    return this.plug.fingerprint;
  }

  get state(): string {
    return this.stream.state;
  }

  /** Facts for operators; never a credential. */
  status(): StreamFacts {
    const { lastEventAt } = this;
    return {
      room: this.identity.id,
      exchange: this.identity.exchange,
      state: this.state,
      subscribers: this.subscribers,
      reconnects: this.reconnects,
      pausedMs: this.deps.stream.gates.pauseMs(this.fingerprint),
      ...this.history.summary(),
      ...(lastEventAt !== undefined && { lastEventAt }),
    };
  }

  swap(plug: AccountPlug): void {
    this.plug = plug;
    this.history.swapped();
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
    this.deps.clock.cancel(this.announcement);
    this.stream.stop();
  }

  // ---------------------------------------------------------------- events

  private received(events: readonly AccountEvent[], receivedAt: number): void {
    this.lastEventAt = receivedAt;
    observeAge(events, receivedAt, this.identity.exchange, this.deps);
    for (const event of events) {
      const news = this.newsOf(event);
      if (news) this.publish(news, receivedAt);
      else this.count(event, 'duplicate');
    }
  }

  /** What repeats, or is older than what was told, ends here. */
  private newsOf(event: AccountEvent): AccountEvent | undefined {
    switch (event.kind) {
      case 'order':
        return this.ledger.accept(event.report) ? event : undefined;
      case 'balances':
        return this.balances.accept(event);
      case 'balanceDelta': {
        const { asset, balanceDelta, clearTime, eventTime } = event.update;
        return this.deltas.isNew(`${asset}|${balanceDelta}|${clearTime}|${eventTime}`) ? event : undefined;
      }
    }
  }

  private publish(event: AccountEvent, receivedAt: number): void {
    const { id, exchange } = this.identity;
    const onConfirmed = this.history.published();
    const delivery: UserDelivery = { room: id, exchange, receivedAt, isReconciled: false, onConfirmed };
    const { body, isAccepted } = this.deps.publisher.publish(event, delivery);
    this.count(event, isAccepted ? 'published' : 'refused by the outbox');
    this.deps.onEvent(body, id);
  }

  private count({ kind }: AccountEvent, outcome: string): void {
    const { exchange } = this.identity;
    this.deps.telemetry.meter.count('connector_user_events_total', { exchange, kind, outcome });
  }

  // ---------------------------------------------------------------- session

  /** A planned replacement misses nothing and is no reconnect. */
  private cameLive(missedSince: number | undefined): void {
    const { clock, onFlap } = this.deps;
    const { id, exchange } = this.identity;
    this.history.live();
    if (missedSince !== undefined) this.history.gap(missedSince);
    this.announceSoon();
    if (missedSince === undefined) return;
    this.reconnects += 1;
    const count = this.flaps.reconnected(clock.monotonic());
    if (count !== undefined) onFlap(id, exchange, count);
  }

  private announceSoon(): void {
    const { clock, publisher } = this.deps;
    this.announcement ??= clock.after(ANNOUNCE_AFTER_MS, () => {
      this.announcement = undefined;
      // Lost again meanwhile: the next session is announced. A false notice would be believed.
      if (this.state === 'live') publisher.announce(this.identity.id, this.identity.exchange);
    });
  }

  private refused(reason: Refusal, { waitMs, isTripped }: Verdict): void {
    const { telemetry, onAuthReject } = this.deps;
    const { id, exchange, userId } = this.identity;
    const { code, cause, text } = reason;
    this.history.refused(reason, waitMs);
    telemetry.meter.count('connector_auth_refusals_total', { exchange, cause: cause ?? 'venue' });
    telemetry.log.warn({ exchange, room: id, code, cause, text, waitMs }, 'login refused');
    if (isTripped) onAuthReject(id, exchange, userId, reason);
  }
}
