import type { SimAccount, SimFill, SimOrder } from '../kit';
import { product, quotient } from '../kit';
import { walletOf } from './private-frames';
import { clientIdOf, eight, idOf } from './spelling';
import type { BinanceMarket } from './venue';

/** Rows of the signed REST answers. */

export function orderRow(market: BinanceMarket, order: SimOrder): object {
  return market.isFutures ? futuresRow(market, order) : spotRow(order);
}

function spotRow(order: SimOrder): object {
  return {
    symbol: order.symbol,
    orderId: idOf(order.orderId),
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    price: eight(order.price),
    origQty: eight(order.quantity),
    executedQty: eight(order.filled),
    cummulativeQuoteQty: eight(order.quote),
    status: order.status,
    timeInForce: 'GTC',
    type: order.type,
    side: order.side,
    stopPrice: eight('0'),
    icebergQty: eight('0'),
    time: order.createdAt,
    updateTime: order.updatedAt,
    isWorking: true,
    workingTime: order.createdAt,
    origQuoteOrderQty: eight('0'),
    selfTradePreventionMode: 'NONE',
  };
}

/** COIN-M contracts of the model are worth this much quote. */
const CONTRACT_SIZE = '100';

function futuresRow({ product: kind }: BinanceMarket, order: SimOrder): object {
  const base = quotient(product(order.filled, CONTRACT_SIZE), order.averagePrice);
  return {
    avgPrice: order.averagePrice,
    clientOrderId: clientIdOf(order),
    ...(kind === 2 ? { cumBase: base, pair: order.symbol.split('_', 1)[0] } : { cumQuote: order.quote }),
    executedQty: order.filled,
    orderId: idOf(order.orderId),
    origQty: order.quantity,
    origType: order.type,
    price: order.price,
    reduceOnly: order.isLiquidation,
    side: order.side,
    positionSide: 'BOTH',
    status: order.status,
    stopPrice: '0',
    closePosition: false,
    symbol: order.symbol,
    time: order.createdAt,
    timeInForce: 'GTC',
    type: order.type,
    updateTime: order.updatedAt,
    workingType: 'CONTRACT_PRICE',
    priceProtect: false,
  };
}

/** `api/v3/account`, `fapi/v3/balance`, `dapi/v1/balance`. */
export function balancesBody(
  market: BinanceMarket,
  account: SimAccount,
  now: number,
  omitsZeros: boolean,
): object {
  if (!market.isFutures) {
    const balances = account
      .balances()
      .map(({ asset, free, locked }) => ({ asset, free: eight(free), locked: eight(locked) }))
      .filter(({ free, locked }) => !omitsZeros || /[1-9]/.test(`${free}${locked}`));
    return { canTrade: true, accountType: 'SPOT', updateTime: now, balances, permissions: ['SPOT'] };
  }
  return account.balances().map((balance) => ({
    accountAlias: 'SfsR',
    asset: balance.asset,
    balance: walletOf(balance),
    crossWalletBalance: balance.free,
    crossUnPnl: '0.00000000',
    availableBalance: balance.free,
    updateTime: now,
  }));
}

/** Fees of all fills since then, oldest first, and that of a liquidation. */
export function incomeRows(account: SimAccount, from: number, limit: number): readonly object[] {
  return fillsOf(account, from)
    .flatMap((one) =>
      isLiquidation(one.order)
        ? [incomeRow(one, 'COMMISSION'), incomeRow(one, 'INSURANCE_CLEAR')]
        : [incomeRow(one, 'COMMISSION')],
    )
    .slice(0, limit);
}

/** By the liquidation engine; ADL is told like any other order. */
export function isLiquidation(order: SimOrder): boolean {
  return order.isLiquidation && clientIdOf(order).startsWith('autoclose-');
}

interface OrderFill {
  readonly order: SimOrder;
  readonly fill: SimFill;
}

function fillsOf(account: SimAccount, from: number): readonly OrderFill[] {
  return account
    .ordersSince(from, account.exchange)
    .flatMap((order) => order.fills.map((fill) => ({ order, fill })))
    .filter(({ fill }) => fill.time >= from)
    .sort((a, b) => a.fill.time - b.fill.time || a.fill.tradeId - b.fill.tradeId);
}

function incomeRow({ order, fill }: OrderFill, incomeType: string): object {
  const { commission, commissionAsset, time, tradeId } = fill;
  return {
    symbol: order.symbol,
    incomeType,
    income: `-${commission}`,
    asset: commissionAsset || 'USDT',
    info: incomeType,
    time,
    tranId: tradeId,
    tradeId: String(tradeId),
  };
}

/** `myTrades`, `userTrades`: oldest first, the newest ones of them. */
export function tradeRows(account: SimAccount, query: URLSearchParams): readonly object[] {
  const [symbol, orderId] = [query.get('symbol'), query.get('orderId')];
  return fillsOf(account, Number(query.get('startTime') ?? 0))
    .filter(({ order }) => order.symbol === symbol && (orderId ?? order.orderId) === order.orderId)
    .slice(-Math.min(Number(query.get('limit') ?? 500), 1_000))
    .map(({ order, fill }) => ({
      symbol: order.symbol,
      id: fill.tradeId,
      orderId: idOf(order.orderId),
      side: order.side,
      price: fill.price,
      qty: fill.quantity,
      quoteQty: product(fill.price, fill.quantity),
      commission: fill.commission,
      commissionAsset: fill.commissionAsset,
      time: fill.time,
      isBuyer: order.side === 'BUY',
      maker: false,
    }));
}
