import type { LinkRules } from '../contract';
import { LINKS } from './limits';

const SECOND = 1_000;

/** Account streams dial from the IP of the public ones: the rest of its 8 connections per second. */
export const ACCOUNT_LINK: LinkRules = {
  ...LINKS.ticker,
  /** One user channel: several on one socket replace each other. */
  topicsPerConnection: 1,
  topicsPerRequest: 1,
  dials: [{ count: 2, perMs: SECOND }],
  /** The ack lists the user. */
  ackConfirms: true,
  /** No order, no frame but heartbeats: they and pongs prove such a connection alive. */
  silence: { floorMs: Infinity, capMs: Infinity },
};
