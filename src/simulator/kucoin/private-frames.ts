import type { OrderChange, SimBalance, SimFill, SimOrder } from '../kit';
import { compare, difference, sum } from '../kit';
import spotBalance from './__fixtures__/kucoin.balance.trade-hold.json';
import spotOrder from './__fixtures__/kucoin.order.maker-lifecycle.json';
import wallet from './__fixtures__/kucoinLinear.balance.wallet.json';
import futuresOrder from './__fixtures__/kucoinLinear.order.two-matches.json';
import { factsOf, type OrderNotes } from './order-facts';

/** Private frames as the venue spells them: recorded or documented ones with the book's values. */

type Data = Readonly<Record<string, unknown>>;

/** What happened to an order, in the venue's words: https://www.kucoin.com/docs-new/3470073w0, .../3470090w0 */
export interface OrderStep {
  readonly type: 'received' | 'open' | 'match' | 'update' | 'filled' | 'canceled';
  readonly status: 'new' | 'open' | 'match' | 'done';
  readonly fill?: SimFill;
}

const SPOT_ORDER = spotOrder.frames[0] as { readonly data: Data };
const FUTURES_ORDER = futuresOrder.frames[0] as { readonly data: Data };
const SPOT_BALANCE = spotBalance.frames[0] as { readonly data: Data };
const WALLET = wallet.frames[0] as { readonly data: Data };

/** The frames that follow from a change, in the order of the documents. A rejected order never existed. */
export function stepsOf(
  { order, execution, fill }: OrderChange,
  notes: OrderNotes,
  isSpot: boolean,
): readonly OrderStep[] {
  switch (execution) {
    case 'NEW':
      return newSteps(order, isSpot);
    case 'TRADE': {
      const match: OrderStep = { type: 'match', status: 'match', ...(fill && { fill }) };
      const isOver = !factsOf(order, notes).isActive;
      return isOver ? [match, { type: 'filled', status: 'done' }] : [match];
    }
    case 'CANCELED':
    case 'EXPIRED':
      return [{ type: 'canceled', status: 'done' }];
    case 'AMENDED':
      return [{ type: 'update', status: 'open' }];
    case 'REJECTED':
      return [];
  }
}

/** Takers match before they are on the book, if they ever get there. */
function newSteps({ type, isLiquidation }: SimOrder, isSpot: boolean): readonly OrderStep[] {
  const open: readonly OrderStep[] =
    type === 'MARKET' || isLiquidation ? [] : [{ type: 'open', status: 'open' }];
  return isSpot ? [{ type: 'received', status: 'new' }, ...open] : open;
}

export function spotOrderFrame(topic: string, order: SimOrder, step: OrderStep, notes: OrderNotes): string {
  const { size, origin, canceled, remain, funds, remainFunds } = factsOf(order, notes);
  // V1 has nanoseconds, as in the recordings.
  const orderTime = topic.endsWith('V2') ? order.createdAt : nanoseconds(order.createdAt, 0);
  const amounts =
    funds === undefined
      ? { size, originSize: origin, remainSize: remain, canceledSize: canceled }
      : { size: undefined, originSize: undefined, remainSize: undefined, funds, remainFunds };
  return text({
    ...SPOT_ORDER,
    topic,
    data: { ...SPOT_ORDER.data, ...shared(order, step), ...amounts, orderTime },
  });
}

export function futuresOrderFrame(
  topic: string,
  order: SimOrder,
  step: OrderStep,
  notes: OrderNotes,
): string {
  const { size, canceled, remain } = factsOf(order, notes);
  const data = {
    ...FUTURES_ORDER.data,
    ...shared(order, step),
    ...{ size, remainSize: remain, canceledSize: canceled },
    clientOid: order.isLiquidation ? undefined : order.clientOrderId,
    tradeType: order.isLiquidation ? 'liquid' : 'trade',
    marginMode: 'CROSS',
    orderTime: nanoseconds(order.createdAt, 0),
  };
  const subject = topic.includes(':') ? 'symbolOrderChange' : 'orderChange';
  return text({ ...FUTURES_ORDER, topic, subject, data });
}

function shared(order: SimOrder, { type, status, fill }: OrderStep): Data {
  const isMarket = order.type === 'MARKET';
  return {
    ...{ symbol: order.symbol, orderId: order.orderId, clientOid: order.clientOrderId, type, status },
    ...{ orderType: isMarket ? 'market' : 'limit', side: order.side === 'BUY' ? 'buy' : 'sell' },
    price: isMarket ? undefined : order.price,
    filledSize: order.filled,
    ...(fill && {
      ...{ matchPrice: fill.price, matchSize: fill.quantity, tradeId: String(fill.tradeId) },
      ...{ liquidity: isMarket ? 'taker' : 'maker', feeType: isMarket ? 'takerFee' : 'makerFee' },
    }),
    ts: nanoseconds(order.updatedAt, order.change),
  };
}

// ---------------------------------------------------------------------------- balances

export function spotBalanceFrame(
  balance: SimBalance,
  { account, event, time }: { readonly account: string; readonly event: string; readonly time: number },
): string {
  const { asset, free, locked } = balance;
  const data = {
    ...SPOT_BALANCE.data,
    ...{ accountId: account, currency: asset, available: free, hold: locked, total: sum(free, locked) },
    ...{ relationEvent: event, time: String(time) },
  };
  return text({ ...SPOT_BALANCE, topic: '/account/balance', data });
}

export function walletFrame(balance: SimBalance, version: number, time: number): string {
  const { asset, free } = balance;
  const { orders, positions } = marginsOf(balance);
  const data = {
    ...WALLET.data,
    ...{ currency: asset, availableBalance: free, holdBalance: '0', crossOrderMargin: orders },
    ...{ crossPosMargin: positions, isolatedOrderMargin: '0', isolatedPosMargin: '0' },
    ...{ walletBalance: sum(free, balance.locked), version: String(version), timestamp: String(time) },
  };
  return text({ ...WALLET, topic: '/contractAccount/wallet', data });
}

/** The account model has one locked amount: the first unit of it stands for orders, the rest for positions. */
export function marginsOf({ locked }: SimBalance): { readonly orders: string; readonly positions: string } {
  const orders = compare(locked, '1') > 0 ? '1' : locked;
  return { orders, positions: difference(locked, orders) };
}

// ---------------------------------------------------------------------------- positions

/** https://www.kucoin.com/docs-new/3470093w0 */
export function positionFrame(
  topic: string,
  order: SimOrder,
  { quantity, time }: { readonly quantity: string; readonly time: number },
): string {
  const price = order.fills.at(-1)?.price ?? order.price;
  const data = {
    ...{ symbol: order.symbol, currentQty: Number(quantity), isOpen: compare(quantity, '0') !== 0 },
    ...{ markPrice: Number(price), avgEntryPrice: Number(price), crossMode: true, unrealisedPnl: 0 },
    changeReason: order.isLiquidation ? 'liquidation' : 'positionChange',
    currentTimestamp: time,
  };
  return text({ topic, type: 'message', subject: 'position.change', channelType: 'private', data });
}

// ---------------------------------------------------------------------------- digits

/** 19 digits, more than a number holds: spelled into the frame as they are. */
function nanoseconds(ms: number, change: number): string {
  return `@${ms}${String((change * 997) % 999_000).padStart(6, '0')}`;
}

function text(frame: object): string {
  return JSON.stringify(frame).replace(/"@(\d{19})"/g, '$1');
}
