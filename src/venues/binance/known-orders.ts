import type { KnownOrder } from '../contract';
import { isLongSilent } from '../long-silent';
import type { Endpoint } from './account-paths';
import type { LookCalls } from './look-calls';
import { hasId, membership } from './order-keys';
import type { OrderEvent } from './orders';

export interface Fates {
  readonly orders: readonly OrderEvent[];
  readonly forgotten: readonly KnownOrder[];
}

/** Known orders that no list names are asked for one by one. */
export async function fatesOf(
  known: readonly KnownOrder[],
  listed: readonly OrderEvent[],
  endpoint: Endpoint,
  calls: LookCalls,
): Promise<Fates> {
  const isListed = membership(listed.map(({ report }) => report));
  const orders: OrderEvent[] = [];
  const forgotten: KnownOrder[] = [];
  for (const order of known) {
    if (isListed(order)) continue;
    const answer = await calls.unlessForgotten(() => one(order, endpoint, calls));
    const fate = answer?.[0];
    if (fate) orders.push(fate);
    else calls.note(`the venue does not tell of an order of ${order.symbol} that was open`);
    if (answer === undefined && isLongSilent(order, calls.client.now())) forgotten.push(order);
  }
  return { orders, forgotten };
}

async function one(known: KnownOrder, endpoint: Endpoint, calls: LookCalls): Promise<readonly OrderEvent[]> {
  const { symbol, orderId, clientOrderId } = known;
  const named = hasId(known) ? { orderId } : { origClientOrderId: clientOrderId };
  return calls.read([await calls.client.signed(endpoint, { symbol, ...named })]);
}
