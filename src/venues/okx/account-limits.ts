import type { LinkRules } from '../contract';
import { LINKS } from './limits';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MIB = 1_024 * 1_024;

/** Private connections share the rules of public ones: https://www.okx.com/docs-v5/en/#overview-websocket-connect */
export const ACCOUNT_LINK: LinkRules = {
  ...LINKS.ticker,
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
