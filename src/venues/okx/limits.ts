/**
 * OKX's documented limits, with our margins. Sources:
 * CONNECT https://www.okx.com/docs-v5/en/#overview-websocket-connect
 * SUBSCRIBE https://www.okx.com/docs-v5/en/#overview-websocket-subscribe
 */
import type { LinkRules } from '../contract';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const KIB = 1_024;

const SHARED = {
  /** The number is not published (close codes 4008 and 4009 exist): shards are kept moderate. */
  topicsPerConnection: 300,
  /** 300 args with ids of 30 characters make 22 KB. */
  topicsPerRequest: 300,
  /** 64 KB of args, or close 1009 (SUBSCRIBE). Half of it. */
  requestBytes: 32 * KIB,
  /** No short-term rate is documented. */
  outgoing: { count: 5, perMs: SECOND },
  /** 480 subscribe, unsubscribe and login requests per hour and connection (SUBSCRIBE). */
  requests: { count: 440, perMs: 60 * MINUTE },
  /**
   * 3 per second and IP (CONNECT), and the account streams dial the same host from the same IP: one of the three
   * here, two there, even where dials arrive half a second closer together than they left.
   */
  dials: [{ count: 1, perMs: 1.5 * SECOND }],
  /** Closed after 30 s without traffic (CONNECT). */
  heartbeat: { via: 'frame', everyMs: 15 * SECOND, timeoutMs: 10 * SECOND },
  /** A wrong topic is refused, so an ack is the venue's word. */
  ackConfirms: true,
  ackTimeoutMs: 10 * SECOND,
  /** The largest known frame, a ticker, has less than 1 KB. */
  frameBytes: 256 * KIB,
} as const;

export const LINKS: Readonly<Record<'ticker' | 'candle', LinkRules>> = {
  /** On a trade or a change of the best price, 100 ms apart at least; thin symbols pause for minutes. */
  ticker: { ...SHARED, silence: { floorMs: 13 * SECOND, capMs: 2 * MINUTE } },
  /** Once a second at most, while there are trades. */
  candle: { ...SHARED, silence: { floorMs: 90 * SECOND, capMs: 5 * MINUTE } },
};
