/**
 * Bitget's documented limits, with our margins.
 * Source: https://www.bitget.com/api-doc/common/websocket-intro
 */
import type { LinkRules } from '../contract';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const SHARED = {
  /**
   * Documented: 1,000 at most, fewer than 50 advised, which would take 25 sockets for the spot pairs.
   * Whether the 240 requests per hour count messages or their args is not documented: the topics of one
   * connection stay below that number, so that a whole replay is within it by either reading.
   */
  topicsPerConnection: 200,
  /** 40 candle args with ids of 30 characters stay below the frame limit. */
  topicsPerRequest: 40,
  /** Documented: 4,096 bytes per request. */
  requestBytes: 4_000,
  /** Documented: 10 messages per second, pings included, or the connection is closed. */
  outgoing: { count: 2, perMs: SECOND },
  /** Documented: 240 subscription requests per hour and connection. */
  requests: { count: 200, perMs: HOUR },
  /**
   * Documented: 300 connection requests per IP and 5 min. A third of it, as the process of the account
   * streams dials the same host from the same IP.
   */
  dials: [
    { count: 2, perMs: SECOND },
    { count: 100, perMs: 5 * MINUTE },
  ],
  /** Documented: a ping every 30 s; the server closes 30 s (older text) to 2 min after the last one. */
  heartbeat: { via: 'frame', everyMs: 25 * SECOND, timeoutMs: 10 * SECOND },
  /** Every connection ends at 24 h; a random age keeps sockets from ending in step. */
  rotateAfterMs: [22.5 * HOUR, 23.5 * HOUR],
  /** A wrong topic is refused, so an ack is the venue's word. */
  ackConfirms: true,
  ackTimeoutMs: 10 * SECOND,
  /** The first frame of a candle topic holds history: about 1,000 rows of 100 bytes in old recordings. */
  frameBytes: 1_024 * 1_024,
} as const;

export const LINKS: Readonly<Record<'ticker' | 'candle', LinkRules>> = {
  /** Every 300 to 400 ms while something changes; thin symbols pause for minutes. */
  ticker: { ...SHARED, silence: { floorMs: 13 * SECOND, capMs: 2 * MINUTE } },
  /** Every 500 ms to 1 s while there are trades, else once per bar at best. */
  candle: { ...SHARED, silence: { floorMs: 90 * SECOND, capMs: 5 * MINUTE } },
};
