import type { SimOrder } from '../kit';
import { isOpen } from '../kit';

/** The venue's own words for the state of an order, beside those that the book knows. */
export class OrderStates {
  private readonly marks = new Map<string, string>();
  private readonly forgotten = new Set<string>();

  /** Holds until the order ends. */
  mark(orderId: string, status: string): void {
    this.marks.set(orderId, status);
  }

  /** As if it had never been: no list and no look finds it. */
  forget(orderId: string): void {
    this.forgotten.add(orderId);
  }

  isForgotten({ orderId }: SimOrder): boolean {
    return this.forgotten.has(orderId);
  }

  statusOf(order: SimOrder): string {
    const mark = isOpen(order) ? this.marks.get(order.orderId) : undefined;
    return mark ?? plainStatus(order);
  }
}

function plainStatus({ status, type }: SimOrder): string {
  switch (status) {
    case 'NEW':
      // Nothing of a market order ever rests.
      return type === 'MARKET' ? 'PENDING' : 'OPEN';
    case 'PARTIALLY_FILLED':
      return 'OPEN';
    case 'FILLED':
      return 'FILLED';
    case 'CANCELED':
      return 'CANCELLED';
    case 'EXPIRED':
      return 'EXPIRED';
    case 'REJECTED':
      return 'FAILED';
  }
}
