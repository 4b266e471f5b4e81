import type { LinkRules, PublicRestRules } from '../contract';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const KIB = 1_024;

/**
 * Limits: https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-rate-limits
 * with our margins.
 */
const SHARED = {
  /** No number is documented; chunks of 100 are in common use. */
  topicsPerRequest: 100,
  requestBytes: 16 * KIB,
  /**
   * 8 unauthenticated messages per second and IP. Nobody counts them for all connections together, so each has
   * few enough: 900 products and 300 twins with two streamed intervals are 2,400 topics, which is 5 candle
   * connections; with that of the tickers 6 in a second, and two more are left for whoever replaces one.
   */
  outgoing: { count: 1, perMs: SECOND },
  /** 8 new connections per second and IP; half of it, as the account streams dial from the same IP. */
  dials: [{ count: 4, perMs: SECOND }],
  /** Beside heartbeats, which come every second: found dead after 5 to 10 s. */
  heartbeat: { via: 'protocol', everyMs: 5 * SECOND, timeoutMs: 5 * SECOND },
  /** Acks list the products, and quiet ones have no data for hours. */
  ackConfirms: true,
  ackTimeoutMs: 10 * SECOND,
  /** A snapshot of trades or buckets has some 100 KB at most; acks list every product. */
  frameBytes: 10 * KIB * KIB,
} as const;

export const LINKS: { readonly ticker: LinkRules; readonly candle: LinkRules } = {
  ticker: {
    ...SHARED,
    // All of them (900 products, and the twins that ride along): twins stay beside their product.
    topicsPerConnection: 2_500,
    // On trades of any product.
    silence: { floorMs: 13 * SECOND, capMs: MINUTE },
  },
  candle: {
    ...SHARED,
    topicsPerConnection: 500,
    // About once a second for active products; the link itself is proven by heartbeats.
    silence: { floorMs: 90 * SECOND, capMs: 10 * MINUTE },
  },
};

/**
 * 10 unsigned calls per second and IP: https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api
 * Half of it, as account streams ask from the same address; in more than a second, as what leaves well apart may
 * arrive together.
 */
export const PUBLIC_REST: PublicRestRules = {
  countedAs: 'public',
  rates: [{ count: 5, perMs: 1.1 * SECOND }],
};
