import type { OrderStatus } from '../../domain/account';

/**
 * What a status means for us. `silent`: not on the book yet. `working`: NEW, or PARTIALLY_FILLED once
 * something is filled. `asked`: a cancel or an edit is under way and the order may still fill, so only a
 * fill is told.
 */
export type Meaning =
  'silent' | 'working' | 'asked' | Extract<OrderStatus, 'FILLED' | 'CANCELED' | 'EXPIRED'>;

/**
 * Every documented `status` but UNKNOWN_ORDER_STATUS, which says nothing. A word that is not here is
 * published as nothing: taken for a cancel, it would end a live deal.
 * https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/orders/get-order
 */
const MEANINGS: ReadonlyMap<unknown, Meaning> = new Map<unknown, Meaning>([
  /** Accepted, not yet on the book. */
  ['PENDING', 'silent'],
  /** Waits for its turn, or for its trigger. */
  ['QUEUED', 'silent'],
  /** On the book, also with a filled part. */
  ['OPEN', 'working'],
  ['FILLED', 'FILLED'],
  /** By the user or by the venue; the filled part stays. */
  ['CANCELLED', 'CANCELED'],
  /** Its time has passed. */
  ['EXPIRED', 'EXPIRED'],
  /** Refused after it was accepted: as REJECTED the backend would keep it open for ever. */
  ['FAILED', 'CANCELED'],
  ['CANCEL_QUEUED', 'asked'],
  ['EDIT_QUEUED', 'asked'],
]);

export function meaningOf(status: unknown): Meaning | undefined {
  return MEANINGS.get(status);
}

export function isEnd(meaning: Meaning): meaning is Extract<Meaning, OrderStatus> {
  return meaning === 'FILLED' || meaning === 'CANCELED' || meaning === 'EXPIRED';
}

/** `isFilledFurther`: more of it is filled than was told before. */
export function statusOf(
  meaning: Meaning,
  isFilled: boolean,
  isFilledFurther: boolean,
): OrderStatus | undefined {
  if (isEnd(meaning)) return meaning;
  if (meaning === 'working') return isFilled ? 'PARTIALLY_FILLED' : 'NEW';
  return isFilledFurther ? 'PARTIALLY_FILLED' : undefined;
}

/** The word of the unknown status is told only where it is a plain word: the rest is anyone's text. */
export function unknownStatus(status: unknown): string {
  const isPlainWord = typeof status === 'string' && /^[a-z_]{1,32}$/i.test(status);
  return isPlainWord ? `unknown order status ${status}` : 'unknown order status';
}
