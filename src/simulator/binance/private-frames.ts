import type { BalanceChange, OrderChange, SimBalance } from '../kit';
import { product, sum } from '../kit';
import { clientIdOf, eight, idOf, randomId } from './spelling';

/**
 * Events of the user data streams, with all keys of the venue.
 * https://github.com/binance/binance-spot-api-docs/blob/master/user-data-stream.md
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams
 */

const ZERO = '0.00000000';

export function executionReport({ order, execution, fill }: OrderChange): object {
  const isCancel = execution === 'CANCELED';
  return {
    e: 'executionReport',
    E: order.updatedAt,
    s: order.symbol,
    // A cancel carries the id of the cancel request; the order's own is in C.
    c: isCancel ? order.cancelId || randomId(order.change) : order.clientOrderId,
    S: order.side,
    o: order.type,
    f: 'GTC',
    q: eight(order.quantity),
    p: eight(order.price),
    P: ZERO,
    F: ZERO,
    g: -1,
    C: isCancel ? order.clientOrderId : '',
    x: execution,
    X: order.status,
    r: 'NONE',
    i: idOf(order.orderId),
    l: eight(fill?.quantity ?? '0'),
    z: eight(order.filled),
    L: eight(fill?.price ?? '0'),
    n: fill ? eight(fill.commission) : '0',
    N: fill ? fill.commissionAsset || 'BNB' : null,
    T: order.updatedAt,
    t: fill?.tradeId ?? -1,
    I: order.change,
    w: order.status === 'NEW',
    m: false,
    M: fill !== undefined,
    O: order.createdAt,
    Z: eight(order.quote),
    Y: eight(fill ? product(fill.price, fill.quantity) : '0'),
    Q: ZERO,
    W: order.createdAt,
    V: 'EXPIRE_MAKER',
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
    x: order.isLiquidation && fill ? 'CALCULATED' : execution,
    X: order.status,
    i: idOf(order.orderId),
    l: fill?.quantity ?? '0',
    z: order.filled,
    L: fill?.price ?? '0',
    ...(fill && { n: fill.commission, N: fill.commissionAsset || 'USDT' }),
    T: order.updatedAt,
    t: fill?.tradeId ?? 0,
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
