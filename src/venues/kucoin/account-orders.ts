import type { ExecutionReport, OrderStatus } from '../../domain/account';
import { compare, isPositive } from '../../domain/decimal';
import { averageOf, firstPositive, quotient, times } from './amounts';
import { amountOf, isObject, isSymbol } from './fields';
import { pairOf, type OrderContext } from './order-markets';
import { amountOr, identityOf, isMarketOrder, priceOf, timesOf } from './orders';
import { isLiquidation } from './statuses';

/**
 * Spot: {"id":"670fd33b","clientOid":"5c52e1","symbol":"BTC-USDT","type":"limit","side":"buy","price":"30000",
 *  "size":"0.0001","dealSize":"0","dealFunds":"0","cancelledSize":"0","active":true,"createdAt":1729090363141,
 *  "lastUpdatedAt":1729577515473, ...} https://www.kucoin.com/docs-new/rest/spot-trading/orders/get-open-orders
 * Futures: {"id":"230181737576050688","symbol":"XBTUSDTM","type":"limit","side":"buy","price":"50000","size":10,
 *  "filledSize":4,"filledValue":"199.9","avgDealPrice":"49975","isActive":true,"createdAt":1729577515444,
 *  "updatedAt":1729577515473, ...} Sizes are contracts, `filledValue` is in the currency of settlement.
 *  https://www.kucoin.com/docs-new/rest/futures-trading/orders/get-order-list
 */
interface OrderRow {
  readonly id?: unknown;
  readonly clientOid?: unknown;
  readonly symbol?: unknown;
  readonly type?: unknown;
  readonly side?: unknown;
  readonly price?: unknown;
  readonly size?: unknown;
  readonly dealSize?: unknown;
  readonly dealFunds?: unknown;
  readonly active?: unknown;
  readonly lastUpdatedAt?: unknown;
  readonly filledSize?: unknown;
  readonly filledValue?: unknown;
  readonly avgDealPrice?: unknown;
  readonly isActive?: unknown;
  readonly updatedAt?: unknown;
  readonly createdAt?: unknown;
  readonly tradeType?: unknown;
}

interface Deal {
  readonly symbol: string;
  readonly isActive: boolean;
  readonly isMarket: boolean;
  readonly limit: string;
  readonly size: string;
  readonly filled: string;
  readonly quote: string;
}

/** One row of an order list; `foreign`: of another market. */
export function readOrderRow(row: unknown, context: OrderContext): ExecutionReport | 'foreign' | undefined {
  if (!isObject(row)) return undefined;
  const wire: OrderRow = row;
  if (typeof wire.symbol !== 'string' || !isSymbol(wire.symbol)) return undefined;
  const symbol = pairOf(wire.symbol, context);
  if (symbol === undefined) return 'foreign';
  const isSpot = context.market.kind === 'spot';
  const identity = identityOf(wire.id, wire.clientOid, wire.side);
  const changes = timesOf(isSpot ? wire.lastUpdatedAt : wire.updatedAt, wire.createdAt);
  const deal = dealOf(wire, symbol, context);
  if (!identity || !changes || !deal) return undefined;
  return {
    eventType: 'executionReport',
    ...changes,
    symbol,
    ...identity,
    orderType: deal.isMarket ? 'MARKET' : 'LIMIT',
    orderStatus: statusOf(deal),
    price: priceOf({ ...deal, isSpot }),
    quantity: firstPositive(deal.size, deal.filled),
    totalTradeQuantity: deal.filled,
    totalQuoteTradeQuantity: deal.quote,
    liquidation: isLiquidation(wire.tradeType),
  };
}

function dealOf(wire: OrderRow, symbol: string, context: OrderContext): Deal | undefined {
  const isSpot = context.market.kind === 'spot';
  const isActive = isSpot ? wire.active : wire.isActive;
  const limit = amountOr('0', wire.price);
  const size = amountOr('0', wire.size);
  const filled = amountOr('0', isSpot ? wire.dealSize : wire.filledSize);
  if (typeof isActive !== 'boolean' || !limit || !size || !filled) return undefined;
  const quote = isSpot ? amountOr('0', wire.dealFunds) : contractQuote(wire, filled, limit, context);
  if (quote === undefined) return undefined;
  return { symbol, isActive, isMarket: isMarketOrder(wire.type, limit), limit, size, filled, quote };
}

/** As the stream tells it: contracts x average price, whatever the contract is worth. */
function contractQuote(
  { symbol, avgDealPrice, filledValue }: OrderRow,
  filled: string,
  limit: string,
  { market, instruments }: OrderContext,
): string | undefined {
  if (!isPositive(filled)) return '0';
  const average = amountOf(avgDealPrice);
  if (isPositive(average)) return times(average, filled);
  const value = amountOr('0', filledValue);
  const size = typeof symbol === 'string' ? instruments.byVenueSymbol(symbol)?.contractSize : undefined;
  if (value === undefined || !isPositive(value) || !isPositive(size)) return times(limit, filled);
  if (market.kind === 'linear') return quotient(value, size);
  return times(averageOf(times(filled, size), value), filled);
}

/** The same rules as for the frames of the stream. */
function statusOf({ isActive, isMarket, size, filled }: Deal): OrderStatus {
  const hasFills = isPositive(filled);
  if (isActive) return hasFills ? 'PARTIALLY_FILLED' : 'NEW';
  if (!hasFills) return 'CANCELED';
  return isMarket || (isPositive(size) && compare(filled, size) >= 0) ? 'FILLED' : 'CANCELED';
}
