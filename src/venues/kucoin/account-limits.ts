import type { MarketKind } from '../../domain/exchange';
import type { AccountRestRules, LinkRules } from '../contract';
import { linksOf } from './limits';

const SECOND = 1_000;

/** Private connections share the rules of public ones; token and connection end at 24 h. */
export function accountLinkOf(kind: MarketKind): LinkRules {
  return {
    ...linksOf(kind).candle,
    /** Orders, balances, positions of contracts. */
    topicsPerConnection: 3,
    topicsPerRequest: 1,
    /** A quiet account sends no data, and private topics have no symbol that could be wrong: 403, 404 are told. */
    ackConfirms: true,
    /** No order, no frame: only pongs prove such a connection alive. */
    silence: { floorMs: Infinity, capMs: Infinity },
  };
}

/**
 * Weights of REST calls by what is asked for, as each endpoint's page tells them; that of tokens is not
 * there today, and taken from older pages. https://www.kucoin.com/docs-new/rate-limit
 */
export const WEIGHTS = {
  time: 3,
  token: 10,
  // Spot.
  'symbols of orders': 2,
  'open orders': 2,
  'done orders': 2,
  'spot order': 2,
  ledger: 2,
  'spot balances': 5,
  // Futures.
  orders: 2,
  'recent orders': 5,
  'futures order': 5,
  fills: 5,
  'recent fills': 3,
  'futures balances': 5,
} as const;

/**
 * Private calls are counted per user and pool: 4,000 (spot), 2,000 (futures), 2,000 (management: balances
 * of spot) per 30 s on the lowest level. Ours is half of the smaller of each host's. By IP only public calls
 * are counted, 2,000 per 30 s, of which accounts ask the time alone; what all accounts of the process do
 * together is bounded all the same, as the firewall counts whatever it likes.
 * https://www.kucoin.com/docs-new/rate-limit
 */
export const ACCOUNT_REST: AccountRestRules = {
  perIp: [{ count: 2_000, perMs: 30 * SECOND }],
  perAccount: [{ count: 1_000, perMs: 30 * SECOND }],
};
