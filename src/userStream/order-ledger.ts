import type { ExecutionReport, OrderStatus } from '../domain/account';
import { compare } from '../domain/decimal';

interface Known {
  readonly status: OrderStatus;
  readonly filled: string;
  /** Everything that a change can change, as one text. */
  readonly imprint: string;
}

const FINAL: ReadonlySet<OrderStatus> = new Set(['FILLED', 'CANCELED', 'EXPIRED', 'REJECTED']);
const MAX_ORDERS = 5_000;

/**
 * What is known of each order of a room: repeats are dropped, cumulative quantities never go back, a
 * final status is final. Bounded: the order that was silent longest is forgotten first.
 */
export class OrderLedger {
  private readonly orders = new Map<string, Known>();

  /** True where the report tells something new; it is then remembered. */
  accept(report: ExecutionReport): boolean {
    const id = `${report.symbol}|${report.orderId}`;
    const { orderStatus: status, totalTradeQuantity: filled } = report;
    const known = this.orders.get(id);
    const imprint = `${status}|${filled}|${report.orderTime}|${report.price}|${report.quantity}`;
    if (known && !isNews(known, { status, filled, imprint })) return false;
    this.orders.delete(id);
    this.orders.set(id, { status, filled, imprint });
    if (this.orders.size > MAX_ORDERS) this.forgetOldest();
    return true;
  }

  private forgetOldest(): void {
    const oldest = this.orders.keys().next().value;
    if (oldest !== undefined) this.orders.delete(oldest);
  }
}

function isNews(known: Known, next: Known): boolean {
  if (known.imprint === next.imprint) return false;
  const progress = compare(next.filled, known.filled);
  if (progress < 0) return false;
  if (!FINAL.has(known.status)) return progress > 0 || !isStepBack(known.status, next.status);
  // A fill that crossed its own cancel: the venue corrects itself, only ever upwards.
  return progress > 0 && FINAL.has(next.status);
}

function isStepBack(from: OrderStatus, to: OrderStatus): boolean {
  return from === 'PARTIALLY_FILLED' && to === 'NEW';
}
