import type { ExecutionReport } from '../../domain/account';
import { isPositive } from '../../domain/decimal';
import type { MarketKind } from '../../domain/exchange';
import { average } from './amounts';
import { isObject, isTime } from './fields';
import { readFuturesOrder } from './futures-orders';
import { MALFORMED_ORDER, readSpotOrder, type OrderReading } from './orders';
import type { Unproven } from './wire';

/**
 * Spot: {"symbol":"LTCBTC","orderId":1,"clientOrderId":"myOrder1","price":"0.1","origQty":"1.0",
 *  "executedQty":"0.0","cummulativeQuoteQty":"0.0","status":"NEW","timeInForce":"GTC","type":"LIMIT",
 *  "side":"BUY","time":1499827319559,"updateTime":1499827319559, ...}
 * Futures: {"avgPrice":"0.00","clientOrderId":"abc","cumQuote":"0","executedQty":"0","orderId":19,
 *  "origQty":"0.40","origType":"TRAILING_STOP_MARKET","price":"0","reduceOnly":false,"side":"BUY",
 *  "positionSide":"SHORT","status":"NEW","stopPrice":"9300","closePosition":false,"symbol":"BTCUSDT",
 *  "time":1579276756075,"type":"LIMIT","updateTime":1579276756075,"workingType":"CONTRACT_PRICE", ...}
 */
interface RestOrderWire {
  symbol: string;
  orderId: number | string;
  clientOrderId: string;
  price: string;
  origQty: string;
  executedQty: string;
  cummulativeQuoteQty: string;
  /** USD-M; COIN-M has `cumBase` instead. */
  cumQuote: string;
  avgPrice: string;
  status: string;
  timeInForce: string;
  type: string;
  side: string;
  time: number;
  updateTime: number;
  stopPrice: string;
  origType: string;
  reduceOnly: boolean;
  positionSide: string;
  closePosition: boolean;
  workingType: string;
  activatePrice: string;
  priceRate: string;
}

/**
 * An order of openOrders, allOrders, order or forceOrders, mapped as the stream's frames are. Undefined:
 * of the other futures product.
 */
export function restOrder(row: unknown, kind: MarketKind): OrderReading | undefined {
  if (!isObject(row)) return MALFORMED_ORDER;
  const raw: Unproven<RestOrderWire> = row;
  const reading = kind === 'spot' ? readSpotOrder(spotForm(raw)) : readFuturesOrder(futuresForm(raw), kind);
  if (reading?.kind !== 'order') return reading;
  return { ...reading, report: withCreation(reading.report, raw.time) };
}

/** Futures frames know no creation time, futures REST does. */
function withCreation(report: ExecutionReport, time: unknown): ExecutionReport {
  return isTime(time) ? { ...report, creationTime: time } : report;
}

/** Into the letters of `executionReport`. A cancelled order keeps its own client id here. */
function spotForm(raw: Unproven<RestOrderWire>) {
  return { ...sharedForm(raw), E: raw.updateTime, O: raw.time, Z: raw.cummulativeQuoteQty };
}

/** Into the letters of `ORDER_TRADE_UPDATE`. */
function futuresForm(raw: Unproven<RestOrderWire>) {
  const o = {
    ...sharedForm(raw),
    ap: averageOf(raw),
    sp: raw.stopPrice,
    ot: raw.origType,
    R: raw.reduceOnly,
    ps: raw.positionSide,
    cp: raw.closePosition,
    wt: raw.workingType,
    AP: raw.activatePrice,
    cr: raw.priceRate,
  };
  return { E: raw.updateTime, T: raw.updateTime, o };
}

function sharedForm(raw: Unproven<RestOrderWire>) {
  return {
    s: raw.symbol,
    c: raw.clientOrderId,
    S: raw.side,
    o: raw.type,
    f: raw.timeInForce,
    q: raw.origQty,
    p: raw.price,
    X: raw.status,
    i: raw.orderId,
    z: raw.executedQty,
    T: raw.updateTime,
  };
}

/** Since 2026-06-30 some answers lack `avgPrice`; the totals tell it then. */
function averageOf({ avgPrice, cumQuote, executedQty }: Unproven<RestOrderWire>): unknown {
  if (isPositive(avgPrice) || !isPositive(cumQuote) || !isPositive(executedQty)) return avgPrice;
  return average(cumQuote, executedQty);
}
