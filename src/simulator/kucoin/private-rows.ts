import type { SimBalance, SimFill, SimOrder } from '../kit';
import { compare, product, quotient, sum } from '../kit';
import { factsOf, type OrderNotes } from './order-facts';
import { marginsOf } from './private-frames';
import type { Listed } from './side';

/** Rows of signed REST, as documented. Times are epoch ms unless they say otherwise. */

/** https://www.kucoin.com/docs-new/rest/spot-trading/orders/get-order-by-orderld */
export function spotRow(order: SimOrder, notes: OrderNotes): object {
  const { isActive, origin, canceled, remain, funds, remainFunds = '0' } = factsOf(order, notes);
  const isByFunds = funds !== undefined;
  return {
    ...{ id: order.orderId, opType: 'DEAL', symbol: order.symbol, clientOid: order.clientOrderId },
    ...{ type: order.type.toLowerCase(), side: order.side.toLowerCase(), price: order.price },
    ...{ size: isByFunds ? '0' : origin, funds: funds ?? '0', dealSize: order.filled },
    // The venue pads sums; the stream never tells them.
    ...{ dealFunds: padded(order.quote), fee: '0', feeCurrency: 'USDT', stp: null, timeInForce: 'GTC' },
    ...{ postOnly: false, hidden: false, iceberg: false, visibleSize: '0', cancelAfter: 0, channel: 'API' },
    ...{ remark: null, tags: null, tax: '0', tradeType: 'TRADE', inOrderBook: isActive, active: isActive },
    ...{ cancelExist: compare(canceled, '0') > 0, cancelledSize: isByFunds ? '0' : canceled },
    ...{ cancelledFunds: isByFunds && !isActive ? remainFunds : '0', remainSize: isByFunds ? '0' : remain },
    ...{ remainFunds: isActive ? remainFunds : '0', createdAt: order.createdAt },
    lastUpdatedAt: order.updatedAt,
  };
}

/** https://www.kucoin.com/docs-new/rest/futures-trading/orders/get-order-by-orderld */
export function futuresRow(order: SimOrder, listed: Listed | undefined, notes: OrderNotes): object {
  const { isActive, origin, canceled } = factsOf(order, notes);
  const value = valueOf(order, listed);
  return {
    ...{ id: order.orderId, symbol: order.symbol, type: order.type.toLowerCase() },
    ...{ side: order.side.toLowerCase(), price: order.type === 'MARKET' ? '' : order.price },
    ...{ size: Number(origin), value: '0', dealValue: value, dealSize: Number(order.filled), stp: '' },
    ...{ stop: '', stopPriceType: '', stopTriggered: false, stopPrice: null, timeInForce: 'GTC' },
    ...{ postOnly: false, hidden: false, iceberg: false, leverage: '5', forceHold: false, closeOrder: false },
    ...{ visibleSize: 0, clientOid: order.isLiquidation ? null : order.clientOrderId, remark: null },
    ...{ tags: '', isActive, cancelExist: compare(canceled, '0') > 0, createdAt: order.createdAt },
    ...{ updatedAt: order.updatedAt, endAt: isActive ? null : order.updatedAt },
    ...{ orderTime: order.createdAt * 1e6, settleCurrency: settlementOf(listed), marginMode: 'CROSS' },
    ...{ avgDealPrice: averageOf(order, listed), filledSize: Number(order.filled), filledValue: value },
    ...{ status: isActive ? 'open' : 'done', reduceOnly: order.isLiquidation },
  };
}

/** https://www.kucoin.com/docs-new/rest/futures-trading/orders/get-trade-history */
export function fillRow(order: SimOrder, fill: SimFill, listed: Listed | undefined): object {
  return {
    ...{ symbol: order.symbol, tradeId: String(fill.tradeId), orderId: order.orderId },
    ...{ side: order.side.toLowerCase(), liquidity: 'maker', forceTaker: false, price: fill.price },
    ...{ size: Number(fill.quantity), value: valueOfFill(fill, listed), openFeePay: '0', closeFeePay: '0' },
    ...{ stop: '', feeRate: '0.0002', fixFee: '0', feeCurrency: settlementOf(listed), marginMode: 'CROSS' },
    ...{ settleCurrency: settlementOf(listed), displayType: order.type.toLowerCase(), fee: fill.commission },
    ...{ orderType: order.type.toLowerCase(), tradeType: order.isLiquidation ? 'liquid' : 'trade' },
    ...{ subTradeType: null, createdAt: fill.time, tradeTime: fill.time * 1e6 },
  };
}

/** https://www.kucoin.com/docs-new/rest/account-info/account-funding/get-account-list-spot */
export function accountRow({ asset, free, locked }: SimBalance, type: 'trade' | 'main', id: string): object {
  return { id, currency: asset, type, balance: sum(free, locked), available: free, holds: locked };
}

/** JSON numbers. https://www.kucoin.com/docs-new/rest/account-info/account-funding/get-account-futures */
export function overviewRow(balance: SimBalance): object {
  const { orders, positions } = marginsOf(balance);
  const total = Number(sum(balance.free, balance.locked));
  return {
    ...{ accountEquity: total, unrealisedPNL: 0, marginBalance: total, positionMargin: Number(positions) },
    ...{ orderMargin: Number(orders), frozenFunds: 0, availableBalance: Number(balance.free) },
    ...{ currency: balance.asset, riskRatio: 0, maxWithdrawAmount: Number(balance.free) },
  };
}

/** {"id":"254062248624417","currency":"USDT","bizType":"TRADE_EXCHANGE","context":"{\"symbol\":...}", ...} */
export function ledgerRow(order: SimOrder, fill: SimFill): object {
  const context = { symbol: order.symbol, orderId: order.orderId, tradeId: String(fill.tradeId) };
  return {
    ...{ id: String(fill.tradeId), currency: 'USDT', amount: fill.quantity, fee: fill.commission, tax: '0' },
    ...{ balance: '0', accountType: 'TRADE_HF', bizType: 'TRADE_EXCHANGE' },
    ...{ direction: order.side === 'BUY' ? 'out' : 'in', createdAt: String(fill.time) },
    context: JSON.stringify(context),
  };
}

// ---------------------------------------------------------------------------- amounts

/** In the currency of settlement: dollars of linear contracts, coins of inverse ones. */
function valueOfFill({ price, quantity }: SimFill, listed: Listed | undefined): string {
  if (listed?.listing.kind === 'inverse') return quotient(quantity, price, 12);
  const size = quotient('1', String(10 ** (listed?.listing.multiplierDecimals ?? 0)), 12);
  return product(product(price, quantity), size);
}

function valueOf({ fills }: SimOrder, listed: Listed | undefined): string {
  return fills.reduce((total, fill) => sum(total, valueOfFill(fill, listed)), '0');
}

/** Rounded, and of coins where the contract is inverse: no client gets the sum of the fills back from it. */
function averageOf(order: SimOrder, listed: Listed | undefined): string {
  if (listed?.listing.kind !== 'inverse') return quotient(order.quote, order.filled, 2);
  return quotient(order.filled, valueOf(order, listed), 2);
}

function settlementOf(listed: Listed | undefined): string {
  return String(listed?.listing.row['settleCurrency'] ?? 'USDT');
}

function padded(amount: string): string {
  const [whole = '0', decimals = ''] = amount.split('.');
  return `${whole}.${decimals.padEnd(8, '0')}`;
}
