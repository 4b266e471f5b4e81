import type { SimAccount, SimOrder } from '../kit';
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

/** Fees of all fills since then, oldest first. */
export function incomeRows(account: SimAccount, from: number, limit: number): readonly object[] {
  const orders = account.ordersSince(from, account.exchange);
  const fills = orders.flatMap((order) => order.fills.map((fill) => ({ symbol: order.symbol, ...fill })));
  return fills
    .filter(({ time }) => time >= from)
    .sort((a, b) => a.time - b.time)
    .slice(0, limit)
    .map(({ symbol, commission, commissionAsset, time, tradeId }) => ({
      symbol,
      incomeType: 'COMMISSION',
      income: `-${commission}`,
      asset: commissionAsset || 'USDT',
      info: 'COMMISSION',
      time,
      tranId: tradeId,
      tradeId: String(tradeId),
    }));
}
