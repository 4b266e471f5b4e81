import type { ExecutionReport, OrderSide, OrderStatus } from '../../domain/account';
import { isPositive } from '../../domain/decimal';
import type { InstrumentIndex } from '../../domain/instrument';
import type { MarketDescriptor } from '../contract';
import { decimalOr, negated, product } from './amounts';
import { epochMs, isAmount, isObject } from './fields';
import { isXPerp, pairOf, swapKindOf } from './pairs';
import type { OrderWire } from './private-wire';
import { isLiquidation, orderTypeOf, statusOf } from './statuses';
import type { Unproven } from './wire';

/** `foreign`: an order of another market of the venue. */
export type OrderReading =
  | { readonly kind: 'report'; readonly report: ExecutionReport }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'fault'; readonly note: string };

export interface OrderContext {
  readonly market: MarketDescriptor;
  readonly instruments: InstrumentIndex;
}

const FOREIGN: OrderReading = { kind: 'foreign' };
const MALFORMED: OrderReading = { kind: 'fault', note: 'malformed order' };
const LONGEST_ID = 64;

/** One row of the orders channel, or of an order list of REST. Swap sizes are contracts and stay so. */
export function readOrder(row: unknown, context: OrderContext): OrderReading {
  if (!isObject(row)) return MALFORMED;
  const wire = row as Unproven<OrderWire>;
  const { instType, instId, state } = wire;
  if (typeof instType !== 'string' || typeof instId !== 'string') return MALFORMED;
  const symbol = symbolOf(instType, instId, context);
  if (symbol === undefined) return FOREIGN;
  const status = statusOf(state);
  if (status === undefined) return { kind: 'fault', note: unknownStatus(state) };
  const report = reportOf(wire, symbol, status);
  return report ? { kind: 'report', report } : MALFORMED;
}

/**
 * The pair, where the order is one of the market's. The list of instruments alone could not tell: it
 * forgets what is suspended or delisted, whose orders still end.
 */
function symbolOf(instType: string, instId: string, { market, instruments }: OrderContext) {
  const { kind } = market;
  const pair = instruments.byVenueSymbol(instId)?.symbol;
  const bare = pairOf(instId);
  switch (instType) {
    case 'SPOT':
      return kind === 'spot' ? (pair ?? instId) : undefined;
    case 'SWAP':
      if (kind === 'spot') return undefined;
      return pair ?? (swapKindOf(bare) === kind ? bare : undefined);
    case 'FUTURES': // dated futures are nobody's
      return kind === 'linear' && isXPerp(bare) ? bare : undefined;
    default: // MARGIN, OPTION
      return undefined;
  }
}

function unknownStatus(state: unknown): string {
  const isPlainWord = typeof state === 'string' && /^[a-z_]{1,32}$/i.test(state);
  return isPlainWord ? `unknown order status ${state}` : 'unknown order status';
}

function reportOf(
  wire: Unproven<OrderWire>,
  symbol: string,
  orderStatus: OrderStatus,
): ExecutionReport | undefined {
  const identity = identityOf(wire);
  const amounts = amountsOf(wire);
  const orderTime = epochMs(wire.uTime);
  const creationTime = epochMs(wire.cTime);
  if (!identity || !amounts || orderTime === undefined || creationTime === undefined) return undefined;
  return {
    eventType: 'executionReport',
    eventTime: orderTime,
    creationTime,
    orderTime,
    symbol,
    ...identity,
    orderType: orderTypeOf(wire.ordType),
    orderStatus,
    ...amounts,
    liquidation: isLiquidation(wire.category),
    ...feeOf(wire),
  };
}

type Identity = Pick<ExecutionReport, 'orderId' | 'newClientOrderId' | 'originalClientOrderId' | 'side'>;

/** A cancel keeps the order's own client id, so both fields are always the same. */
function identityOf({ ordId, clOrdId = '', side }: Unproven<OrderWire>): Identity | undefined {
  if (!isId(ordId) || ordId === '' || !isId(clOrdId)) return undefined;
  const sideWord: OrderSide | undefined = side === 'buy' ? 'BUY' : side === 'sell' ? 'SELL' : undefined;
  if (sideWord === undefined) return undefined;
  return { orderId: ordId, newClientOrderId: clOrdId, originalClientOrderId: clOrdId, side: sideWord };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_ID;
}

type Amounts = Pick<ExecutionReport, 'price' | 'quantity' | 'totalTradeQuantity' | 'totalQuoteTradeQuantity'>;

/** The average fill price wins over the limit; `totalQuoteTradeQuantity / totalTradeQuantity` gives it back. */
function amountsOf({ px, avgPx, sz, accFillSz }: Unproven<OrderWire>): Amounts | undefined {
  const [limit, average, filled] = [px, avgPx, accFillSz].map((value) => decimalOr('0', value));
  if (!isAmount(limit) || !isAmount(average) || !isAmount(sz) || !isAmount(filled)) return undefined;
  const price = isPositive(average) ? average : limit;
  const totalQuoteTradeQuantity = isPositive(filled) ? product(price, filled) : '0';
  return { price, quantity: sz, totalTradeQuantity: filled, totalQuoteTradeQuantity };
}

type Fee = Pick<ExecutionReport, 'commission' | 'commissionAsset' | 'tradeId'>;

/** Of this one fill: `fee` is the order's running total, which the backend would add up again. */
function feeOf({ tradeId, fillSz, fillFee, fillFeeCcy }: Unproven<OrderWire>): Fee {
  if (typeof tradeId !== 'string' || !/^[1-9]\d{0,14}$/.test(tradeId) || !isPositive(fillSz)) return {};
  const charge = fillFee === '' ? undefined : decimalOr('', fillFee);
  if (!charge || typeof fillFeeCcy !== 'string' || fillFeeCcy === '') return {};
  return { commission: negated(charge), commissionAsset: fillFeeCcy, tradeId: Number(tradeId) };
}
