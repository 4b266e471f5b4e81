import type { ExecutionReport } from '../../domain/account';
import { isPositive } from '../../domain/decimal';
import type { KnownOrder } from '../contract';

const HOUR = 3_600_000;
/** The venue forgets an order so long after it was cancelled without a fill, and any other much later. */
export const UNFILLED_MS = 2 * HOUR;
export const ARCHIVED_MS = 90 * 24 * HOUR;

/**
 * The end of an order that the venue does not know any more: only a cancel without a fill is forgotten so soon,
 * and it was more than 2 hours ago. Undefined where something else may have become of it.
 * https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-details
 */
export function unheardCancel(known: KnownOrder, nowMs: number): ExecutionReport | undefined {
  const { symbol, orderId, clientOrderId, last } = known;
  const endedBy = Math.floor(nowMs) - UNFILLED_MS;
  if (!last || isPositive(last.filled) || last.at > endedBy || last.at < nowMs - ARCHIVED_MS)
    return undefined;
  return {
    eventType: 'executionReport',
    // The latest that it can have been.
    ...{ eventTime: endedBy, creationTime: endedBy, orderTime: endedBy },
    ...{ symbol, orderId, newClientOrderId: clientOrderId, originalClientOrderId: clientOrderId },
    ...{ side: last.side, orderType: last.orderType, orderStatus: 'CANCELED' },
    ...{ price: last.price, quantity: last.quantity, totalTradeQuantity: '0', totalQuoteTradeQuantity: '0' },
    liquidation: false,
  };
}
