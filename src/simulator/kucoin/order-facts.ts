import type { SimOrder } from '../kit';
import { compare, difference, isOpen, sum } from '../kit';

/** What KuCoin knows of an order beyond the account model. */
export interface OrderNotes {
  /** Quote amount of a market buy that was placed by funds; such an order has no size. */
  readonly fundsOf: (order: SimOrder) => string | undefined;
  /** Taken back by the venue while the order lived (self-trade prevention). */
  readonly shrunkOf: (orderId: string) => string;
}

export interface OrderFacts {
  readonly isActive: boolean;
  readonly hasFills: boolean;
  /** As the order stands now; `origin` as it was placed. */
  readonly size: string;
  readonly origin: string;
  readonly canceled: string;
  readonly remain: string;
  readonly funds?: string;
  readonly remainFunds?: string;
}

export function factsOf(order: SimOrder, notes: OrderNotes): OrderFacts {
  const { filled, quantity, quote, orderId } = order;
  const shrunk = notes.shrunkOf(orderId);
  const size = difference(quantity, shrunk);
  const rest = difference(size, filled);
  const isActive = isOpen(order) && compare(rest, '0') > 0;
  const isFilled = compare(rest, '0') === 0;
  const funds = notes.fundsOf(order);
  return {
    isActive,
    hasFills: compare(filled, '0') > 0,
    size,
    origin: quantity,
    canceled: isActive || isFilled ? shrunk : sum(shrunk, rest),
    remain: isActive ? rest : '0',
    ...(funds !== undefined && { funds, remainFunds: difference(funds, quote) }),
  };
}
