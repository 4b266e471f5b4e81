import type { ExecutionReport, OrderSide, OrderStatus } from '../../domain/account';
import { greater, isPositive } from '../../domain/decimal';
import { averageOf, firstPositive } from './amounts';
import { amountOf, epochMs, isSymbol } from './fields';
import type { FillBook, OrderFills } from './order-fills';
import { countMatch, hasSeenAll, totalsOf } from './order-fills';
import { pairOf, type OrderContext } from './order-markets';
import type { OrderWire } from './private-wire';
import { isFinal, isLiquidation, statusOf } from './statuses';

/** `nothing`: of another market, or older than the order's end. `note`: the report has to be looked at. */
export type OrderReading =
  | { readonly kind: 'report'; readonly report: ExecutionReport; readonly note?: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'fault'; readonly note: string };

export interface StreamContext extends OrderContext {
  readonly fills: FillBook;
  readonly receivedAt: number;
}

const NOTHING: OrderReading = { kind: 'nothing' };
const MALFORMED: OrderReading = { kind: 'fault', note: 'malformed order' };
/** Told by REST, which knows the sum: the ratio of what is published is taken for the average price. */
const UNSEEN_FILLS = 'order: its average price is unknown, as not all of its fills were seen';
const LONGEST_ID = 64;

/** One frame of the orders topic. Sizes of contracts are contracts and stay so. */
export function readOrder(wire: OrderWire, context: StreamContext): OrderReading {
  if (typeof wire.symbol !== 'string' || !isSymbol(wire.symbol)) return MALFORMED;
  const symbol = pairOf(wire.symbol, context);
  if (symbol === undefined) return NOTHING;
  const identity = identityOf(wire.orderId, wire.clientOid, wire.side);
  const times = timesOf(wire.ts, wire.orderTime);
  const amounts = amountsOf(wire);
  if (!identity || !times || !amounts) return MALFORMED;
  const fills = context.fills.of(identity.orderId, context.receivedAt);
  const status = statusAfter(wire, amounts, fills);
  if (typeof status === 'object') return { kind: 'fault', note: status.note };
  if (status === 'late') return NOTHING;
  if (isFinal(status)) markEnded(fills, status, context.receivedAt);
  const report: ExecutionReport = {
    eventType: 'executionReport',
    ...times,
    symbol,
    ...identity,
    orderType: typeWord(amounts),
    orderStatus: status,
    ...pricesOf(amounts, fills, context.market.kind === 'spot'),
    liquidation: isLiquidation(wire.tradeType),
  };
  return toldOf(report, fills);
}

/** The report as it may be told, which depends on whether all of the order's fills were seen. */
function toldOf(report: ExecutionReport, fills: OrderFills): OrderReading {
  const isEnd = isFinal(report.orderStatus);
  if (hasSeenAll(fills)) {
    if (isEnd) fills.isEndTold = true;
    return { kind: 'report', report };
  }
  // That the venue is taking over a position is urgent; what it was worth is reckoned at the end.
  const isUrgent = report.liquidation === true && !isEnd && isPositive(report.totalQuoteTradeQuantity);
  return isUrgent ? { kind: 'report', report, note: UNSEEN_FILLS } : { kind: 'fault', note: UNSEEN_FILLS };
}

function markEnded(fills: OrderFills, status: OrderStatus, now: number): void {
  fills.final = status;
  fills.endedAt ??= now;
}

export function typeWord({ isMarket }: { readonly isMarket: boolean }): 'MARKET' | 'LIMIT' {
  return isMarket ? 'MARKET' : 'LIMIT';
}

export type Identity = Pick<ExecutionReport, 'newClientOrderId' | 'originalClientOrderId' | 'side'> & {
  readonly orderId: string;
};

/** A cancel keeps the order's own client id, so both fields are always the same. */
export function identityOf(orderId: unknown, clientOid: unknown, side: unknown): Identity | undefined {
  const clientId = clientOid ?? '';
  if (!isId(orderId) || orderId === '' || !isId(clientId)) return undefined;
  const sideWord: OrderSide | undefined = side === 'buy' ? 'BUY' : side === 'sell' ? 'SELL' : undefined;
  if (sideWord === undefined) return undefined;
  return { orderId, newClientOrderId: clientId, originalClientOrderId: clientId, side: sideWord };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_ID;
}

type Times = Pick<ExecutionReport, 'eventTime' | 'creationTime' | 'orderTime'>;

export function timesOf(changedAt: unknown, createdAt: unknown): Times | undefined {
  const orderTime = epochMs(changedAt);
  const creationTime = createdAt === undefined || createdAt === null ? orderTime : epochMs(createdAt);
  if (orderTime === undefined || creationTime === undefined) return undefined;
  return { eventTime: orderTime, creationTime, orderTime };
}

interface Amounts {
  readonly isMarket: boolean;
  /** "0" where there is none. */
  readonly limit: string;
  /** Of the order; "0" where it was placed by funds. */
  readonly size: string;
  readonly filled: string;
  readonly remain: string | undefined;
  readonly canceled: string;
}

function amountsOf(wire: OrderWire): Amounts | undefined {
  const limit = amountOr('0', wire.price);
  const size = amountOr('0', wire.size);
  const origin = amountOr('0', wire.originSize);
  const filled = amountOr('0', wire.filledSize);
  const canceled = amountOr('0', wire.canceledSize);
  const isReadable = [limit, size, origin, filled, canceled].every((amount) => amount !== undefined);
  if (!isReadable || limit === undefined || filled === undefined || canceled === undefined) return undefined;
  const remain = amountOr('', wire.remainSize) || undefined;
  const isMarket = isMarketOrder(wire.orderType, limit);
  return { isMarket, limit, size: firstPositive(size, origin), filled, remain, canceled };
}

/** Numbers that KuCoin does not have are left out, null or empty. */
export function amountOr(standIn: string, value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? standIn : amountOf(value);
}

export function isMarketOrder(orderType: unknown, limit: string): boolean {
  return typeof orderType === 'string' ? orderType === 'market' : !isPositive(limit);
}

/** The order's state after this frame; `late`: it had ended before, and an end is final. */
function statusAfter(
  wire: OrderWire,
  amounts: Amounts,
  fills: OrderFills,
): OrderStatus | 'late' | { note: string } {
  if (wire.type === 'match' && !count(wire, fills)) return { note: 'malformed match' };
  fills.filled = greater(fills.filled, amounts.filled);
  const facts = {
    isMarket: amounts.isMarket,
    hasFills: isPositive(greater(fills.filled, fills.quantity)),
    // By funds there is no size of which something could remain.
    isAllFilled: isPositive(amounts.size) && amounts.remain !== undefined && !isPositive(amounts.remain),
    hasCanceledPart: isPositive(amounts.canceled),
  };
  const status = statusOf(wire.type, wire.status, facts);
  if (fills.final === undefined || typeof status === 'object') return status;
  if (!fills.isEndTold) return fills.final;
  const isSameEnd = status === fills.final && wire.type !== 'match';
  return isSameEnd ? status : 'late';
}

function count({ tradeId, matchPrice, matchSize }: OrderWire, fills: OrderFills): boolean {
  const price = amountOf(matchPrice);
  const size = amountOf(matchSize);
  if (!isId(tradeId) || tradeId === '' || !isPositive(price) || !isPositive(size)) return false;
  countMatch(fills, { tradeId, price, size });
  return true;
}

export type Prices = Pick<
  ExecutionReport,
  'price' | 'quantity' | 'totalTradeQuantity' | 'totalQuoteTradeQuantity'
>;

function pricesOf({ isMarket, limit, size }: Amounts, fills: OrderFills, isSpot: boolean): Prices {
  const { quantity: filled, quote } = totalsOf(fills);
  return {
    price: priceOf({ isMarket, limit, filled, quote, isSpot }),
    quantity: firstPositive(size, filled),
    totalTradeQuantity: filled,
    totalQuoteTradeQuantity: quote,
  };
}

/** The backend computes the cost of contracts as price x quantity: so it is told the average there. */
export function priceOf(order: {
  readonly isMarket: boolean;
  readonly limit: string;
  readonly filled: string;
  readonly quote: string;
  readonly isSpot: boolean;
}): string {
  const { isMarket, limit, filled, quote, isSpot } = order;
  if (isSpot && !isMarket) return limit;
  if (isPositive(filled) && isPositive(quote)) return averageOf(quote, filled);
  return isSpot ? '0' : limit;
}
