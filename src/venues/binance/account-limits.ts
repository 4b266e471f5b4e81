import type { AccountRestRules, LinkRules, Rate } from '../contract';
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

/**
 * Request weight counts by IP and minute; by account the venue counts orders only, which we do not place.
 * The price process, and whatever else lives on this address, shares the weight: half of it is ours. One
 * account may take half of that, which is more than a look at it costs: a large one does not hold up the others.
 * SPOT 6000: https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#ip-limits
 * US 1200: https://github.com/binance-us/binance-us-api-docs/blob/master/rest-api.md#ip-limits
 * DER 2400, USD-M and COIN-M together, which are two hosts:
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info
 */
function restRules(weightPerMinute: number): AccountRestRules {
  return {
    perIp: [{ count: weightPerMinute, perMs: MINUTE }],
    perAccount: [{ count: Math.floor(weightPerMinute / 2), perMs: MINUTE }],
    limitedBy: 'address',
  };
}

export const SPOT_REST = restRules(3_000);
export const FUTURES_REST: AccountRestRules = { ...restRules(1_200), countedAs: 'binance derivatives' };
export const US_REST = restRules(600);
