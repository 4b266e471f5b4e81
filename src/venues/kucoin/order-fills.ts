import type { OrderStatus } from '../../domain/account';
import { add, compare, greater, isPositive } from '../../domain/decimal';
import { minus, times } from './amounts';

/** What one connection has heard of an order. Frames of the same moment may come in any order. */
export interface OrderFills {
  readonly tradeIds: Set<string>;
  /** Sums of the matches seen, each once. */
  quantity: string;
  quote: string;
  /** Of the first match. */
  firstPrice: string;
  /** The largest `filledSize` told. */
  filled: string;
  final?: OrderStatus;
  /** Not while fills are missing from the sums. */
  isEndTold?: true;
  /** When it ended, by our clock. */
  endedAt?: number;
}

const MINUTE = 60_000;
/** Late frames of an ended order come within seconds. */
const KEEP_ENDED_MS = 10 * MINUTE;
/** Far above what an account may have open (200 per symbol): only a hostile peer gets there. */
const MAX_ORDERS = 10_000;
const MAX_TRADES = 10_000;

export function blankFills(): OrderFills {
  return { tradeIds: new Set(), quantity: '0', quote: '0', firstPrice: '0', filled: '0' };
}

/** The fills of every order of one connection, bounded: the oldest order is forgotten first. */
export class FillBook {
  private readonly orders = new Map<string, OrderFills>();
  private sweptAt = 0;

  of(orderId: string, now: number): OrderFills {
    const known = this.orders.get(orderId);
    if (known !== undefined) return known;
    this.sweep(now);
    const blank = blankFills();
    this.orders.set(orderId, blank);
    return blank;
  }

  private sweep(now: number): void {
    if (now - this.sweptAt >= MINUTE) {
      this.sweptAt = now;
      for (const [id, { endedAt }] of this.orders) {
        if (endedAt !== undefined && now - endedAt >= KEEP_ENDED_MS) this.orders.delete(id);
      }
    }
    if (this.orders.size >= MAX_ORDERS) dropOldest(this.orders.keys(), (id) => this.orders.delete(id));
  }
}

export interface Match {
  readonly tradeId: string;
  readonly price: string;
  readonly size: string;
}

/** Each trade once. */
export function countMatch(fills: OrderFills, { tradeId, price, size }: Match): void {
  const { tradeIds } = fills;
  if (tradeIds.has(tradeId)) return;
  if (tradeIds.size >= MAX_TRADES) dropOldest(tradeIds.keys(), (id) => tradeIds.delete(id));
  tradeIds.add(tradeId);
  fills.quantity = add(fills.quantity, size);
  fills.quote = add(fills.quote, times(price, size));
  if (!isPositive(fills.firstPrice)) fills.firstPrice = price;
}

/** Not so where some came before the connection. */
export function hasSeenAll({ filled, quantity }: OrderFills): boolean {
  return compare(filled, quantity) <= 0;
}

/** Cumulative totals. Fills that were never seen are valued as the first one that was: an estimate. */
export function totalsOf(fills: OrderFills): { readonly quantity: string; readonly quote: string } {
  const quantity = greater(fills.filled, fills.quantity);
  if (hasSeenAll(fills)) return { quantity, quote: fills.quote };
  return { quantity, quote: add(fills.quote, times(minus(quantity, fills.quantity), fills.firstPrice)) };
}

function dropOldest(keys: Iterator<string>, drop: (key: string) => void): void {
  const oldest = keys.next();
  if (oldest.done !== true) drop(oldest.value);
}
