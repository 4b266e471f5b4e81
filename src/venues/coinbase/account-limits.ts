import type { AccountRestRules, LinkRules } from '../contract';
import { LINKS } from './limits';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Account streams dial from the IP of the public ones: the rest of its 8 connections per second. */
export const ACCOUNT_LINK: LinkRules = {
  ...LINKS.ticker,
  /** One user channel: several on one socket replace each other. */
  topicsPerConnection: 1,
  topicsPerRequest: 1,
  dials: [{ count: 2, perMs: SECOND }],
  /** Signed messages are not counted with the public ones. */
  outgoing: { count: 2, perMs: SECOND },
  /** The ack lists the user. */
  ackConfirms: true,
  /** No order, no frame but heartbeats: they and pongs prove such a connection alive. */
  silence: { floorMs: Infinity, capMs: Infinity },
};

/**
 * 30 signed calls per second and user, 10 unsigned ones per second and IP, and 10,000 per hour and key:
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api
 * https://docs.cdp.coinbase.com/coinbase-app/api-architecture/rate-limiting
 * Half of each, as the user's other tools count along. For signed calls no limit by IP is documented: what one
 * user may ask for is what we think decent for all of ours, and by the weight below at most 5 unsigned calls are
 * among them.
 */
export const ACCOUNT_REST: AccountRestRules = {
  perIp: [{ count: 30, perMs: SECOND }],
  perAccount: [
    { count: 15, perMs: SECOND },
    // 4,800 per hour, in windows short enough that a long look is delayed by minutes at most.
    { count: 400, perMs: 5 * MINUTE },
  ],
};

/** Every call counts for one with the venue, but unsigned ones in a narrower count, shared with the price process. */
export const UNSIGNED_WEIGHT = 6;

/** No channel carries spot balances. The ledger may settle up to about a second after the order's last row. */
export const POLLED_BALANCES = { everyMs: MINUTE, afterOrderMs: 2 * SECOND };
