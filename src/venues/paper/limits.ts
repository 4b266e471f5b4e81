import type { AccountRestRules, LinkRules } from '../contract';

const SECOND = 1_000;

/** The server is the operator's own and documents no limits: these keep a mass restart from flooding it. */
export const ACCOUNT_LINK: LinkRules = {
  topicsPerConnection: 1,
  topicsPerRequest: 1,
  /** Two frames, each with a key and a secret. */
  requestBytes: 64 * 1_024,
  outgoing: { count: 20, perMs: SECOND },
  /** Each one costs two searches of its user data base. */
  dials: [{ count: 50, perMs: SECOND }],
  /** Finds a dead line soon; the server's own pings, a minute apart, find a server that only looks alive. */
  heartbeat: { via: 'protocol', everyMs: 20 * SECOND, timeoutMs: 10 * SECOND },
  /** No order, no frame but pings. */
  silence: { floorMs: Infinity, capMs: Infinity },
  ackConfirms: true,
  ackTimeoutMs: 10 * SECOND,
  frameBytes: 1 << 20,
};

/** Nothing is asked for over REST. */
export const ACCOUNT_REST: AccountRestRules = {
  perIp: [{ count: 1, perMs: SECOND }],
  perAccount: [{ count: 1, perMs: SECOND }],
};
