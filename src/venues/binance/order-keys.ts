import type { KnownOrder } from '../contract';
import type { OrderEvent } from './orders';

type Named = Pick<KnownOrder, 'symbol' | 'orderId'>;

/** An order without its id is never a member: its client id may have been used before. */
export function membership(orders: readonly Named[]): (order: Named) => boolean {
  const keys = new Set(orders.filter(hasId).map(keyOf));
  return (order) => keys.has(keyOf(order));
}

export function hasId({ orderId }: Pick<KnownOrder, 'orderId'>): boolean {
  return orderId !== '' && orderId !== 0;
}

/** One event per order, its latest state; oldest change first. */
export function newestOf(events: readonly OrderEvent[]): readonly OrderEvent[] {
  const newest = new Map<string, OrderEvent>();
  for (const event of events) {
    const key = keyOf(event.report);
    const other = newest.get(key);
    if (!other || other.report.orderTime <= event.report.orderTime) newest.set(key, event);
  }
  return [...newest.values()].sort((a, b) => a.report.orderTime - b.report.orderTime);
}

function keyOf({ symbol, orderId }: Named): string {
  return `${symbol} ${orderId}`;
}
