/**
 * KuCoin's documented limits, with our margins. Sources:
 * OLD https://docs.kucoin.com/#request-rate-limit (WebSocket part)
 * NEW https://www.kucoin.com/docs-new/rate-limit and https://www.kucoin.com/docs-new/websocket-api/base-info/introduction
 */
import type { MarketKind } from '../../domain/exchange';
import type { LinkRules } from '../contract';
import { ALL_TICKERS } from './topics';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const KIB = 1_024;

const SHARED = {
  /** 100 topics per request, every symbol of a comma list counts (OLD, NEW). */
  topicsPerRequest: 100,
  /** No limit is documented; 100 topics of a 30 character symbol make 4 KB. */
  requestBytes: 8 * KIB,
  /** 100 messages per 10 s and connection (OLD), pings included. */
  outgoing: { count: 60, perMs: 10 * SECOND },
  requests: { count: 1, perMs: 300 },
  /** 30 new connections per minute (OLD), for spot and futures together: each host gets half. */
  dials: [
    { count: 1, perMs: 2.5 * SECOND },
    { count: 14, perMs: MINUTE },
  ],
  /**
   * A JSON ping each `pingInterval` of the token's answer (18 s; we use half of it); without one the
   * server hangs up after about a minute, whatever data flows. A pong takes 10 s at most (NEW).
   */
  heartbeat: { via: 'frame', everyMs: 9 * SECOND, timeoutMs: 10 * SECOND },
  /** Token and connection end at 24 h (NEW). */
  rotateAfterMs: [22.5 * HOUR, 23.5 * HOUR],
  /** Spot acknowledges unknown symbols and intervals, and stays silent. */
  ackConfirms: false,
  ackTimeoutMs: 10 * SECOND,
  /** The largest known frame, a spot snapshot, has 2 KB. */
  frameBytes: 256 * KIB,
} as const;

/**
 * Spot: every change of the best price of any symbol. Contracts: a snapshot of each every 5 s.
 * Candles follow trades: thin symbols pause for long, and the link itself is judged by its pongs.
 */
const TICKER_SILENCE = { floorMs: 13 * SECOND, capMs: MINUTE };
const CANDLE_SILENCE = { floorMs: 90 * SECOND, capMs: 10 * MINUTE };

/** 400 topics per connection of late, 300 before (OLD): https://github.com/Kucoin/kucoin-api-docs/issues/389 */
const SPOT_TOPICS = 280;
/** Unlimited on futures (OLD); moderate shards keep replays cheap. */
const FUTURES_TOPICS = 500;

export function linksOf(kind: MarketKind): Readonly<Record<'ticker' | 'candle', LinkRules>> {
  const topics = kind === 'spot' ? SPOT_TOPICS : FUTURES_TOPICS;
  return {
    // One ticker of a contract is two topics of the venue.
    ticker: {
      ...SHARED,
      topicsPerConnection: kind === 'spot' ? topics : topics / 2,
      // The snapshots of areas go on while the topic of all prices is dead: an ack proves nothing here.
      silence: kind === 'spot' ? { ...TICKER_SILENCE, pulse: ALL_TICKERS } : TICKER_SILENCE,
    },
    candle: { ...SHARED, topicsPerConnection: topics, silence: CANDLE_SILENCE },
  };
}
