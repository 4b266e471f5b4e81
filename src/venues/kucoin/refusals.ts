import type { Retry } from '../../domain/errors';
import type { RefusalCause } from '../contract';

export interface Consequence {
  readonly retry: Retry;
  readonly cause: RefusalCause;
}

const CREDENTIALS: Consequence = { retry: 'never', cause: 'credentials' };

/**
 * Codes that speak of the key or the signature.
 * https://www.kucoin.com/docs-new/error-code (400001 - 400008)
 */
const CONSEQUENCES: ReadonlyMap<string, Consequence> = new Map([
  ['400001', CREDENTIALS], // a header is missing
  ['400002', { retry: 'backoff', cause: 'clock' }], // timestamp off by more than 5 s
  ['400003', CREDENTIALS], // unknown key
  ['400004', CREDENTIALS], // wrong passphrase
  ['400005', CREDENTIALS], // wrong signature
  ['400006', { retry: 'never', cause: 'ip' }], // address not on the key's list
  ['400007', { retry: 'never', cause: 'permission' }], // the key may not do this
  ['400008', CREDENTIALS], // key of another version
  ['411100', { retry: 'never', cause: 'permission' }], // user frozen
]);

/** What follows from a refused key or signature; undefined: the code speaks of something else. */
export function authConsequence(code: string | undefined): Consequence | undefined {
  return code === undefined ? undefined : CONSEQUENCES.get(code);
}

/** Codes that mean other things as well: the words decide. Seen: `order not exist.`, `error.getOrder.orderNotExist`. */
const ABSENT_CODES: ReadonlySet<string> = new Set(['400100', '100001', '404000']);
const ABSENT_WORDS = /order[ _.]?(?:does )?not[ _.]?exist/i;

/** The venue does not know the order: it never had it, or has forgotten it, or does not find it yet. */
export function isNoSuchOrder(code: string, words: string): boolean {
  return ABSENT_CODES.has(code) && ABSENT_WORDS.test(words);
}
