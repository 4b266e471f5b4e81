import { product, sum, type SimBalance, type SimFill, type SimOrder, type SimOrderStatus } from '../kit';

/** Orders and balances in the venue's words: the classic stream, the classic lists, the unified API. */

/** The venue knows no expiry: what it ends by itself is cancelled. Spot and contracts spell that differently. */
const STATUSES: Readonly<Record<SimOrderStatus, string>> = {
  NEW: 'live',
  PARTIALLY_FILLED: 'partially_filled',
  FILLED: 'filled',
  CANCELED: 'canceled',
  EXPIRED: 'canceled',
  REJECTED: 'rejected',
};

function statusOf({ status }: SimOrder, isBritish: boolean): string {
  const word = STATUSES[status];
  return isBritish && word === 'canceled' ? 'cancelled' : word;
}

const isFilled = ({ fills }: SimOrder): boolean => fills.length > 0;
const sideOf = ({ side }: SimOrder): string => side.toLowerCase();
const typeOf = ({ type }: SimOrder): string => type.toLowerCase();

function tradeSideOf(order: SimOrder): string {
  return `${order.isLiquidation ? 'burst_' : ''}${sideOf(order)}_single`;
}

/** https://www.bitget.com/api-doc/spot/websocket/private/Order-Channel */
export function spotStreamRow(order: SimOrder, fill: SimFill | undefined): object {
  const isMarketBuy = order.type === 'MARKET' && order.side === 'BUY';
  // A market buy is placed in quote coin; the model places it in base coin: what it came to stands in.
  const notional = isMarketBuy ? order.quote : product(order.price, order.quantity);
  return {
    instId: order.symbol,
    orderId: order.orderId,
    clientOid: order.clientOrderId,
    ...(order.type === 'LIMIT' ? { price: order.price } : {}),
    size: order.side === 'BUY' ? notional : order.quantity,
    newSize: isMarketBuy ? notional : order.quantity,
    notional,
    orderType: typeOf(order),
    force: 'gtc',
    side: sideOf(order),
    ...fillFields(fill),
    accBaseVolume: order.filled,
    priceAvg: order.averagePrice,
    status: statusOf(order, true),
    cTime: String(order.createdAt),
    uTime: String(order.updatedAt),
    feeDetail: feesOf(order),
    enterPointSource: 'API',
    stpMode: 'none',
  };
}

/** https://www.bitget.com/api-doc/contract/websocket/private/Order-Channel */
export function contractStreamRow(order: SimOrder, fill: SimFill | undefined, marginCoin: string): object {
  const isCanceled = STATUSES[order.status] === 'canceled';
  return {
    accBaseVolume: order.filled,
    cTime: String(order.createdAt),
    cancelReason: isCanceled ? 'normal_cancel' : '',
    clientOid: order.clientOrderId,
    enterPointSource: order.isLiquidation ? 'SYS' : 'API',
    feeDetail: feesOf(order),
    ...fillFields(fill),
    ...(fill ? { fillNotionalUsd: product(fill.price, fill.quantity), pnl: '0' } : {}),
    force: 'gtc',
    instId: order.symbol,
    leverage: '10',
    marginCoin,
    marginMode: 'crossed',
    notionalUsd: product(order.price, order.quantity),
    orderId: order.orderId,
    orderType: typeOf(order),
    posMode: 'one_way_mode',
    posSide: 'net',
    price: order.price,
    // Not told on cancels, though there was a fill.
    ...(isFilled(order) && !isCanceled ? { priceAvg: order.averagePrice } : {}),
    reduceOnly: 'no',
    side: sideOf(order),
    size: order.quantity,
    status: statusOf(order, false),
    stpMode: 'none',
    totalProfits: '0',
    tradeSide: tradeSideOf(order),
    uTime: String(order.updatedAt),
  };
}

function fillFields(fill: SimFill | undefined): object {
  if (!fill) return {};
  return {
    fillPrice: fill.price,
    tradeId: String(fill.tradeId),
    baseVolume: fill.quantity,
    fillTime: String(fill.time),
    fillFee: paid(fill.commission),
    fillFeeCoin: fill.commissionAsset,
    tradeScope: 'T',
  };
}

function feesOf({ fills }: SimOrder): readonly object[] {
  return fills.slice(-1).map(({ commission, commissionAsset }) => ({
    feeCoin: commissionAsset,
    fee: paid(commission),
  }));
}

function paid(commission: string): string {
  return commission === '0' ? '0' : `-${commission}`;
}

/** https://www.bitget.com/api-doc/spot/trade/Get-Unfilled-Orders: here `priceAvg` is the limit price. */
export function spotListRow(order: SimOrder): object {
  const row = { ...spotRow(order), priceAvg: padded(order.price), basePrice: padded(order.averagePrice) };
  // By the samples of this one list it is not told when an order changed.
  return { ...row, cTime: String(order.createdAt) };
}

/** https://www.bitget.com/api-doc/spot/trade/Get-History-Orders, Get-Order-Info */
export function spotInfoRow(order: SimOrder): object {
  const row = { ...spotRow(order), price: padded(order.price), priceAvg: padded(order.averagePrice) };
  return { ...row, cTime: String(order.createdAt), uTime: String(order.updatedAt) };
}

function spotRow(order: SimOrder): object {
  const isMarketBuy = order.type === 'MARKET' && order.side === 'BUY';
  return {
    userId: '1',
    symbol: order.symbol,
    orderId: order.orderId,
    clientOid: order.clientOrderId,
    size: padded(isMarketBuy ? order.quote : order.quantity),
    orderType: typeOf(order),
    side: sideOf(order),
    status: statusOf(order, true),
    baseVolume: padded(order.filled),
    quoteVolume: padded(order.quote),
    enterPointSource: 'API',
    orderSource: 'normal',
    tpslType: 'normal',
    triggerPrice: null,
  };
}

/** Recorded amounts have 16 decimals here, unlike on the stream; whole zeros have none. */
function padded(amount: string): string {
  if (amount === '0') return amount;
  const [whole = '0', decimals = ''] = amount.split('.');
  return `${whole}.${decimals.padEnd(16, '0')}`;
}

/** https://www.bitget.com/api-doc/contract/trade/Get-Orders-Pending, Get-Orders-History */
export function contractListRow(order: SimOrder, marginCoin: string): Readonly<Record<string, string>> {
  return {
    symbol: order.symbol,
    size: order.quantity,
    orderId: order.orderId,
    clientOid: order.clientOrderId,
    baseVolume: order.filled,
    fee: '0',
    price: order.price,
    priceAvg: isFilled(order) ? order.averagePrice : '',
    status: statusOf(order, false),
    side: sideOf(order),
    force: 'gtc',
    totalProfits: '0',
    posSide: 'net',
    marginCoin,
    quoteVolume: order.quote,
    leverage: '10',
    marginMode: 'crossed',
    enterPointSource: 'API',
    tradeSide: tradeSideOf(order),
    posMode: 'one_way_mode',
    orderType: typeOf(order),
    orderSource: order.isLiquidation ? 'liquidation' : 'normal',
    cTime: String(order.createdAt),
    uTime: String(order.updatedAt),
  };
}

/** https://www.bitget.com/api-doc/uta/websocket/private/Order-Channel; `category` as the caller's API spells it. */
export function unifiedRow(order: SimOrder, category: string): object {
  const isMarketBuy = category.toUpperCase() === 'SPOT' && order.type === 'MARKET' && order.side === 'BUY';
  return {
    category,
    symbol: order.symbol,
    orderId: order.orderId,
    clientOid: order.clientOrderId,
    price: order.type === 'MARKET' ? '' : order.price,
    qty: isMarketBuy ? order.quote : order.quantity,
    amount: order.quote,
    holdMode: 'one_way_mode',
    holdSide: '',
    delegateType: 'normal',
    tradeSide: tradeSideOf(order),
    orderType: typeOf(order),
    timeInForce: 'gtc',
    side: sideOf(order),
    reduceOnly: 'no',
    cumExecQty: order.filled,
    cumExecValue: order.quote,
    avgPrice: order.averagePrice,
    orderStatus: statusOf(order, true),
    cancelReason: '',
    feeDetail: feesOf(order),
    createdTime: String(order.createdAt),
    updatedTime: String(order.updatedAt),
    stpMode: 'none',
  };
}

/** https://www.bitget.com/api-doc/uta/trade/Get-Order-History, Get-Order-Details */
export function unifiedRestRow(order: SimOrder, category: string): object {
  return { ...unifiedRow(order, category), execType: order.isLiquidation ? 'liquidation' : 'normal' };
}

/** https://www.bitget.com/api-doc/spot/account/Get-Account-Assets; the stream tells the same. */
export function spotBalanceRow({ asset, free, locked }: SimBalance, now: number): object {
  return {
    coin: asset,
    available: free,
    frozen: locked,
    locked: '0',
    limitAvailable: '0',
    uTime: String(now),
  };
}

/** `equityName`: `equity` on the stream, `accountEquity` over REST. No position is modelled: no profit. */
export function contractBalanceRow(
  { asset, free, locked }: SimBalance,
  equityName: 'equity' | 'accountEquity',
): object {
  return {
    marginCoin: asset,
    ...(equityName === 'equity' ? { frozen: locked } : { locked }),
    available: free,
    maxTransferOut: free,
    [equityName]: sum(free, locked),
    usdtEquity: '0',
    crossedRiskRate: '0',
    unrealizedPL: '0',
  };
}

/** https://www.bitget.com/api-doc/uta/websocket/private/Account-Channel */
export function unifiedBalanceRow({ asset, free, locked }: SimBalance): object {
  const balance = sum(free, locked);
  return {
    coin: asset,
    debts: '0',
    borrow: '0',
    balance,
    available: free,
    locked,
    equity: balance,
    usdValue: '0',
  };
}
