import type { OrderStatus } from '../../domain/account';
import { compare, isPositive } from '../../domain/decimal';

/**
 * Every documented order status. A value that is not here publishes nothing: it is never taken for an
 * end of the order. Sources:
 * https://github.com/binance/binance-spot-api-docs/blob/master/enums.md#order-status
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/common-definition
 */
const STATUSES: ReadonlyMap<string, OrderStatus> = new Map([
  /** Accepted by the engine; also an amended order. */
  ['NEW', 'NEW'],
  /** Accepted, waits for the working leg of its order list. */
  ['PENDING_NEW', 'NEW'],
  /** Partly executed, still working. */
  ['PARTIALLY_FILLED', 'PARTIALLY_FILLED'],
  /** Completed. */
  ['FILLED', 'FILLED'],
  /** Ended by the user, or by the venue on his behalf; may have fills. */
  ['CANCELED', 'CANCELED'],
  /** Documented as unused: the cancel is on its way. */
  ['PENDING_CANCEL', 'PENDING_CANCEL'],
  /** Not accepted by the engine. */
  ['REJECTED', 'REJECTED'],
  /** Ended by its own rules (IOC, FOK, no liquidity, liquidation of the account, trigger without room). */
  ['EXPIRED', 'EXPIRED'],
  /** Ended by self-trade prevention; the backend does not know the word and would keep the order open. */
  ['EXPIRED_IN_MATCH', 'EXPIRED'],
]);

/** Liquidation orders taken by the insurance fund or by counterparties; gone from the current docs. */
const TAKEN_OVER: ReadonlySet<string> = new Set(['NEW_INSURANCE', 'NEW_ADL']);

/** `filled` and `quantity` are amounts. */
export function statusOf(word: unknown, filled: string, quantity: string): OrderStatus | undefined {
  if (typeof word !== 'string') return undefined;
  if (!TAKEN_OVER.has(word)) return STATUSES.get(word);
  return isPositive(filled) && compare(filled, quantity) === 0 ? 'FILLED' : 'NEW';
}

const PLAIN_WORD = /^[A-Za-z_]{1,32}$/;

/** For the note of an unknown status: the word itself where it is harmless. */
export function statusNote(word: unknown): string {
  const shown = typeof word === 'string' && PLAIN_WORD.test(word) ? ` ${word}` : '';
  return `unknown order status${shown}`;
}
