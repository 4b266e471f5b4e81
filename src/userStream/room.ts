import type { UserPublisher, PublishedAccountEvent } from '../bus/user-publisher';
import type { OutboundAccountPosition } from '../domain/account';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random, Timer } from '../domain/time';
import type { StreamRecords } from '../store/stream-records';
import type { Refusal } from '../venues/contract';
import type { StreamFacts } from '../domain/status';
import { observeAge } from './account-age';
import type { AccountPlug } from './account-feed';
import type { AccountStreamDeps } from './account-stream';
import { AccountStream } from './account-stream';
import type { Verdict } from './auth-breaker';
import { BalancePoll } from './balance-poll';
import { CatchingUp } from './catching-up';
import { Deliveries } from './deliveries';
import { FlapWatch } from './flap-watch';
import { Holding, type Told } from './holding';
import type { Closed, Gap } from './reconciler';
import { StreamHistory } from './stream-history';

export interface RoomDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly publisher: UserPublisher;
  readonly records: StreamRecords;
  readonly stream: AccountStreamDeps;
  readonly flap: { readonly windowMs: number; readonly threshold: number };
  /** How often a stream that seems well is compared with what the venue's REST API says; 0: never. */
  readonly auditMs: number;
  readonly instanceId: string;
  onEvent(event: PublishedAccountEvent, room: string): void;
  onFlap(room: string, exchange: string, reconnects: number): void;
  onAuthReject(room: string, exchange: string, userId: string, reason: Refusal): void;
}

export interface RoomFacts extends StreamFacts {
  readonly openGap?: Gap;
  readonly lastGap?: Closed;
}

export interface RoomIdentity {
  readonly id: string;
  readonly userId: string;
  readonly exchange: string;
}

/** Notices of one gap are one: each costs a REST call per open order of every bot. */
const ANNOUNCE_AFTER_MS = 1_000;

/** What a backend calls a stream: one account of one exchange, its subscribers, its events. */
export class Room {
  subscribers = 1;
  readonly history: StreamHistory;
  private readonly stream: AccountStream;
  private readonly deliveries: Deliveries;
  private readonly holding: Holding;
  private readonly catchingUp: CatchingUp;
  /** Where the venue pushes no balances. */
  private readonly poll: BalancePoll | undefined;
  private readonly flaps: FlapWatch;
  private announcement: Timer | undefined;
  private audit: Timer | undefined;
  private lastClosed: Closed | undefined;
  private lastEventAt: number | undefined;
  private reconnects = 0;
  private hasBeenLive = false;

  constructor(
    readonly identity: RoomIdentity,
    private plug: AccountPlug,
    private readonly deps: RoomDeps,
  ) {
    const { clock, stream } = deps;
    const { id: room, exchange } = identity;
    this.flaps = new FlapWatch(deps.flap);
    this.history = new StreamHistory(clock);
    const { history } = this;
    // One for all parts of the room, beside what the rooms of a market share.
    const owner = {
      ...{ room, exchange, history },
      plug: () => this.stream.plug,
      completeUntil: () => this.stream.completeUntil,
      onLooked: () => this.holding.end(),
      onClosed: (closed: Closed) => this.gapClosed(closed),
      onRefused: (receivedAt: number) => this.catchingUp.outboxFull(receivedAt),
      onDoubt: () => this.catchingUp.unreadable(),
      onBalances: (position: OutboundAccountPosition, askedAt: number) =>
        this.deliveries.balancesAre(position, askedAt, clock.now()),
    };
    this.deliveries = new Deliveries(deps, owner);
    this.holding = new Holding(clock, (frames) => this.deliver(frames));
    this.holding.begin();
    this.stream = new AccountStream(plug, stream, {
      onEvents: (events, receivedAt) => this.holding.take({ events, receivedAt }),
      onLive: (missedSince) => this.cameLive(missedSince),
      onLost: () => this.lost(),
      onUnread: () => this.catchingUp.unreadable(),
      onRefused: (reason, verdict) => this.refused(reason, verdict),
      ...{ history, room },
    });
    this.catchingUp = new CatchingUp(deps, owner, this.deliveries);
    if (plug.feed.polledBalances) this.poll = new BalancePoll(deps, owner);
    this.note();
  }

  /** Of the newest credentials. */
  get fingerprint(): string {
    return this.plug.fingerprint;
  }

  get state(): string {
    return this.stream.state;
  }

  /** Facts for operators; never a credential. */
  status(): RoomFacts {
    const { lastEventAt, lastClosed, identity } = this;
    const { open } = this.catchingUp;
    return {
      room: identity.id,
      exchange: identity.exchange,
      state: this.state,
      subscribers: this.subscribers,
      reconnects: this.reconnects,
      pausedMs: this.deps.stream.gates.pauseMs(this.fingerprint),
      // An audit looks for what nobody has missed yet.
      openGaps: open && open.reason !== 'audit' ? 1 : 0,
      ...this.history.summary(),
      ...(lastEventAt !== undefined && { lastEventAt }),
      ...(open && { openGap: open }),
      ...(lastClosed && { lastGap: lastClosed }),
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

  /** The outbox has room again after it refused events. */
  outboxDrained(): void {
    this.catchingUp.outboxDrained();
  }

  noteAll(): void {
    this.deliveries.noteAll();
    this.catchingUp.note();
    this.note();
  }

  stop(): void {
    const { clock } = this.deps;
    clock.cancel(this.announcement);
    clock.cancel(this.audit);
    this.holding.end();
    this.catchingUp.stop();
    this.poll?.lost();
    this.stream.stop();
  }

  // ---------------------------------------------------------------- events

  private deliver(frames: readonly Told[]): void {
    for (const { events, receivedAt } of frames) {
      this.lastEventAt = receivedAt;
      observeAge(events, receivedAt, this.identity.exchange, this.deps);
    }
    this.deliveries.told(frames);
    const hasOrders = frames.some(({ events }) => events.some(({ kind }) => kind === 'order'));
    if (hasOrders) this.poll?.orderChanged();
  }

  // ---------------------------------------------------------------- session

  /** A planned replacement misses nothing and is no reconnect. */
  private cameLive(missedSince: number | undefined): void {
    const { clock, onFlap } = this.deps;
    const { id, exchange } = this.identity;
    this.history.live();
    this.holding.live();
    if (missedSince !== undefined) this.history.gap(missedSince);
    this.announceSoon();
    this.poll?.live();
    this.auditLater();
    if (!this.hasBeenLive) void this.catchingUp.begin();
    else
      this.catchingUp.live(
        missedSince === undefined ? undefined : { fromMs: missedSince, reason: 'reconnect' },
      );
    this.hasBeenLive = true;
    if (missedSince !== undefined) {
      this.reconnects += 1;
      const count = this.flaps.reconnected(clock.monotonic());
      if (count !== undefined) onFlap(id, exchange, count);
    }
    this.note();
  }

  /** What comes next may be younger than what was missed. */
  private lost(): void {
    this.holding.begin();
    this.catchingUp.lost();
    this.poll?.lost();
    this.deps.clock.cancel(this.audit);
    this.note();
  }

  private gapClosed(closed: Closed): void {
    const { telemetry } = this.deps;
    const { id: room, exchange } = this.identity;
    const { gap, found } = closed;
    const isDeaf = gap.reason === 'audit' && found.overdue > 0;
    if (gap.reason !== 'audit' || isDeaf) this.lastClosed = closed;
    this.history.closed(closed);
    if (!isDeaf) return;
    telemetry.meter.count('connector_deaf_sessions_total', { exchange });
    telemetry.log.warn({ exchange, room, found }, 'the session is deaf: the venue knows more than it told');
    this.stream.restart();
  }

  private auditLater(): void {
    const { clock, random, auditMs } = this.deps;
    clock.cancel(this.audit);
    if (auditMs === 0) return;
    this.audit = clock.after(auditMs * (0.75 + 0.5 * random()), () => {
      this.catchingUp.audit();
      this.auditLater();
    });
  }

  private announceSoon(): void {
    const { clock, publisher } = this.deps;
    this.announcement ??= clock.after(ANNOUNCE_AFTER_MS, () => {
      this.announcement = undefined;
      // Lost again meanwhile: the next session is announced. A false notice would be believed.
      if (this.state === 'live') publisher.announce(this.identity.id, this.identity.exchange);
    });
  }

  private refused(reason: Refusal, verdict: Verdict | undefined): void {
    const { telemetry, onAuthReject } = this.deps;
    const { id, exchange, userId } = this.identity;
    const { code, cause, text } = reason;
    const context = { exchange, room: id, code, cause, text };
    telemetry.meter.count('connector_auth_refusals_total', { exchange, cause: cause ?? 'venue' });
    if (verdict) {
      this.history.refused(reason, verdict.waitMs);
      telemetry.log.warn({ ...context, waitMs: verdict.waitMs }, 'login refused');
    } else telemetry.log.warn(context, 'the key lacks a right for some topics');
    if (!verdict || verdict.isTripped) onAuthReject(id, exchange, userId, reason);
    this.note();
  }

  /** State for operators and other instances; never a credential. */
  private note(): void {
    const { records, clock, instanceId } = this.deps;
    const { reconnects, state, lastEventAt, identity } = this;
    records.note(identity.id, {
      ...{ exchange: identity.exchange, instance: instanceId, state, since: clock.now(), reconnects },
      ...{ lastEventAt, refusal: this.history.summary().refusal?.code ?? '' },
    });
  }
}
