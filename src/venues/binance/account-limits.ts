import type { LinkRules, Rate } from '../contract';
import { FUTURES_LINKS, SPOT_LINKS } from './limits';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const MIB = 1_024 * 1_024;

/**
 * 300 attempts per IP and 5 min, on the WebSocket API as on the streams
 * (https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#general-api-information).
 * Every account has a socket of its own, so that a restart dials many; a third stays free for other
 * processes of this address.
 */
const DIALS: readonly Rate[] = [
  { count: 3, perMs: SECOND },
  { count: 200, perMs: 5 * MINUTE },
];

const ACCOUNT = {
  topicsPerConnection: 1,
  topicsPerRequest: 1,
  dials: DIALS,
  /** A quiet account proves nothing. */
  silence: { floorMs: Infinity, capMs: Infinity },
  /** The answer to the signed subscription is the venue's word; listen keys need none. */
  ackConfirms: true,
  /** Balances of an account that holds every asset. */
  frameBytes: 4 * MIB,
} as const;

export const SPOT_ACCOUNT_LINK: LinkRules = { ...SPOT_LINKS.candle, ...ACCOUNT };
export const FUTURES_ACCOUNT_LINK: LinkRules = { ...FUTURES_LINKS.candle, ...ACCOUNT };
