import { compare, product, quotient, sum } from './exact';

export type SimOrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'REJECTED';

/** What an order is placed with. Amounts are decimal texts. */
export interface OrderRequest {
  /** Published exchange id; default the account's. For venues whose one key serves several markets. */
  readonly exchange?: string;
  /** As the venue spells it. */
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly type: 'LIMIT' | 'MARKET';
  /** `0` on market orders. */
  readonly price: string;
  /** Base units, or contracts where the venue counts in contracts. */
  readonly quantity: string;
  /** Default: made up. */
  readonly clientOrderId?: string;
  /** Default: the account's `orderIds`. */
  readonly orderId?: string;
  /** Spot: what the order locks and moves. Absent: balances stay as they are. */
  readonly assets?: { readonly base: string; readonly quote: string };
}

export interface SimFill {
  /** Unique in the book, rising. */
  readonly tradeId: number;
  readonly price: string;
  readonly quantity: string;
  readonly commission: string;
  readonly commissionAsset: string;
  readonly time: number;
}

/** An order after its last change; never edited, each change makes a new one. Times: venue clock, epoch ms. */
export interface SimOrder {
  readonly exchange: string;
  readonly symbol: string;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly side: 'BUY' | 'SELL';
  readonly type: 'LIMIT' | 'MARKET';
  readonly price: string;
  readonly quantity: string;
  readonly status: SimOrderStatus;
  /** Cumulative. */
  readonly filled: string;
  /** Sum of price x quantity over all fills; a venue of inverse contracts derives its own from `fills`. */
  readonly quote: string;
  /** quote / filled, 8 decimals; `0` without a fill. */
  readonly averagePrice: string;
  readonly fills: readonly SimFill[];
  /** The client id of the cancel request, where the venue has one. */
  readonly cancelId: string;
  /** The venue took the position over. */
  readonly isLiquidation: boolean;
  readonly assets?: { readonly base: string; readonly quote: string };
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Counts the changes of the book: breaks ties of `updatedAt`. */
  readonly change: number;
}

export function isOpen({ status }: SimOrder): boolean {
  return status === 'NEW' || status === 'PARTIALLY_FILLED';
}

export interface Amendment {
  readonly price?: string;
  readonly quantity?: string;
}

/** The order with another price or quantity. Fails with an Error where no part of it would be left. */
export function amendedBy(
  order: SimOrder,
  amendment: Amendment,
  at: Pick<SimOrder, 'updatedAt' | 'change'>,
): SimOrder {
  const amended = { ...order, ...amendment, ...at };
  if (compare(amended.quantity, order.filled) <= 0) throw new Error(`nothing left of order ${order.orderId}`);
  return amended;
}

/** The order after one more fill. */
export function filledBy(order: SimOrder, fill: SimFill, change: number): SimOrder {
  const filled = sum(order.filled, fill.quantity);
  const quote = sum(order.quote, product(fill.price, fill.quantity));
  if (compare(filled, order.quantity) > 0) throw new Error(`order ${order.orderId} would be overfilled`);
  return {
    ...order,
    filled,
    quote,
    averagePrice: quotient(quote, filled),
    status: compare(filled, order.quantity) === 0 ? 'FILLED' : 'PARTIALLY_FILLED',
    fills: [...order.fills, fill],
    updatedAt: fill.time,
    change,
  };
}
