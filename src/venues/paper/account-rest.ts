import type { Account, AccountRest, AccountRestDeps } from '../contract';

/**
 * The server has no list of orders for us: what was missed is looked up by the bots themselves, once they
 * hear that the stream is back.
 */
export function connectAccount(_account: Account, { venueNow }: AccountRestDeps): AccountRest {
  return {
    // Nothing is signed, so that no clock matters.
    serverTime: () => Promise.resolve(venueNow()),
    snapshot: () =>
      Promise.resolve({ orders: [], incomplete: 'the paper trading server lists no orders for us' }),
  };
}
