import type { OrderStatus } from '../../domain/account';

/**
 * Every documented `state`. A word that is not here is published as nothing: taken for a cancel, it
 * would end a live deal.
 * https://www.okx.com/docs-v5/en/#order-book-trading-trade-ws-order-channel
 */
const ORDER_STATUSES: ReadonlyMap<string, OrderStatus> = new Map([
  /** On the book, also after an amendment, done or failed. */
  ['live', 'NEW'],
  /** On the book with a filled part. */
  ['partially_filled', 'PARTIALLY_FILLED'],
  ['filled', 'FILLED'],
  /** By the user, by the venue, or the rest of an ioc order; a filled part stays in `accFillSz`. */
  ['canceled', 'CANCELED'],
  /** By the market maker protection. */
  ['mmp_canceled', 'CANCELED'],
]);

export function statusOf(state: unknown): OrderStatus | undefined {
  return typeof state === 'string' ? ORDER_STATUSES.get(state) : undefined;
}

/** Types without a limit price; every other documented type has one. */
const MARKET_TYPES: ReadonlySet<unknown> = new Set(['market', 'optimal_limit_ioc']);

export function orderTypeOf(ordType: unknown): 'MARKET' | 'LIMIT' {
  return MARKET_TYPES.has(ordType) ? 'MARKET' : 'LIMIT';
}

/**
 * The backend stops the bot on the flag. Partial liquidation, adl, delivery, ddh, twap and
 * auto_conversion may leave a position, and are ordinary reports.
 */
export function isLiquidation(category: unknown): boolean {
  return category === 'full_liquidation';
}
