import type { ExecutionReport, OrderStatus } from '../domain/account';
import { compare } from '../domain/decimal';

interface Known {
  readonly status: OrderStatus;
  readonly filled: string;
  /** Venue's time of the change, epoch ms. */
  readonly at: number;
  /** Everything that a change can change, as one text. */
  readonly imprint: string;
}

const FINAL: ReadonlySet<OrderStatus> = new Set(['FILLED', 'CANCELED', 'EXPIRED', 'REJECTED']);
const MAX_OPEN = 5_000;
/** Late repeats come within seconds: what is over need not be known for long. */
const MAX_DONE = 500;
/** Stands for the order that a position event tells of without naming one. */
const NAMELESS = '-1';

/**
 * What is known of each order of a room: repeats are dropped, cumulative quantities never go back, a
 * final status is final. Bounded: the order that was silent longest is forgotten first, sooner where it
 * is done.
 */
export class OrderLedger {
  private readonly open = new Map<string, Known>();
  private readonly done = new Map<string, Known>();

  /** True where the report tells something new; it is then remembered. */
  accept(report: ExecutionReport): boolean {
    const id = idOf(report);
    const { orderStatus: status, totalTradeQuantity: filled, orderTime: at } = report;
    const known = this.open.get(id) ?? this.done.get(id);
    const next: Known = {
      status,
      filled,
      at,
      imprint: `${status}|${filled}|${at}|${report.price}|${report.quantity}`,
    };
    if (known && !isNews(known, next)) return false;
    this.open.delete(id);
    this.done.delete(id);
    if (FINAL.has(status)) remember(this.done, MAX_DONE, id, next);
    else remember(this.open, MAX_OPEN, id, next);
    return true;
  }

  /** Orders held. */
  get size(): number {
    return this.open.size + this.done.size;
  }
}

function idOf({ symbol, orderId, orderTime }: ExecutionReport): string {
  const id = `${symbol}|${orderId}`;
  return String(orderId) === NAMELESS ? `${id}|${orderTime}` : id;
}

function remember(orders: Map<string, Known>, limit: number, id: string, known: Known): void {
  orders.set(id, known);
  const oldest = orders.size > limit ? orders.keys().next().value : undefined;
  if (oldest !== undefined) orders.delete(oldest);
}

function isNews(known: Known, next: Known): boolean {
  if (known.imprint === next.imprint) return false;
  const progress = compare(next.filled, known.filled);
  if (progress < 0) return false;
  // A fill that crossed its own cancel: the venue corrects itself, only ever upwards.
  if (FINAL.has(known.status)) return progress > 0 && FINAL.has(next.status);
  // Venues may give a cancel the time of the change before it.
  if (progress > 0 || FINAL.has(next.status)) return true;
  return next.at >= known.at && !isStepBack(known.status, next.status);
}

function isStepBack(from: OrderStatus, to: OrderStatus): boolean {
  return from === 'PARTIALLY_FILLED' && to === 'NEW';
}
