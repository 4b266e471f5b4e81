import type { SimBalance, SimFill, SimOrder } from '../kit';
import { compare, difference, quotient, sum } from '../kit';
import balanceRecording from './__fixtures__/balance.event-update.json';
import orderRecording from './__fixtures__/order.partial-fills.json';
import type { InstType } from './listings';

/** Documented frames give the keys; only values move. */
const ORDER = orderRecording.frames[0]?.data[0];
const ACCOUNT = balanceRecording.frames[0]?.data[0];
const DETAIL = ACCOUNT?.details[0];

const STATES = {
  NEW: 'live',
  PARTIALLY_FILLED: 'partially_filled',
  FILLED: 'filled',
  CANCELED: 'canceled',
  EXPIRED: 'canceled', // the rest of an ioc order
  REJECTED: 'canceled', // never told: OKX refuses in the answer to the request
} as const satisfies Record<SimOrder['status'], string>;

export function instTypeOf({ symbol }: SimOrder): InstType {
  if (symbol.endsWith('-SWAP')) return 'SWAP';
  return /-\d{6,}$/.test(symbol) ? 'FUTURES' : 'SPOT';
}

/** https://www.okx.com/docs-v5/en/#order-book-trading-trade-ws-order-channel; `fill`: what the push tells of. */
export function orderRow(order: SimOrder, fill?: SimFill): Readonly<Record<string, unknown>> {
  const instType = instTypeOf(order);
  const last = order.fills.at(-1);
  return {
    ...ORDER,
    instType,
    instId: order.symbol,
    ordId: order.orderId,
    clOrdId: order.isLiquidation ? '' : order.clientOrderId,
    tradeQuoteCcy: order.assets?.quote ?? '',
    side: order.side.toLowerCase(),
    ordType: order.type.toLowerCase(),
    tdMode: instType === 'SPOT' ? 'cash' : 'cross',
    state: STATES[order.status],
    category: order.isLiquidation ? 'full_liquidation' : 'normal',
    px: order.type === 'MARKET' ? '' : order.price,
    sz: order.quantity,
    accFillSz: order.filled,
    avgPx: averagePrice(order),
    fee: difference('0', order.fills.map(({ commission }) => commission).reduce(sum, '0')),
    feeCcy: last?.commissionAsset ?? '',
    cTime: String(order.createdAt),
    uTime: String(order.updatedAt),
    ...fillFields(fill),
  };
}

function fillFields(fill: SimFill | undefined): Readonly<Record<string, string>> {
  if (!fill) {
    return { fillPx: '', fillSz: '0', fillTime: '', fillFee: '0', fillFeeCcy: '', tradeId: '', execType: '' };
  }
  const fillFee = difference('0', fill.commission);
  const { price, quantity, time, commissionAsset, tradeId } = fill;
  return {
    fillPx: price,
    fillSz: quantity,
    fillTime: String(time),
    fillFee,
    fillFeeCcy: commissionAsset,
    tradeId: String(tradeId),
    execType: 'T',
  };
}

/** REST rows lack what is said of a single fill's fee. */
export function restRow(order: SimOrder): Readonly<Record<string, unknown>> {
  const row = Object.entries(orderRow(order, order.fills.at(-1)));
  return Object.fromEntries(row.filter(([name]) => name !== 'fillFee' && name !== 'fillFeeCcy'));
}

/** Of inverse contracts the coin is what is traded, so their mean is harmonic. Empty while unfilled. */
function averagePrice({ symbol, fills, filled, averagePrice: plain }: SimOrder): string {
  if (fills.length === 0) return '';
  if (!symbol.endsWith('-USD-SWAP')) return plain;
  const coins = fills.map(({ price, quantity }) => quotient(quantity, price, 24)).reduce(sum, '0');
  return quotient(filled, coins);
}

/** https://www.okx.com/docs-v5/en/#trading-account-websocket-account-channel */
export function accountRow(balances: readonly SimBalance[], time: number): object {
  const details = balances.map(({ asset, free, locked }) => {
    const cashBal = sum(free, locked);
    return {
      ...DETAIL,
      ccy: asset,
      availBal: free,
      frozenBal: locked,
      ordFrozen: locked,
      cashBal,
      eq: cashBal,
      uTime: String(time),
    };
  });
  return { ...ACCOUNT, details, uTime: String(time) };
}

/** Snapshots leave out what is empty. */
export function isHeld({ free, locked }: SimBalance): boolean {
  return compare(free, '0') !== 0 || compare(locked, '0') !== 0;
}
