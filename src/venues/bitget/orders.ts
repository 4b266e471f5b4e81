import { isPositive } from '../../domain/decimal';
import type { OrderSide } from '../../domain/account';
import type { ListedOrderWire, StreamOrderWire, UnifiedOrderWire } from './account-wire';
import { amountOr, isBlank, quotient, unpadded } from './amounts';
import { isObject } from './fields';
import { readOrder, type ReadOrder } from './order-facts';
import type { AveragePrices } from './average-prices';
import type { Unproven } from './wire';

/** The three spellings of an order. */

/** Told by REST, where the average is known: the backend takes a cancel's fill for priced by it. */
const WITHOUT_AVERAGE: ReadOrder = { kind: 'unreadable', note: 'order: cancelled, average price unknown' };
const NOT_AN_ORDER: ReadOrder = { kind: 'unreadable', note: 'order: malformed' };

/** A row of the classic stream. */
export function readStreamOrder(row: unknown, isSpot: boolean, averages: AveragePrices): ReadOrder {
  if (!isObject(row)) return NOT_AN_ORDER;
  const wire = row as Unproven<StreamOrderWire>;
  const order = readOrder({
    symbol: wire.instId,
    orderId: wire.orderId,
    clientOrderId: wire.clientOid ?? wire.clientOId,
    status: wire.status,
    orderType: wire.orderType,
    price: wire.price,
    average: averages.latest(wire.orderId, wire.priceAvg),
    filled: wire.accBaseVolume,
    filledQuote: undefined,
    createdAt: wire.cTime,
    changedAt: wire.uTime,
    position: wire,
    fee: { amount: wire.fillFee, coin: wire.fillFeeCoin },
    quantity: (facts) => (isSpot ? streamedSpotSize(wire, facts) : amountOr('0', wire.size)),
  });
  return lacksAverage(order) ? WITHOUT_AVERAGE : order;
}

/** Fills before this connection, and a cancel on it, which does not repeat their average. */
function lacksAverage(order: ReadOrder): boolean {
  if (order.kind !== 'order' || order.report.orderStatus !== 'CANCELED') return false;
  const { totalTradeQuantity: filled, totalQuoteTradeQuantity: quote } = order.report;
  return isPositive(filled) && !isPositive(quote);
}

/**
 * A row of the classic order lists, or the answer about one order. The quote amount is filled x average as
 * on the stream: `quoteVolume` stands in for spot only, as in which coin it is elsewhere is not documented.
 */
export function readListedOrder(row: unknown, isSpot: boolean): ReadOrder {
  if (!isObject(row)) return NOT_AN_ORDER;
  const wire = row as Unproven<ListedOrderWire>;
  const [limit, average] = pricesOf(wire, isSpot && !isBlank(wire.basePrice)).map(unpadded);
  const size = unpadded(wire.size);
  return readOrder({
    symbol: typeof wire.symbol === 'string' ? wire.symbol.toUpperCase() : undefined,
    orderId: wire.orderId,
    clientOrderId: wire.clientOid,
    status: wire.status ?? wire.state,
    orderType: wire.orderType,
    price: limit,
    average,
    filled: unpadded(wire.baseVolume),
    filledQuote: isSpot && !isPositive(average) ? unpadded(wire.quoteVolume) : undefined,
    createdAt: wire.cTime,
    changedAt: isBlank(wire.uTime) ? wire.cTime : wire.uTime,
    position: wire,
    isTakenOver: wire.orderSource === 'liquidation',
    quantity: (facts) => (isSpot ? spotSize(size, facts) : amountOr('0', size)),
  });
}

function pricesOf(wire: Unproven<ListedOrderWire>, isOpenSpot: boolean): [limit: unknown, average: unknown] {
  if (!isOpenSpot) return [wire.price, wire.priceAvg];
  return [isBlank(wire.price) ? wire.priceAvg : wire.price, wire.basePrice];
}

/**
 * A row of the unified stream and lists. Whether `cumExecValue` of coin-margined contracts is in coin or
 * in dollars is not documented: there the average price tells the quote amount.
 */
export function readUnifiedOrder(row: unknown): ReadOrder {
  if (!isObject(row)) return NOT_AN_ORDER;
  const wire = row as Unproven<UnifiedOrderWire>;
  // Without it nobody knows whose order it is.
  if (typeof wire.category !== 'string') return NOT_AN_ORDER;
  const line = wire.category.toUpperCase();
  return readOrder({
    symbol: wire.symbol,
    orderId: wire.orderId,
    clientOrderId: wire.clientOid,
    status: wire.orderStatus,
    orderType: wire.orderType,
    price: wire.price,
    average: wire.avgPrice,
    filled: wire.cumExecQty,
    filledQuote: line === 'COIN-FUTURES' ? undefined : wire.cumExecValue,
    createdAt: wire.createdTime,
    changedAt: isBlank(wire.updatedTime) ? wire.createdTime : wire.updatedTime,
    position: wire,
    isTakenOver: wire.execType === 'liquidation',
    quantity: (facts) => (line === 'SPOT' ? spotSize(wire.qty, facts) : amountOr('0', wire.qty)),
  });
}

interface SizeFacts {
  readonly orderType: string;
  readonly side: OrderSide;
  readonly filled: string;
}

/** A market buy is placed in quote coin: its base size is what was filled. */
function spotSize(size: unknown, { orderType, side, filled }: SizeFacts): string | undefined {
  if (orderType !== 'MARKET' || side === 'SELL') return amountOr('0', size);
  return isPositive(filled) ? filled : '0';
}

/** `size` of limit buys is in quote coin; of limit sells it is not documented. */
function streamedSpotSize(wire: Unproven<StreamOrderWire>, facts: SizeFacts): string | undefined {
  const isMarketBuy = facts.orderType === 'MARKET' && facts.side === 'BUY';
  if (isMarketBuy || isBlank(wire.newSize)) {
    return facts.orderType === 'LIMIT' ? sizeOfNotional(wire) : spotSize(wire.size, facts);
  }
  return amountOr('0', wire.newSize);
}

function sizeOfNotional({ notional, price }: Unproven<StreamOrderWire>): string | undefined {
  const quote = amountOr('0', notional);
  const each = amountOr('0', price);
  return quote === undefined || each === undefined ? undefined : quotient(quote, each);
}
