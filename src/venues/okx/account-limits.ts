import type { AccountRestRules, LinkRules } from '../contract';
import { LINKS } from './limits';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
const MIB = 1_024 * 1_024;

/** Private connections share the rules of public ones: https://www.okx.com/docs-v5/en/#overview-websocket-connect */
export const ACCOUNT_LINK: LinkRules = {
  ...LINKS.ticker,
  /** Two of the three in a second; public connections use the third. */
  dials: [{ count: 1, perMs: 0.75 * SECOND }],
  /** Orders of two types, and balances. */
  topicsPerConnection: 3,
  topicsPerRequest: 3,
  /** A wrong topic is refused. Too many connections of the account are told after the ack, as a refusal. */
  ackConfirms: true,
  /**
   * A key without bound addresses expires after 14 days without use, and on a socket only the login is
   * use (https://www.okx.com/docs-v5/en/#overview, creation of keys): log in anew in time.
   */
  rotateAfterMs: [5 * DAY, 7 * DAY],
  /** No order, no frame: only pongs prove such a connection alive. */
  silence: { floorMs: Infinity, capMs: Infinity },
  /** The snapshot of balances has less than 1 KB per currency, and is paged. */
  frameBytes: 4 * MIB,
};

/**
 * Weights of the calls that we make. OKX counts each endpoint by itself, signed ones by user: the weights put
 * them on one scale, on which 60 in 2 s stay within every documented rate, whatever is asked.
 * https://www.okx.com/docs-v5/en/#overview-rate-limits, and at each endpoint.
 */
export const WEIGHT = {
  /** `orders-pending`: 60 in 2 s. */
  openOrders: 1,
  /** `order`: 60 in 2 s. */
  order: 1,
  /** `orders-history`: 40 in 2 s. */
  endedOrders: 2,
  /** `orders-history-archive`: 20 in 2 s. */
  archivedOrders: 3,
  /** `account/balance`: 10 in 2 s. */
  balances: 6,
  /** `public/time`: 10 in 2 s by IP. */
  time: 20,
} as const;

/** Half of it, as the user's own programs are counted along. */
export const ACCOUNT_REST: AccountRestRules = {
  /** No rate of signed calls is documented by IP: this one keeps the clock at half of its rate. */
  perIp: [{ count: 100, perMs: 2 * SECOND }],
  perAccount: [{ count: 30, perMs: 2 * SECOND }],
};
