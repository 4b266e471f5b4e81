import type { SimBalance, SimFill, SimOrder } from '../kit';
import { compare, isOpen, product, quotient, sum } from '../kit';
import type { CategoryName } from './category';
import derivativesOrder from './__fixtures__/bybitLinear.order.new.json';
import spotOrder from './__fixtures__/bybit.order.market-buy-by-quote.json';
import wallet from './__fixtures__/bybitLinear.balance.wallet-unified.json';

/** Rows as the venue spells them: recorded or documented ones with the book's values. */

type Row = Readonly<Record<string, unknown>>;

const CATEGORY: Readonly<Record<string, CategoryName>> = {
  bybit: 'spot',
  bybitLinear: 'linear',
  bybitInverse: 'inverse',
};

const SPOT_ORDER: Row = first(first(spotOrder.frames).data);
const CONTRACT_ORDER: Row = first(first(derivativesOrder.frames).data);
const WALLET = first(first(wallet.frames).data);
const COIN: Row = first(WALLET.coin);

const DECIMALS = 8;
/** How far the protection limit of a market order lies from its fills. */
const PROTECTION = { BUY: '1.05', SELL: '0.95' };

export function categoryOf({ exchange }: Pick<SimOrder, 'exchange'>): CategoryName {
  const category = CATEGORY[exchange];
  if (!category) throw new Error(`no category of Bybit: ${exchange}`);
  return category;
}

/** Stream rows; REST names the category once, in the result. */
export function streamOrder(order: SimOrder): Row {
  return { ...restOrder(order), category: categoryOf(order) };
}

export function restOrder(order: SimOrder): Row {
  const category = categoryOf(order);
  return {
    ...(category === 'spot' ? SPOT_ORDER : CONTRACT_ORDER),
    ...amountsOf(order, category),
    ...endOf(order),
    category: undefined,
    symbol: order.symbol,
    orderId: order.orderId,
    orderLinkId: order.isLiquidation ? '' : order.clientOrderId,
    side: order.side === 'BUY' ? 'Buy' : 'Sell',
    orderType: order.type === 'MARKET' ? 'Market' : 'Limit',
    timeInForce: order.type === 'MARKET' ? 'IOC' : 'GTC',
    orderStatus: statusOf(order, category),
    marketUnit: category === 'spot' && order.type === 'MARKET' ? 'baseCoin' : '',
    ...(category === 'spot' ? {} : { createType: order.isLiquidation ? TAKEN_OVER : 'CreateByUser' }),
    createdTime: String(order.createdAt),
    updatedTime: String(order.updatedAt),
  };
}

const TAKEN_OVER = 'CreateByTakeOver_PassThrough';

function endOf({ status }: SimOrder): Row {
  if (status === 'REJECTED') return { cancelType: 'UNKNOWN', rejectReason: 'EC_PostOnlyWillTakeLiquidity' };
  const isEnded = status === 'CANCELED' || status === 'EXPIRED';
  return isEnded
    ? { cancelType: 'CancelByUser', rejectReason: 'EC_PerCancelRequest' }
    : { cancelType: 'UNKNOWN', rejectReason: 'EC_NoError' };
}

/** The venue knows no expired orders: what ends by itself is deactivated. */
function statusOf({ status, filled }: SimOrder, category: CategoryName): string {
  const hasFills = compare(filled, '0') > 0;
  switch (status) {
    case 'NEW':
      return 'New';
    case 'PARTIALLY_FILLED':
      return 'PartiallyFilled';
    case 'FILLED':
      return 'Filled';
    case 'CANCELED':
      return category === 'spot' && hasFills ? 'PartiallyFilledCanceled' : 'Cancelled';
    case 'EXPIRED':
      return 'Deactivated';
    case 'REJECTED':
      return 'Rejected';
  }
}

function amountsOf(order: SimOrder, category: CategoryName): Row {
  const { filled, quantity, fills } = order;
  // Inverse contracts are dollars, their value is in coins.
  const value =
    category === 'inverse'
      ? fills.reduce((total, fill) => sum(total, quotient(fill.quantity, fill.price, DECIMALS)), '0')
      : order.quote;
  const average = category === 'inverse' ? quotient(filled, value, DECIMALS) : order.averagePrice;
  return {
    qty: quantity,
    price: priceOf(order, category),
    avgPrice: fills.length === 0 ? '' : average,
    cumExecQty: filled,
    cumExecValue: value,
    cumExecFee: fills.reduce((total, fill) => sum(total, fill.commission), '0'),
    leavesQty: isOpen(order) ? sum(quantity, `-${filled}`) : '0',
    leavesValue: '0',
  };
}

/** Of a contract's market order the price is its protection limit, never what it was filled at. */
function priceOf({ type, price, side, fills }: SimOrder, category: CategoryName): string {
  if (type === 'LIMIT') return price;
  const [fill] = fills;
  return category === 'spot' || !fill ? '0' : product(fill.price, PROTECTION[side]);
}

export function fillRow(order: SimOrder, fill: SimFill): Row {
  return {
    symbol: order.symbol,
    orderId: order.orderId,
    orderLinkId: order.clientOrderId,
    side: order.side === 'BUY' ? 'Buy' : 'Sell',
    orderType: order.type === 'MARKET' ? 'Market' : 'Limit',
    execId: `5e550000-0000-4000-8001-${String(fill.tradeId).padStart(12, '0')}`,
    execType: order.isLiquidation ? 'BustTrade' : 'Trade',
    execPrice: fill.price,
    execQty: fill.quantity,
    execFee: fill.commission,
    feeCurrency: fill.commissionAsset,
    execTime: String(fill.time),
  };
}

/** Spot orders lock coins, contracts hold them as margin. */
export function walletRow(balances: readonly SimBalance[], exchange: string, accountType = 'UNIFIED'): Row {
  const isSpot = exchange === 'bybit';
  return {
    ...WALLET,
    coin: balances.map(({ asset, free, locked }) => ({
      ...COIN,
      coin: asset,
      walletBalance: sum(free, locked),
      equity: sum(free, locked),
      locked: isSpot ? locked : '0',
      totalOrderIM: isSpot ? '' : locked,
      ...(accountType === 'SPOT' && { free }),
    })),
    accountType,
  };
}

function first<T>(list: readonly T[]): T {
  const [head] = list;
  if (head === undefined) throw new Error('a template without rows');
  return head;
}
