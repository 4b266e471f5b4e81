import { isDecimal, isPositive } from '../../domain/decimal';
import type { AccountEvent, ExecutionReport, OrderSide, OrderStatus } from '../../domain/account';
import type { PositionWire } from './account-wire';
import { amountOr, product } from './amounts';
import { epochMs } from './fields';
import { statusOf, unknownStatus } from './statuses';
import type { Unproven } from './wire';

export type OrderEvent = Extract<AccountEvent, { readonly kind: 'order' }>;

/** An order, or why there is none, in words that may be logged. */
export type ReadOrder = OrderEvent | { readonly kind: 'unreadable'; readonly note: string };

/** What all spellings of an order say, in one; nothing here is checked yet. */
export interface OrderWords {
  readonly symbol: unknown;
  readonly orderId: unknown;
  readonly clientOrderId: unknown;
  readonly status: unknown;
  readonly orderType: unknown;
  readonly price: unknown;
  readonly average: unknown;
  readonly filled: unknown;
  /** Traded quote amount where the venue tells it; else filled x average. */
  readonly filledQuote: unknown;
  readonly createdAt: unknown;
  readonly changedAt: unknown;
  readonly position: Unproven<PositionWire>;
  /** Told by something else than the position's words. */
  readonly isTakenOver?: boolean;
  readonly fee?: { readonly amount: unknown; readonly coin: unknown };
  /** Order size in base coin; undefined where it cannot be read. */
  quantity(amounts: { orderType: string; side: OrderSide; filled: string }): string | undefined;
}

interface Amounts {
  readonly price: string;
  readonly average: string;
  readonly filled: string;
  readonly filledQuote: string;
}

export function readOrder(words: OrderWords): ReadOrder {
  const status = statusOf(words.status);
  if (status === undefined) return { kind: 'unreadable', note: unknownStatus(words.status) };
  const report = reportOf(words, status);
  return report === undefined ? { kind: 'unreadable', note: 'order: malformed' } : { kind: 'order', report };
}

function reportOf(words: OrderWords, orderStatus: OrderStatus): ExecutionReport | undefined {
  const identity = identityOf(words);
  const amounts = amountsOf(words);
  const side = sideOf(words.position);
  if (identity === undefined || amounts === undefined || side === undefined) return undefined;
  const { filled } = amounts;
  const orderType = typeof words.orderType === 'string' ? words.orderType.toUpperCase() : 'LIMIT';
  const quantity = words.quantity({ orderType, side, filled });
  if (quantity === undefined) return undefined;
  return {
    eventType: 'executionReport',
    ...identity,
    side,
    orderType,
    orderStatus,
    price: isPositive(amounts.average) ? amounts.average : amounts.price,
    quantity,
    totalTradeQuantity: filled,
    totalQuoteTradeQuantity: quoteOf(amounts),
    ...(isTakenOver(words) ? { liquidation: true } : {}),
    ...commissionOf(words.fee),
  };
}

type Identity = Pick<
  ExecutionReport,
  | 'eventTime'
  | 'creationTime'
  | 'orderTime'
  | 'symbol'
  | 'orderId'
  | 'newClientOrderId'
  | 'originalClientOrderId'
>;

function identityOf({
  symbol,
  orderId,
  clientOrderId,
  createdAt,
  changedAt,
}: OrderWords): Identity | undefined {
  const created = epochMs(createdAt);
  const changed = epochMs(changedAt) ?? created;
  if (changed === undefined || !isName(symbol) || !isName(orderId)) return undefined;
  const client = typeof clientOrderId === 'string' ? clientOrderId : '';
  return {
    eventTime: changed,
    creationTime: created ?? changed,
    orderTime: changed,
    symbol,
    orderId,
    newClientOrderId: client,
    originalClientOrderId: client,
  };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function amountsOf(words: OrderWords): Amounts | undefined {
  const price = amountOr('0', words.price);
  const average = amountOr('0', words.average);
  const filled = amountOr('0', words.filled);
  const filledQuote = amountOr('0', words.filledQuote);
  if (price === undefined || average === undefined) return undefined;
  if (filled === undefined || filledQuote === undefined) return undefined;
  return { price, average, filled, filledQuote };
}

/** '0' too where the average is not known: readers then fall back on the price, and no wrong ratio is told. */
function quoteOf({ average, filled, filledQuote }: Amounts): string {
  if (!isPositive(filled)) return '0';
  return isPositive(filledQuote) ? filledQuote : product(filled, average);
}

/**
 * In hedge mode requests say `buy` for whatever touches a long position, and whether pushes repeat that is
 * not documented; the position's side with the word for opening or closing it is right either way.
 */
export function sideOf(position: Unproven<PositionWire>): OrderSide | undefined {
  const { side, tradeSide } = position;
  if (typeof tradeSide === 'string') {
    if (tradeSide.endsWith('close_long')) return 'SELL';
    if (tradeSide.endsWith('close_short')) return 'BUY';
    const hedged = hedgedSideOf(position, tradeSide);
    if (hedged !== undefined) return hedged;
  }
  if (side === 'buy') return 'BUY';
  return side === 'sell' ? 'SELL' : undefined;
}

function hedgedSideOf(
  { posMode, holdMode, posSide, holdSide }: Unproven<PositionWire>,
  tradeSide: string,
): OrderSide | undefined {
  if ((posMode ?? holdMode) !== 'hedge_mode') return undefined;
  if (tradeSide !== 'open' && tradeSide !== 'close') return undefined;
  const positionSide = posSide ?? holdSide;
  if (positionSide !== 'long' && positionSide !== 'short') return undefined;
  return (positionSide === 'long') === (tradeSide === 'open') ? 'BUY' : 'SELL';
}

/** `burst_*`: forced liquidation; `reduce_*`: a part of one. Delivery, netting and ADL are neither. */
function isTakenOver({ position, isTakenOver: isToldElsewhere = false }: OrderWords): boolean {
  const { tradeSide } = position;
  if (typeof tradeSide !== 'string') return isToldElsewhere;
  return isToldElsewhere || tradeSide.startsWith('burst_') || tradeSide.startsWith('reduce_');
}

/** The venue writes what was paid as a negative amount, a rebate as a positive one. */
function commissionOf(fee: OrderWords['fee']): Pick<ExecutionReport, 'commission' | 'commissionAsset'> {
  const { amount, coin } = fee ?? {};
  if (!isDecimal(amount) || !isName(coin)) return {};
  if (amount.startsWith('-')) return { commission: amount.slice(1), commissionAsset: coin };
  return { commission: isPositive(amount) ? `-${amount}` : amount, commissionAsset: coin };
}
