import type { BalanceChange, OrderChange, SimBalance, SimFill, SimOrder } from '../kit';
import { product, sum } from '../kit';
import { clientIdOf, eight, idOf, randomId } from './spelling';

/**
 * Events of the user data streams, with all keys of the venue.
 * https://github.com/binance/binance-spot-api-docs/blob/master/user-data-stream.md
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams
 */

const ZERO = '0.00000000';

export function executionReport({ order, execution, fill }: OrderChange): object {
  return {
    e: 'executionReport',
    E: order.updatedAt,
    s: order.symbol,
    ...spotIds(order),
    S: order.side,
    o: order.type,
    f: 'GTC',
    q: eight(order.quantity),
    p: eight(order.price),
    P: ZERO,
    F: ZERO,
    g: -1,
    x: execution === 'AMENDED' ? 'REPLACED' : execution,
    X: order.status,
    r: 'NONE',
    i: idOf(order.orderId),
    z: eight(order.filled),
    ...spotFill(fill),
    T: order.updatedAt,
    I: order.change,
    w: order.status === 'NEW',
    m: false,
    M: fill !== undefined,
    O: order.createdAt,
    Z: eight(order.quote),
    Q: ZERO,
    W: order.createdAt,
    V: 'EXPIRE_MAKER',
  };
}

/** A cancel carries the id of the cancel request; the order's own is in C. */
function spotIds({ status, cancelId, clientOrderId, change }: SimOrder): object {
  return status === 'CANCELED'
    ? { c: cancelId || randomId(change), C: clientOrderId }
    : { c: clientOrderId, C: '' };
}

function spotFill(fill: SimFill | undefined): object {
  if (!fill) return { l: ZERO, L: ZERO, n: '0', N: null, t: -1, Y: ZERO };
  const { quantity, price, commission, commissionAsset, tradeId } = fill;
  return {
    l: eight(quantity),
    L: eight(price),
    n: eight(commission),
    N: commissionAsset || 'BNB',
    t: tradeId,
    Y: eight(product(price, quantity)),
  };
}

export function accountPosition({ balances, time }: BalanceChange): object {
  return {
    e: 'outboundAccountPosition',
    E: time,
    u: time,
    B: balances.map(({ asset, free, locked }) => ({ a: asset, f: eight(free), l: eight(locked) })),
  };
}

/** Deposits and withdrawals only. */
export function balanceUpdate({ delta, time }: BalanceChange): object | undefined {
  if (!delta) return undefined;
  return { e: 'balanceUpdate', E: time, a: delta.asset, d: eight(delta.amount), T: time };
}

export function orderTradeUpdate({ order, execution, fill }: OrderChange, isCoinMargined: boolean): object {
  const o = {
    s: order.symbol,
    c: clientIdOf(order),
    S: order.side,
    o: order.type,
    f: 'GTC',
    q: order.quantity,
    p: order.price,
    ap: order.averagePrice,
    sp: '0',
    x: order.isLiquidation && fill ? 'CALCULATED' : futuresExecution(execution),
    X: order.status,
    i: idOf(order.orderId),
    z: order.filled,
    ...futuresFill(fill),
    T: order.updatedAt,
    b: '0',
    a: '0',
    m: false,
    R: order.isLiquidation,
    wt: 'CONTRACT_PRICE',
    ot: order.type,
    ps: 'BOTH',
    cp: false,
    rp: '0',
    pP: false,
    si: 0,
    ss: 0,
    V: 'EXPIRE_MAKER',
    pm: 'NONE',
    gtd: 0,
  };
  const event = { e: 'ORDER_TRADE_UPDATE', T: order.updatedAt, E: order.updatedAt };
  return isCoinMargined ? { ...event, i: 'SfsR', o: { ...o, ma: 'BTC' } } : { ...event, o };
}

function futuresExecution(execution: OrderChange['execution']): string {
  return execution === 'AMENDED' ? 'AMENDMENT' : execution;
}

/** Without a fill the commission keys are absent. */
function futuresFill(fill: SimFill | undefined): object {
  if (!fill) return { l: '0', L: '0', t: 0 };
  const { quantity, price, commission, commissionAsset, tradeId } = fill;
  return { l: quantity, L: price, t: tradeId, n: commission, N: commissionAsset || 'USDT' };
}

const REASONS = { ORDER: 'ORDER', SET: 'ADJUSTMENT' } as const;

export function accountUpdate({ reason, balances, delta, time }: BalanceChange): object {
  const isOut = delta?.amount.startsWith('-');
  const m = reason === 'TRANSFER' ? (isOut ? 'WITHDRAW' : 'DEPOSIT') : REASONS[reason];
  const B = balances.map((balance) => ({
    a: balance.asset,
    wb: walletOf(balance),
    cw: balance.free,
    bc: delta?.amount ?? '0',
  }));
  return { e: 'ACCOUNT_UPDATE', T: time, E: time, a: { B, P: [], m } };
}

/** Locked of the model is what isolated positions hold. */
export function walletOf({ free, locked }: SimBalance): string {
  return sum(free, locked);
}
