import type { ExecutionReport, OrderSide, OrderStatus } from '../../domain/account';
import { isProduct } from './fields';
import type { Fills } from './fills';
import { priceOf, quoteOf } from './fills';

/** What rows of the stream and orders of the lists have in common. */
export interface Identity {
  readonly symbol: string;
  readonly orderId: string;
  readonly clientId: string;
  readonly side: OrderSide;
  readonly orderType: 'MARKET' | 'LIMIT';
}

export interface Change {
  readonly status: OrderStatus;
  readonly quantity: string;
  readonly fills: Fills;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly at: number;
}

const LONGEST_ID = 128;

/** Undefined where something is missing that an order cannot be without. */
export function identityOf(fields: {
  readonly product: unknown;
  readonly orderId: unknown;
  readonly clientId: unknown;
  readonly side: unknown;
  readonly orderType: unknown;
}): Identity | undefined {
  const { product: symbol, orderId, clientId = '' } = fields;
  const side = sideOf(fields.side);
  if (!isProduct(symbol) || !isId(orderId) || orderId === '' || !isId(clientId)) return undefined;
  return side && { symbol, orderId, clientId, side, orderType: orderTypeOf(fields.orderType) };
}

/** Orders of futures are told along. Where the type is missing, dated and perpetual ids have a third part. */
export function isSpot(productType: unknown, product: unknown): boolean {
  if (productType !== undefined && productType !== '') return productType === 'SPOT';
  return typeof product === 'string' && product.split('-').length === 2;
}

export function reportOf(
  { symbol, orderId, clientId, side, orderType }: Identity,
  { status, quantity, fills, createdAt, at }: Change,
): ExecutionReport {
  return {
    eventType: 'executionReport',
    eventTime: at,
    creationTime: createdAt,
    orderTime: at,
    symbol,
    orderId,
    // A cancel keeps the order's own client id.
    newClientOrderId: clientId,
    originalClientOrderId: clientId,
    side,
    orderType,
    orderStatus: status,
    price: priceOf(fills),
    quantity,
    totalTradeQuantity: fills.filled,
    totalQuoteTradeQuantity: quoteOf(fills),
  };
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_ID;
}

function sideOf(value: unknown): OrderSide | undefined {
  const side = typeof value === 'string' ? value.toUpperCase() : undefined;
  return side === 'BUY' || side === 'SELL' ? side : undefined;
}

/** `Limit` and `LIMIT` are both seen. Stop and bracket orders rest as limit orders once triggered. */
function orderTypeOf(value: unknown): 'MARKET' | 'LIMIT' {
  return typeof value === 'string' && value.toUpperCase() === 'MARKET' ? 'MARKET' : 'LIMIT';
}
