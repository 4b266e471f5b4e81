import type { SimAccount, SimOrder } from '../kit';
import { compare, difference, isOpen, sum } from '../kit';

/** Parts of open orders that the venue took back; the account model knows orders of one size only. */
export class Shrinking {
  private readonly parts = new Map<string, string>();

  of(orderId: string): string {
    return this.parts.get(orderId) ?? '0';
  }

  /** The order as the model has it. Fails with an Error where less than that is left. */
  shrink(account: SimAccount, orderId: string, by: string): SimOrder {
    const order = account.order(orderId);
    if (!order || !isOpen(order)) throw new Error(`no open order ${orderId}`);
    const shrunk = sum(this.of(orderId), by);
    if (compare(shrunk, difference(order.quantity, order.filled)) >= 0)
      throw new Error('nothing would be left');
    this.parts.set(orderId, shrunk);
    return order;
  }
}
