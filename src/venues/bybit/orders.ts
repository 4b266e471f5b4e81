import type { ExecutionReport, OrderSide } from '../../domain/account';
import { isPositive } from '../../domain/decimal';
import type { MarketKind } from '../../domain/exchange';
import { averageOf } from './amounts';
import type { OrderRow } from './private-wire';
import { isName } from './rest-answers';
import { statusOf } from './statuses';
import { isAmount } from './tickers';

/** The liquidation engine took the position over. The backend closes deals on it: no other type counts. */
const TAKEN_OVER = 'CreateByTakeOver_PassThrough';
const LONGEST_ID = 128;
const SIDES: ReadonlyMap<unknown, OrderSide> = new Map<unknown, OrderSide>([
  ['Buy', 'BUY'],
  ['Sell', 'SELL'],
]);

export const MALFORMED_ORDER = 'malformed order';

/** A report, or a note why there is none. */
export type OrderReading = ExecutionReport | string;

/**
 * One order row of the stream or of REST. Symbols are published as the venue spells them.
 * `fallbackTime` stands in for a missing time of change.
 */
export function readOrder(row: OrderRow, kind: MarketKind, fallbackTime: number | undefined): OrderReading {
  const ids = idsOf(row);
  const amounts = amountsOf(row, kind);
  const eventTime = timeOf(row.updatedTime) ?? fallbackTime;
  const side = SIDES.get(row.side);
  if (!ids || !amounts || eventTime === undefined || side === undefined) return MALFORMED_ORDER;
  const isMarket = row.orderType !== 'Limit';
  const orderStatus = statusOf(String(row.orderStatus), isMarket, side);
  if (orderStatus === undefined) return unknownStatus(row.orderStatus);
  return {
    eventType: 'executionReport',
    eventTime,
    creationTime: timeOf(row.createdTime) ?? eventTime,
    orderTime: eventTime,
    ...ids,
    side,
    orderType: isMarket ? 'MARKET' : 'LIMIT',
    orderStatus,
    price: priceOf(amounts, isMarket),
    quantity: amounts.quantity,
    totalTradeQuantity: amounts.base,
    totalQuoteTradeQuantity: amounts.quote,
    ...(row.createType === TAKEN_OVER ? { liquidation: true } : {}),
  };
}

type Ids = Pick<ExecutionReport, 'symbol' | 'orderId' | 'newClientOrderId' | 'originalClientOrderId'>;

/** An order keeps its client id for life, cancels included. */
function idsOf({ symbol, orderId, orderLinkId }: OrderRow): Ids | undefined {
  const clientId = orderLinkId ?? '';
  if (!isName(symbol) || !isId(orderId) || orderId === '' || !isId(clientId)) return undefined;
  return { symbol, orderId, newClientOrderId: clientId, originalClientOrderId: clientId };
}

interface Amounts {
  readonly quantity: string;
  readonly base: string;
  readonly quote: string;
  /** '0' where the venue gives none. */
  readonly price: string;
  readonly average: string;
}

/** On inverse contracts the venue's quantity is dollars and its value base coins. */
function amountsOf(row: OrderRow, kind: MarketKind): Amounts | undefined {
  const quantity = amountOf(row.qty);
  const executed = amountOf(row.cumExecQty);
  const value = amountOf(row.cumExecValue);
  const price = amountOf(row.price);
  const average = amountOf(row.avgPrice);
  if (quantity === undefined || executed === undefined || value === undefined) return undefined;
  if (price === undefined || average === undefined) return undefined;
  const [base, quote] = kind === 'inverse' ? [value, executed] : [executed, value];
  return { quantity, base, quote, price, average };
}

/** A limit order keeps its limit; consumers take quote / base for the average. */
function priceOf({ base, quote, price, average }: Amounts, isMarket: boolean): string {
  if (isMarket && isPositive(average)) return average;
  const isLimitless = isMarket || !isPositive(price);
  return isLimitless && isPositive(base) && isPositive(quote) ? averageOf(quote, base) : price;
}

/** Any amount may be empty or absent: that is zero. Undefined: no amount at all. */
function amountOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return '0';
  return isAmount(value) ? value : undefined;
}

function timeOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^[1-9]\d{0,14}$/.test(text)) return undefined;
  return Number(text);
}

/** Spot ids have 19 digits: a number would already have lost some. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_ID;
}

function unknownStatus(word: unknown): string {
  const isPlain = typeof word === 'string' && /^[A-Za-z_]{1,40}$/.test(word);
  return isPlain ? `unknown order status ${word}` : 'unknown order status';
}
