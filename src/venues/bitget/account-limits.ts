import type { LinkRules } from '../contract';
import { LINKS } from './limits';

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
