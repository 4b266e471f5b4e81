import type { ExecutionReport, OrderSide, OrderStatus } from '../domain/account';
import { compare, isDecimal, isSameAmount } from '../domain/decimal';
import type { KnownOrder } from '../venues/contract';

interface Known extends Pick<KnownOrder, 'symbol' | 'orderId' | 'clientOrderId'> {
  readonly status: OrderStatus;
  readonly filled: string;
  /** Venue's time of the change, epoch ms. */
  readonly at: number;
  readonly price: string;
  readonly quantity: string;
  /** Absent in what lives of before kept. */
  readonly side: OrderSide | undefined;
  readonly orderType: string | undefined;
  /** There was no room for the report: whoever tells the order next tells news. */
  readonly isUntold?: true;
}

/** What was asked, and when; venue times, epoch ms. */
interface Asked {
  readonly sinceMs: number;
  readonly askedAt: number;
}

/** As it stands in Redis. */
type Unread = Readonly<Record<Exclude<keyof Known, 'isUntold'>, unknown>>;

/** All that the next report of a done order is compared with: a room keeps hundreds of them. */
type Done = Pick<Known, 'status' | 'filled' | 'at'>;

const FINAL: ReadonlySet<string> = new Set(['FILLED', 'CANCELED', 'EXPIRED', 'REJECTED']);
const OPEN: ReadonlySet<string> = new Set(['NEW', 'PARTIALLY_FILLED', 'PENDING_CANCEL']);
const MAX_OPEN = 5_000;
/** An answer may be as old as the question, and clocks of a venue's parts differ. */
const ANSWER_LAG_MS = 2_000;
/** So many are kept, over a restart as well, whatever is settled. */
const MIN_DONE = 200;
const MAX_DONE = 5_000;
/** Stands for the order that a position event tells of without naming one. */
const NAMELESS = '-1';

/**
 * What is known of each order of a room: repeats are dropped, cumulative quantities never go back, a
 * final status is final. Bounded: the order that was silent longest is forgotten first, sooner where it
 * is done.
 */
export class OrderLedger {
  /** Both are made with their first order: most of the streams are idle. */
  private open: Map<string, Known> | undefined;
  private done: Map<string, Done> | undefined;
  private doneSince = -Infinity;
  private forgottenUntil = -Infinity;

  /** @param onForgotten hears the key of each done order that is remembered no longer */
  constructor(private readonly onForgotten: (key: string) => void = () => undefined) {}

  /**
   * True where the report, as a stream told it, is something new; it is then remembered.
   * @param limit the order's own price, where the published form has it beside the report's
   */
  accept(report: ExecutionReport, limit?: string): boolean {
    const key = keyOf(report);
    const next = knownOf(report, limit);
    if (!this.isNews(key, next)) return false;
    this.remember(key, next);
    return true;
  }

  /**
   * The same for what REST tells after a gap that began at `sinceMs`. Its times may differ from the stream's, so
   * that they prove nothing of an order that is known, unless the stream told of it while the answer was under
   * way; an order that is not known, and did not change since, was told to an earlier life.
   */
  acceptReconciled(report: ExecutionReport, { sinceMs, askedAt }: Asked, limit?: string): boolean {
    const key = keyOf(report);
    const known = this.open?.get(key) ?? this.done?.get(key);
    const next = knownOf(report, limit);
    const isOvertaken = known !== undefined && known.at > askedAt - ANSWER_LAG_MS;
    const at = known && !isOvertaken ? Math.max(next.at, known.at) : next.at;
    if (!this.isNews(key, { ...next, at })) return false;
    this.remember(key, next);
    return known !== undefined || next.at >= sinceMs;
  }

  /** The report says what was told last. */
  isTold(report: ExecutionReport, limit?: string): boolean {
    const key = keyOf(report);
    const next = knownOf(report, limit);
    const [open, done] = [this.open?.get(key), this.done?.get(key)];
    if (open) return !open.isUntold && isSame(open, next);
    return done !== undefined && done.status === next.status && compare(done.filled, next.filled) === 0;
  }

  /** The publication failed: what is told of the order next is news, and REST is asked for it by its id. */
  retract(report: ExecutionReport): void {
    const key = keyOf(report);
    const known = this.open?.get(key) ?? this.done?.get(key);
    this.remove(key);
    if (!known || isNameless(report)) return;
    this.rememberAs(key, { ...knownOf(report), ...known, isUntold: true });
  }

  /** The venue itself has forgotten it: it is not asked for any more. Returns its key. */
  drop(order: KnownOrder): string {
    const key = keyOf({ ...order, orderTime: 0 });
    this.remove(key);
    return key;
  }

  /**
   * No look will ask for changes of before this time (venue's, epoch ms). What ended since must be known, or a
   * busy account would be told everything twice and taken for deaf.
   */
  settledUntil(at: number): void {
    this.doneSince = at;
  }

  /** It may have been told, though the ledger does not know it: there were too many. */
  mayHaveForgotten({ orderTime }: ExecutionReport): boolean {
    return orderTime <= this.forgottenUntil;
  }

  /** Orders that were open when last heard of. */
  openOrders(): readonly KnownOrder[] {
    return [...(this.open?.values() ?? [])].filter((order) => !isNameless(order)).map(knownOrder);
  }

  /** Symbols of orders that ended since then, the latest first. */
  traded(sinceMs: number): readonly string[] {
    const ended = [...(this.done ?? [])].filter(([, { at }]) => at >= sinceMs);
    return [...new Set(ended.reverse().map(([key]) => symbolOf(key)))];
  }

  /** What the ledger remembers of the order, as text for `restore`; without one if it is done and forgotten. */
  keep(report: ExecutionReport, limit?: string): { readonly key: string; readonly text: string | undefined } {
    const key = keyOf(report);
    const known = knownOf(report, limit);
    const isForgotten = FINAL.has(known.status) && !this.done?.has(key);
    return { key, text: isForgotten ? undefined : JSON.stringify(known) };
  }

  /** The same of every open order. */
  kept(): readonly { readonly key: string; readonly text: string }[] {
    return [...(this.open ?? [])].map(([key, known]) => ({ key, text: JSON.stringify(known) }));
  }

  /** Takes what an earlier life kept; what is known already is newer. Unreadable texts are left out. */
  restore(kept: ReadonlyMap<string, string>): void {
    for (const [key, text] of kept) {
      const known = this.open?.has(key) || this.done?.has(key) ? undefined : parsed(text);
      if (known) this.rememberAs(key, known);
    }
  }

  /** Orders held. */
  get size(): number {
    return (this.open?.size ?? 0) + (this.done?.size ?? 0);
  }

  private isNews(key: string, next: Known): boolean {
    const done = this.done?.get(key);
    // A fill that crossed its own cancel: the venue corrects itself, only ever upwards.
    if (done) return FINAL.has(next.status) && compare(next.filled, done.filled) > 0;
    const known = this.open?.get(key);
    return known === undefined || isNews(known, next);
  }

  private remember(key: string, next: Known): void {
    this.remove(key);
    this.rememberAs(key, next);
  }

  private remove(key: string): void {
    this.open?.delete(key);
    this.done?.delete(key);
  }

  private rememberAs(key: string, known: Known): void {
    if (isOver(known)) this.rememberDone(key, known);
    else {
      const open = (this.open ??= new Map());
      open.set(key, known);
      const oldest = open.size > MAX_OPEN ? open.keys().next().value : undefined;
      if (oldest !== undefined) open.delete(oldest);
    }
  }

  private rememberDone(key: string, { status, filled, at: endedAt }: Done): void {
    const done = (this.done ??= new Map());
    done.set(key, { status, filled, at: endedAt });
    for (const [oldest, { at }] of done) {
      const isCrowded = done.size > MAX_DONE;
      if (!isCrowded && (done.size <= MIN_DONE || at > this.doneSince)) return;
      done.delete(oldest);
      this.onForgotten(oldest);
      if (isCrowded) this.forgottenUntil = Math.max(this.forgottenUntil, at);
    }
  }
}

/** What was not told is not over yet. */
function isOver({ status, isUntold }: Known): boolean {
  return FINAL.has(status) && !isUntold;
}

function isNameless({ orderId }: { readonly orderId: string | number }): boolean {
  return String(orderId) === NAMELESS;
}

/** Where the report's price is the average of fills, an amended limit would not show in it. */
function knownOf(report: ExecutionReport, price = report.price): Known {
  const { symbol, orderId, newClientOrderId: clientOrderId, quantity, side, orderType } = report;
  const { orderStatus: status, totalTradeQuantity: filled, orderTime: at } = report;
  return { symbol, orderId, clientOrderId, status, filled, at, price, quantity, side, orderType };
}

function knownOrder(known: Known): KnownOrder {
  const { symbol, orderId, clientOrderId, filled, at, price, quantity, side, orderType } = known;
  const named = { symbol, orderId, clientOrderId };
  if (side === undefined || orderType === undefined) return named;
  return { ...named, last: { side, orderType, price, quantity, filled, at } };
}

/** Of an order within its room. */
export function keyOf(order: Pick<ExecutionReport, 'symbol' | 'orderId' | 'orderTime'>): string {
  const key = `${order.symbol}|${order.orderId}`;
  return isNameless(order) ? `${key}|${order.orderTime}` : key;
}

function symbolOf(key: string): string {
  return key.slice(0, key.indexOf('|'));
}

/** Everything that a change can change, but its time. */
function isSame(known: Known, next: Known): boolean {
  return (
    known.status === next.status &&
    compare(known.filled, next.filled) === 0 &&
    isSameAmount(known.price, next.price) &&
    isSameAmount(known.quantity, next.quantity)
  );
}

/** Of an order that is not done. */
function isNews(known: Known, next: Known): boolean {
  if (known.isUntold) return isNoOlder(known, next);
  // A later time alone is no change: venues list their orders anew at every session.
  if (isSame(known, next)) return false;
  const progress = compare(next.filled, known.filled);
  if (progress < 0) return false;
  // Venues may give a cancel the time of the change before it.
  if (progress > 0 || FINAL.has(next.status)) return true;
  return next.at >= known.at && !isStepBack(known.status, next.status);
}

function isNoOlder(known: Known, next: Known): boolean {
  return compare(next.filled, known.filled) >= 0 && (!FINAL.has(known.status) || FINAL.has(next.status));
}

function isStepBack(from: OrderStatus, to: OrderStatus): boolean {
  return from === 'PARTIALLY_FILLED' && to === 'NEW';
}

/** From our own key of Redis, which others could write all the same. */
function parsed(text: string): Known | undefined {
  try {
    const value = JSON.parse(text) as Unread | null;
    return value !== null && typeof value === 'object' && isKnown(value) ? value : undefined;
  } catch {
    // Not ours: an order that is not restored is asked for by its time instead.
    return undefined;
  }
}

function isKnown(value: Unread): value is Known {
  const { orderId, status, filled, at, symbol, clientOrderId, price, quantity, side, orderType } = value;
  const isNamed = typeof orderId === 'string' || Number.isSafeInteger(orderId);
  const areTexts = [symbol, clientOrderId, price, quantity].every((one) => typeof one === 'string');
  return (
    isNamed &&
    areTexts &&
    isDescribed(side, orderType) &&
    typeof status === 'string' &&
    (OPEN.has(status) || FINAL.has(status)) &&
    isDecimal(filled) &&
    Number.isSafeInteger(at)
  );
}

function isDescribed(side: unknown, orderType: unknown): boolean {
  const isSide = side === undefined || side === 'BUY' || side === 'SELL';
  return isSide && (orderType === undefined || typeof orderType === 'string');
}
