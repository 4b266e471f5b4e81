/** What of an order event a consumer needs, in either form. */
export interface OrderState {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly status: string;
  /** Cumulative, decimal text. */
  readonly filled: string;
}

const FINAL: ReadonlySet<string> = new Set(['FILLED', 'CANCELED', 'EXPIRED', 'REJECTED']);

/** Undefined: the event speaks of no order. */
export function orderStateOf(body: unknown): OrderState | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { eventType, orderId, newClientOrderId, clientOrderId, orderStatus, totalTradeQuantity } =
    body as Readonly<Record<string, unknown>>;
  if (eventType !== 'executionReport' && eventType !== 'ORDER_TRADE_UPDATE') return undefined;
  return {
    orderId: String(orderId),
    clientOrderId: String(newClientOrderId ?? clientOrderId),
    status: String(orderStatus),
    filled: String(totalTradeQuantity),
  };
}

/**
 * An order event is a state, not a step: states in between may be missing (after a gap only the newest is
 * told), and one may come twice under two ids (once from the stream, once from REST). So a state counts
 * where it goes forward.
 */
export function isForward(known: OrderState | undefined, next: OrderState): boolean {
  if (!known) return true;
  const progress = compare(next.filled, known.filled);
  if (progress !== 0) return progress > 0;
  return !FINAL.has(known.status) && known.status !== next.status;
}

/** Of two decimal texts that are not negative, without losing a digit to a float. */
function compare(a: string, b: string): number {
  const [wholeA = '', partA = ''] = a.split('.');
  const [wholeB = '', partB = ''] = b.split('.');
  const places = Math.max(partA.length, partB.length);
  const scaled = (whole: string, part: string): bigint => BigInt(whole + part.padEnd(places, '0'));
  const difference = scaled(wholeA, partA) - scaled(wholeB, partB);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}
