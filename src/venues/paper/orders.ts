import type { ExecutionReport, OrderStatus } from '../../domain/account';
import { isPositive } from '../../domain/decimal';
import type { ExchangeId } from '../../domain/exchange';
import { amountOf, isName, isObject, isText, timeOf } from './fields';

/**
 * {"_id":"66a1","id":"66a1","amount":0.3,"filledAmount":0.1,"filledQuoteAmount":6000,"quoteAmount":18000,
 *  "price":60000,"avgFilledPrice":60000,"fee":0.0001,"symbol":"BTCUSDT","user":"65","exchange":"binance",
 *  "status":"PARTIALLY_FILLED","type":"LIMIT","side":"BUY","externalId":"D-TP-a1",
 *  "createdAt":"2025-06-30T10:00:00.000Z","updatedAt":"2025-06-30T10:00:01.000Z","reduceOnly":false,
 *  "positionSide":"BOTH"}, unchecked: only what is read.
 * Gainium/paper-trading-sh: src/schema/order.schema.ts
 */
interface OrderRow {
  readonly _id?: unknown;
  readonly amount?: unknown;
  readonly filledAmount?: unknown;
  readonly filledQuoteAmount?: unknown;
  readonly price?: unknown;
  readonly avgFilledPrice?: unknown;
  readonly symbol?: unknown;
  readonly exchange?: unknown;
  readonly status?: unknown;
  readonly type?: unknown;
  readonly side?: unknown;
  readonly externalId?: unknown;
  readonly updatedAt?: unknown;
}

const STATUSES: ReadonlySet<unknown> = new Set<OrderStatus>([
  'NEW',
  'PARTIALLY_FILLED',
  'FILLED',
  'CANCELED',
  'EXPIRED',
]);

export type OrderReading =
  | { readonly kind: 'report'; readonly report: ExecutionReport }
  /** Of another exchange of the same paper user. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'fault'; readonly note: string };

/**
 * The server gives quantities in the unit that bots expect of the real exchange: they pass unchanged. A
 * cancel keeps the time of the change before it.
 */
export function readOrder(value: unknown, realExchange: ExchangeId): OrderReading {
  if (!isObject(value)) return fault('order is no object');
  const row: OrderRow = value;
  if (!isName(row.exchange)) return fault('order without an exchange');
  if (row.exchange !== realExchange) return { kind: 'foreign' };
  const { status } = row;
  if (!isStatus(status)) return fault('unknown order status');
  const facts = factsOf(row);
  const amounts = amountsOf(row);
  if (!facts || !amounts) return fault('malformed order');
  const { externalId, time, ...named } = facts;
  return {
    kind: 'report',
    report: {
      eventType: 'executionReport',
      eventTime: time,
      creationTime: time,
      orderTime: time,
      ...named,
      newClientOrderId: externalId,
      originalClientOrderId: externalId,
      orderStatus: status,
      ...amounts,
      liquidation: externalId.startsWith('liquidation_'),
    },
  };
}

type Facts = Pick<ExecutionReport, 'symbol' | 'orderId' | 'side' | 'orderType'> & {
  readonly externalId: string;
  readonly time: number;
};

function factsOf({ _id: orderId, symbol, side, type: orderType, ...row }: OrderRow): Facts | undefined {
  const { externalId } = row;
  const time = timeOf(row.updatedAt);
  if (time === undefined || (side !== 'BUY' && side !== 'SELL')) return undefined;
  if (!isName(orderId) || !isName(symbol) || !isName(orderType) || !isText(externalId)) return undefined;
  return { symbol, orderId, side, orderType, externalId, time };
}

type Amounts = Pick<ExecutionReport, 'price' | 'quantity' | 'totalTradeQuantity' | 'totalQuoteTradeQuantity'>;

function amountsOf(row: OrderRow): Amounts | undefined {
  const limit = amountOf(row.price);
  const quantity = amountOf(row.amount);
  const totalTradeQuantity = amountOf(row.filledAmount);
  const totalQuoteTradeQuantity = amountOf(row.filledQuoteAmount);
  if (limit === undefined || quantity === undefined) return undefined;
  if (totalTradeQuantity === undefined || totalQuoteTradeQuantity === undefined) return undefined;
  const average = amountOf(row.avgFilledPrice);
  // A market order has no limit: bots then want the average.
  const price = !isPositive(limit) && isPositive(average) ? average : limit;
  return { price, quantity, totalTradeQuantity, totalQuoteTradeQuantity };
}

function isStatus(value: unknown): value is OrderStatus {
  return STATUSES.has(value);
}

function fault(note: string): OrderReading {
  return { kind: 'fault', note };
}
