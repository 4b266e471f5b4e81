import type { OrderSide, OrderStatus } from '../../domain/account';

/**
 * Every documented status but PartiallyFilledCanceled, which depends on the order.
 * https://bybit-exchange.github.io/docs/v5/enum#orderstatus
 */
const STATUSES: ReadonlyMap<string, OrderStatus> = new Map<string, OrderStatus>([
  /** Placed and open. */
  ['New', 'NEW'],
  /** Of classic accounts: accepted, not yet placed. */
  ['Created', 'NEW'],
  /** A conditional order that waits for its trigger: open. */
  ['Untriggered', 'NEW'],
  /** The instant between Untriggered and New. */
  ['Triggered', 'NEW'],
  /** Of older accounts: a conditional order that was triggered and entered the book. */
  ['Active', 'NEW'],
  /** Open, with fills. */
  ['PartiallyFilled', 'PARTIALLY_FILLED'],
  /** Final. May be told twice where a cancel crossed the last fill. */
  ['Filled', 'FILLED'],
  /** Final. Contracts may carry fills. */
  ['Cancelled', 'CANCELED'],
  /** A conditional or OCO order that was cancelled before its trigger. */
  ['Deactivated', 'CANCELED'],
  /** Refused after the request was taken. The backend would keep a REJECTED order open for ever. */
  ['Rejected', 'CANCELED'],
]);

/** Spot only: cancelled with fills. */
const PARTLY = 'PartiallyFilledCanceled';

/** Undefined: a word that the venue has not documented; nothing is published for it. */
export function statusOf(word: string, isMarket: boolean, side: OrderSide): OrderStatus | undefined {
  if (word !== PARTLY) return STATUSES.get(word);
  // A market buy by value always leaves dust, which the venue gives back: this is its normal end.
  return isMarket && side === 'BUY' ? 'FILLED' : 'CANCELED';
}
