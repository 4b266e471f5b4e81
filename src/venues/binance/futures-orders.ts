import type { ExecutionReport, OrderTradeUpdate } from '../../domain/account';
import { isDecimal, isPositive } from '../../domain/decimal';
import type { MarketKind } from '../../domain/exchange';
import { product } from './amounts';
import { isAmount, isObject, isTime } from './fields';
import { extras, hasNames, isId, MALFORMED_ORDER, type OrderReading } from './orders';
import type { FuturesOrderWire, OrderTradeUpdateWire } from './private-wire';
import { statusNote, statusOf } from './statuses';
import { isCoinMargined } from './symbols';
import type { Unproven } from './wire';

/**
 * Only ids that begin so are liquidations. `adl_autoclose`, `settlement_autoclose-` and
 * `delivery_autoclose-` are not: the flag makes the backend close deals.
 */
const LIQUIDATION_PREFIX = 'autoclose-';

/** The venue's single letters, as the backend names them; left out where absent or of another type. */
const CONVERTED: readonly (readonly [name: string, key: string, isFit: (value: unknown) => boolean])[] = [
  ['symbol', 's', isText],
  ['clientOrderId', 'c', isText],
  ['side', 'S', isText],
  ['orderType', 'o', isText],
  ['timeInForce', 'f', isText],
  ['quantity', 'q', isDecimal],
  ['price', 'p', isDecimal],
  ['averagePrice', 'ap', isDecimal],
  ['stopPrice', 'sp', isDecimal],
  ['executionType', 'x', isText],
  ['orderId', 'i', isId],
  ['lastTradeQuantity', 'l', isDecimal],
  ['totalTradeQuantity', 'z', isDecimal],
  ['priceLastTrade', 'L', isDecimal],
  ['commissionAsset', 'N', isText],
  ['commission', 'n', isDecimal],
  ['orderTime', 'T', isTime],
  ['tradeId', 't', isId],
  ['bidsNotional', 'b', isDecimal],
  ['asksNotional', 'a', isDecimal],
  ['isMaker', 'm', isFlag],
  ['isReduceOnly', 'R', isFlag],
  ['workingType', 'wt', isText],
  ['originalOrderType', 'ot', isText],
  ['positionSide', 'ps', isText],
  ['closePosition', 'cp', isFlag],
  ['activationPrice', 'AP', isDecimal],
  ['callbackRate', 'cr', isDecimal],
  ['realizedProfit', 'rp', isDecimal],
];

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}

/**
 * `ORDER_TRADE_UPDATE`; undefined for an order of the other futures product (since 2026-06-30 the hosts
 * may speak of both).
 */
export function readFuturesOrder(
  { E, T, o }: Unproven<OrderTradeUpdateWire>,
  kind: MarketKind,
): OrderReading | undefined {
  const raw: Unproven<FuturesOrderWire> = isObject(o) ? o : {};
  if (!isTime(E) || !isTime(T) || !hasAmounts(raw) || !hasNames(raw)) return MALFORMED_ORDER;
  if (isCoinMargined(raw.s) !== (kind === 'inverse')) return undefined;
  const orderStatus = statusOf(raw.X, raw.z, raw.q);
  if (orderStatus === undefined) return { kind: 'unread', note: statusNote(raw.X) };
  const liquidation = raw.c.startsWith(LIQUIDATION_PREFIX);
  const paid = isPositive(raw.ap) ? raw.ap : raw.p;
  const report: ExecutionReport = {
    eventType: 'executionReport',
    eventTime: E,
    // Frames hold no creation time.
    creationTime: raw.T,
    orderTime: raw.T,
    symbol: raw.s,
    orderId: raw.i,
    newClientOrderId: raw.c,
    originalClientOrderId: raw.c,
    side: raw.S,
    orderType: raw.o,
    orderStatus,
    price: paid,
    quantity: raw.q,
    totalTradeQuantity: raw.z,
    totalQuoteTradeQuantity: product(paid, raw.z),
    ...(liquidation && { liquidation }),
    ...extras(raw),
  };
  const times = { eventTime: E, transactionTime: T, orderTime: raw.T };
  return { kind: 'order', report, wire: convert(raw, { ...times, orderStatus, liquidation }) };
}

type Known = Pick<OrderTradeUpdate, 'eventTime' | 'transactionTime' | 'orderStatus' | 'liquidation'>;

function convert(
  raw: Unproven<FuturesOrderWire> & { readonly s: string; readonly c: string; readonly i: string | number },
  known: Known,
): OrderTradeUpdate {
  const converted: Record<string, string | number | boolean> = {};
  for (const [name, key, isFit] of CONVERTED) {
    const value = (raw as Readonly<Record<string, unknown>>)[key];
    if (isFit(value)) converted[name] = value as string | number | boolean;
  }
  const ids = { symbol: raw.s, clientOrderId: raw.c, orderId: raw.i };
  return { ...converted, ...ids, eventType: 'ORDER_TRADE_UPDATE', ...known };
}

type Amounts = Pick<FuturesOrderWire, 'p' | 'q' | 'z' | 'T'>;

function hasAmounts(raw: Unproven<FuturesOrderWire>): raw is Unproven<FuturesOrderWire> & Amounts {
  return isTime(raw.T) && isAmount(raw.p) && isAmount(raw.q) && isAmount(raw.z);
}
