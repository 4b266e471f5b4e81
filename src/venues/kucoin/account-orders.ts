import type { ExecutionReport, OrderStatus } from '../../domain/account';
import { compare, isPositive } from '../../domain/decimal';
import { averageOf, firstPositive, minus, plain, quotient, times } from './amounts';
import { amountOf, isObject, isSymbol } from './fields';
import type { ToldFills } from './futures-fills';
import { pairOf, type OrderContext } from './order-markets';
import { amountOr, identityOf, isMarketOrder, priceOf, timesOf, typeWord } from './orders';

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
  readonly cancelledSize?: unknown;
  readonly active?: unknown;
  readonly lastUpdatedAt?: unknown;
  readonly filledSize?: unknown;
  readonly filledValue?: unknown;
  readonly avgDealPrice?: unknown;
  readonly isActive?: unknown;
  readonly updatedAt?: unknown;
  readonly createdAt?: unknown;
}

/** What rows of contracts are read with beside the market. */
export interface RowContext extends OrderContext {
  /** Absent on spot, whose rows tell exactly what was paid. */
  readonly fills?: ToldFills;
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
export function readOrderRow(row: unknown, context: RowContext): ExecutionReport | 'foreign' | undefined {
  if (!isObject(row)) return undefined;
  const wire: OrderRow = row;
  if (typeof wire.symbol !== 'string' || !isSymbol(wire.symbol)) return undefined;
  const symbol = pairOf(wire.symbol, context);
  if (symbol === undefined) return 'foreign';
  const { fills, market } = context;
  const isSpot = market.kind === 'spot';
  const identity = identityOf(wire.id, wire.clientOid, wire.side);
  const changes = timesOf(wire.lastUpdatedAt ?? wire.updatedAt, wire.createdAt);
  const deal = dealOf(wire, symbol, context);
  if (!identity || !changes || !deal) return undefined;
  return {
    eventType: 'executionReport',
    ...changes,
    symbol,
    ...identity,
    orderType: typeWord(deal),
    orderStatus: statusOf(deal),
    price: priceOf({ ...deal, isSpot }),
    quantity: firstPositive(deal.size, deal.filled),
    totalTradeQuantity: deal.filled,
    totalQuoteTradeQuantity: deal.quote,
    // Rows do not tell, fills do.
    liquidation: fills !== undefined && fills.isLiquidation(wire.id),
  };
}

function dealOf(wire: OrderRow, symbol: string, context: RowContext): Deal | undefined {
  const isSpot = context.market.kind === 'spot';
  const isActive = isSpot ? wire.active : wire.isActive;
  const limit = amountOr('0', wire.price);
  const size = sizeNow(amountOr('0', wire.size), isActive === true ? wire.cancelledSize : undefined);
  const filled = amountOr('0', isSpot ? wire.dealSize : wire.filledSize);
  if (typeof isActive !== 'boolean' || !limit || !size || !filled) return undefined;
  const quote = isSpot ? plainOr0(wire.dealFunds) : contractQuote(wire, filled, limit, context);
  if (quote === undefined) return undefined;
  return { symbol, isActive, isMarket: isMarketOrder(wire.type, limit), limit, size, filled, quote };
}

/** Parts that the venue took back of an order that lives on are no part of its size any more, as on the stream. */
function sizeNow(size: string | undefined, canceled: unknown): string | undefined {
  const part = amountOr('0', canceled);
  return size !== undefined && isPositive(part) ? minus(size, part) : size;
}

/** In the digits of the sum that the stream makes of it. */
function plainOr0(funds: unknown): string | undefined {
  const amount = amountOr('0', funds);
  return amount === undefined ? undefined : plain(amount);
}

/**
 * As the stream tells it: contracts x price of every fill, whatever the contract is worth. Where not all
 * fills are told: contracts x the venue's own average, which it rounds, or what follows from the value.
 */
function contractQuote(
  wire: OrderRow,
  filled: string,
  limit: string,
  context: RowContext,
): string | undefined {
  if (!isPositive(filled)) return '0';
  return context.fills?.quoteOf(wire.id, filled) ?? valuedQuote(wire, filled, limit, context);
}

function valuedQuote(
  { symbol, avgDealPrice, filledValue }: OrderRow,
  filled: string,
  limit: string,
  { market, instruments }: RowContext,
): string | undefined {
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
