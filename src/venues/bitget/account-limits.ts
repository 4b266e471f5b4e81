import type { AccountRestRules, LinkRules } from '../contract';
import { LINKS } from './limits';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/**
 * The private stream is under the same documented limits as the public one; the documents of the unified
 * API repeat them. An IP may hold 100 connections at once: so many accounts fit behind one address.
 * https://www.bitget.com/api-doc/common/websocket-intro
 */
export const ACCOUNT_LINK: LinkRules = {
  ...LINKS.ticker,
  /** Documented: fewer than 50 are advised. An account has four at most. */
  topicsPerConnection: 50,
  topicsPerRequest: 10,
  /** A quiet account says nothing for days: only missing pongs prove a dead link. */
  silence: { floorMs: Infinity, capMs: Infinity },
  /** Each topic is acked or refused by name. */
  ackConfirms: true,
};

/**
 * Weights of the calls that we make. Bitget counts each path by itself, signed ones by user: the weights put
 * them on one scale, on which 20 in a second stay within every documented rate, whatever is asked.
 * https://www.bitget.com/api-doc/common/intro (rate limits), and at each path.
 */
export const WEIGHT = {
  /** 20 in a second: orders of spot and of unified accounts, assets of unified ones. */
  light: 1,
  /** 10 in a second: orders and accounts of contracts, assets of spot. */
  heavy: 2,
  /** 20 in a second by IP. */
  time: 4,
} as const;

export const ACCOUNT_REST: AccountRestRules = {
  /** Documented: 6,000 in a minute and IP, of which other processes behind it want their share. */
  perIp: [
    { count: 40, perMs: SECOND },
    { count: 2_400, perMs: MINUTE },
  ],
  /** Half of it, as the user's own programs are counted along. */
  perAccount: [{ count: 10, perMs: SECOND }],
};
