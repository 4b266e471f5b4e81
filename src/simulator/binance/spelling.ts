/** How the venue spells amounts and ids. */

const SPOT_DECIMALS = 8;
const MARKED_ID = /"@id:(\d+)"/g;

/** Spot amounts always have 8 decimals. */
export function eight(amount: string): string {
  const [whole = '0', fraction = ''] = amount.split('.');
  return `${whole}.${fraction.padEnd(SPOT_DECIMALS, '0').slice(0, SPOT_DECIMALS)}`;
}

/** An order id as JSON number with all its digits: marked here, unquoted by `textOf`. */
export function idOf(orderId: string): string {
  return `@id:${orderId}`;
}

export function textOf(frame: unknown): string {
  return JSON.stringify(frame).replace(MARKED_ID, '$1');
}

/** The client id of an order; liquidations and ADL have one of the venue's making. */
export function clientIdOf(order: {
  readonly clientOrderId: string;
  readonly orderId: string;
  readonly isLiquidation: boolean;
}): string {
  const isNamed = /^(autoclose-|adl_autoclose)/.test(order.clientOrderId);
  return !order.isLiquidation || isNamed ? order.clientOrderId : `autoclose-${order.orderId}`;
}

/** A stand-in client id of a cancel request that named none. */
export function randomId(count: number): string {
  return `web_${String(count).padStart(20, '0')}`;
}
