import type { OrderStatus } from '../../domain/account';

/**
 * Every documented order status of the classic (`status`, REST also `state`) and the unified API
 * (`orderStatus`). The two document families spell some of them differently.
 * https://www.bitget.com/api-doc/spot/websocket/private/Order-Channel
 * https://www.bitget.com/api-doc/contract/websocket/private/Order-Channel
 * https://www.bitget.com/api-doc/uta/websocket/private/Order-Channel
 */
const STATUSES: Readonly<Record<string, OrderStatus>> = {
  /** Accepted, on its way to the book. */
  init: 'NEW',
  /** In the book; older word, still told by REST. */
  new: 'NEW',
  /** In the book, nothing filled. */
  live: 'NEW',
  /** In the book, some of it filled. */
  partially_filled: 'PARTIALLY_FILLED',
  /** The same in an older sample of the single order. */
  partial_fill: 'PARTIALLY_FILLED',
  filled: 'FILLED',
  full_fill: 'FILLED',
  /** Ended before it was filled; may have a filled part. Contracts. */
  canceled: 'CANCELED',
  /** The same, as spot and the unified API spell it. */
  cancelled: 'CANCELED',
  /** Accepted at first, then refused by the matching engine. */
  reject: 'REJECTED',
  /** The same, in the other spelling. */
  rejected: 'REJECTED',
};

/** Undefined for a word that is not documented: never a guess. */
export function statusOf(word: unknown): OrderStatus | undefined {
  return typeof word === 'string' && Object.hasOwn(STATUSES, word) ? STATUSES[word] : undefined;
}

/** What is logged of a strange status: only a short plain word. */
export function unknownStatus(word: unknown): string {
  const isPlain = typeof word === 'string' && /^[A-Za-z_-]{1,32}$/.test(word);
  return isPlain ? `unknown order status ${word}` : 'unknown order status';
}
