import type { PublishedAccountEvent, UserPublisher } from '../bus/user-publisher';
import type { AccountEvent, OutboundAccountPosition } from '../domain/account';
import type { ExchangeId } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import type { StreamRecord, StreamRecords } from '../store/stream-records';
import type { KnownOrder } from '../venues/contract';
import { BalanceBook } from './balance-book';
import type { Told } from './holding';
import { keyOf, OrderLedger } from './order-ledger';
import { Recent } from './recent';
import type { Found, Look } from './reconciler';
import type { StreamHistory } from './stream-history';

/** What all rooms of a market share. */
export interface DeliveryDeps {
  readonly telemetry: Telemetry;
  readonly publisher: UserPublisher;
  readonly records: StreamRecords;
  onEvent(event: PublishedAccountEvent, room: string): void;
}

export interface DeliveryOwner {
  readonly room: string;
  readonly exchange: ExchangeId;
  readonly history: Pick<StreamHistory, 'published'>;
  /** There was no room for it: what happened since then (epoch ms, ours) must be looked at again. */
  onRefused(sinceMs: number): void;
  /** What readers know of the balances is unknown; the next look tells them. */
  onDoubt(): void;
}

/** A change that is older than this has been told by a stream that works. */
const PROMPT_MS = 5_000;
const REMEMBERED_DELTAS = 1_000;
const NONE: ReadonlySet<AccountEvent> = new Set();
/** The field of a stream's record. */
const HELD_ASSETS = 'assets';

/**
 * What of an account's events is news, and its way out: repeats end here, whether the stream told them twice
 * or REST tells them once more.
 */
export class Deliveries {
  private readonly ledger: OrderLedger;
  private readonly balances = new BalanceBook();
  private readonly deltas = new Recent(REMEMBERED_DELTAS);
  /** Orders that the last look told of, until the stream goes on. */
  private found: ReadonlySet<string> | undefined;
  /**
   * Of each event that the broker has not confirmed, in their order: since when the venue must be asked if it is
   * never confirmed (epoch ms, ours). Absent while there is none.
   */
  private unconfirmed: number[] | undefined;

  constructor(
    private readonly deps: DeliveryDeps,
    private readonly owner: DeliveryOwner,
  ) {
    this.ledger = new OrderLedger((key) => deps.records.order(owner.room, key, undefined));
  }

  /** Orders that were open when last heard of. */
  openOrders(): readonly KnownOrder[] {
    return this.ledger.openOrders();
  }

  /** Symbols of orders that ended since then (venue time), the latest first. */
  traded(sinceMs: number): readonly string[] {
    return this.ledger.traded(sinceMs);
  }

  /** Assets that were last told as held, by this life or an earlier one. */
  get held(): readonly string[] {
    return this.balances.heldNames();
  }

  /** Epoch ms up to which the broker has everything; undefined: it has all that was heard. */
  get confirmedUntil(): number | undefined {
    return this.unconfirmed?.reduce((least, sinceMs) => Math.min(least, sinceMs));
  }

  /** No look will ask for what changed before this time (venue's, epoch ms). */
  settledUntil(at: number): void {
    this.ledger.settledUntil(at);
  }

  /** What an earlier life of the room left. */
  restore({ orders, facts }: StreamRecord): void {
    this.ledger.restore(orders);
    const held = facts.get(HELD_ASSETS);
    if (held === undefined) return;
    this.balances.restore(held);
    // What this life has noted by now knew nothing of it.
    if (this.balances.held !== held) this.noteHeld(this.balances.held);
  }

  /** Redis lost what was remembered. */
  noteAll(): void {
    const { room } = this.owner;
    for (const { key, text } of this.ledger.kept()) this.deps.records.order(room, key, text);
    if (this.balances.held !== '') this.noteHeld(this.balances.held);
  }

  /** As a stream told them, in its order; several frames: they were held while a look was under way. */
  told(frames: readonly Told[]): void {
    const stale = this.overtaken(frames);
    for (const { events, receivedAt } of frames) {
      for (const event of events) {
        const news = stale.has(event) ? undefined : this.newsOf(event);
        if (news) this.publish(news, receivedAt);
        else this.count(event, 'duplicate');
      }
    }
  }

  /**
   * What the frames say of an order before they come to what REST has just told of it: older states, and a venue's
   * times do not show it where REST has no time of the change.
   */
  private overtaken(frames: readonly Told[]): ReadonlySet<AccountEvent> {
    const { found } = this;
    this.found = undefined;
    if (!found) return NONE;
    const stale = new Set<AccountEvent>();
    const reached = new Set<string>();
    for (const event of frames.flatMap(({ events }) => events).reverse()) {
      if (event.kind !== 'order') continue;
      const key = keyOf(event.report);
      if (reached.has(key)) stale.add(event);
      else if (found.has(key) && this.ledger.isTold(event.report, limitOf(event))) reached.add(key);
    }
    return stale;
  }

  /**
   * As REST told it.
   * @param now epoch ms, ours
   */
  reconciled(look: Look, now: number): Found {
    const { snapshot, askedAt, liveSince, gap } = look;
    const orders = snapshot.orders.filter((order) =>
      this.ledger.acceptReconciled(order.report, look, limitOf(order)),
    );
    for (const order of orders) this.publish(order, now, gap.fromMs);
    this.found = orders.length > 0 ? new Set(orders.map(({ report }) => keyOf(report))) : undefined;
    for (const order of snapshot.forgotten ?? []) this.forget(order);
    if (gap.reason !== 'audit') this.doubtUnanswered(look);
    return {
      orders: orders.length,
      balances: snapshot.balances ? this.balancesAre(snapshot.balances, askedAt, now) : 0,
      overdue: orders.filter(({ report }) => {
        const { orderTime } = report;
        const isOverdue = orderTime > liveSince + PROMPT_MS && orderTime < askedAt - PROMPT_MS;
        return isOverdue && !this.ledger.mayHaveForgotten(report);
      }).length,
    };
  }

  /** What a gap may have changed, and the venue does not tell: an open order in the cache would be believed. */
  private doubtUnanswered({ snapshot, known }: Look): void {
    const answered = new Set(snapshot.orders.map(({ report }) => String(report.orderId)));
    for (const { orderId, clientOrderId } of known) {
      if (!answered.has(String(orderId))) this.deps.publisher.doubt(clientOrderId);
    }
  }

  /** Nobody can tell any more what became of it. */
  private forget(order: KnownOrder): void {
    this.deps.records.order(this.owner.room, this.ledger.drop(order), undefined);
    this.deps.publisher.doubt(order.clientOrderId);
  }

  /** All balances, as REST told them. Returns how many events were news. */
  balancesAre(position: OutboundAccountPosition, askedAt: number, now: number): number {
    const news = this.balances.acceptSnapshot({ kind: 'balances', position }, askedAt);
    if (!news) return 0;
    this.publish(news, now, now);
    return 1;
  }

  private newsOf(event: AccountEvent): AccountEvent | undefined {
    switch (event.kind) {
      case 'order':
        return this.ledger.accept(event.report, limitOf(event)) ? event : undefined;
      case 'balances':
        return this.balances.accept(event);
      case 'balanceDelta': {
        const { asset, balanceDelta, clearTime, eventTime } = event.update;
        return this.deltas.isNew(`${asset}|${balanceDelta}|${clearTime}|${eventTime}`) ? event : undefined;
      }
    }
  }

  /** `gapFrom`: the begin of the gap that it was found in, where REST told it. */
  private publish(event: AccountEvent, receivedAt: number, gapFrom?: number): void {
    const { publisher, onEvent } = this.deps;
    const { room, exchange, history } = this.owner;
    const noted = history.published();
    const onConfirmed = (): void => {
      noted();
      this.confirmed(event);
    };
    const delivery = {
      ...{ room, exchange, receivedAt, isReconciled: gapFrom !== undefined, onConfirmed },
      ...(event.kind === 'balanceDelta' && { onDoubt: () => this.doubt(event.update.asset) }),
    };
    const sinceMs = gapFrom ?? receivedAt;
    const { body, isAccepted } = publisher.publish(event, delivery);
    if (isAccepted) (this.unconfirmed ??= []).push(sinceMs);
    else {
      this.retract(event);
      this.owner.onRefused(sinceMs);
    }
    this.count(event, isAccepted ? 'published' : 'refused by the outbox');
    onEvent(body, room);
  }

  /** A delta cannot be told again: the next look tells the absolute balance. */
  private retract(event: AccountEvent): void {
    if (event.kind === 'order') this.ledger.retract(event.report);
    if (event.kind === 'balances') this.balances.retract(event);
  }

  /** It is not told again: the absolute balance is, whatever it is. */
  private doubt(asset: string): void {
    this.balances.doubt(asset);
    this.owner.onDoubt();
  }

  /** What is remembered over a restart never runs ahead of delivery. */
  private confirmed(event: AccountEvent): void {
    const { records } = this.deps;
    const { room } = this.owner;
    // Confirms of a room come in its order.
    this.unconfirmed?.shift();
    if (this.unconfirmed?.length === 0) this.unconfirmed = undefined;
    if (event.kind === 'balances') this.noteHeld(this.balances.confirmed(event));
    if (event.kind !== 'order') return;
    const { key, text } = this.ledger.keep(event.report, limitOf(event));
    records.order(room, key, text);
  }

  private noteHeld(held: string | undefined): void {
    this.deps.records.note(this.owner.room, { [HELD_ASSETS]: held });
  }

  private count({ kind }: AccountEvent, outcome: string): void {
    const { exchange } = this.owner;
    this.deps.telemetry.meter.count('connector_user_events_total', { exchange, kind, outcome });
  }
}

/** The order's own price, where the published form holds it beside the average of its fills. */
function limitOf({ wire }: Extract<AccountEvent, { readonly kind: 'order' }>): string | undefined {
  return typeof wire?.price === 'string' ? wire.price : undefined;
}
