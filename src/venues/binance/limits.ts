/**
 * Binance's documented limits, with our margins. Sources:
 * SPOT https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
 * DER  https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Connect
 * US   https://github.com/binance-us/binance-us-api-docs/blob/master/web-socket-streams.md
 */
import type { MarketKind } from '../../domain/exchange';
import type { Heartbeat, LinkRules, PublicRestRules, Rate } from '../contract';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const KIB = 1_024;
const MIB = 1_024 * KIB;

/** 300 attempts per IP and 5 min (SPOT, US): a total loss of 50 sockets stays far below it. */
const DIALS: readonly Rate[] = [
  { count: 1, perMs: SECOND },
  { count: 60, perMs: 5 * MINUTE },
];

/**
 * The venue pings by itself (SPOT 20 s; DER, US 3 min), which `ws` answers. Ours finds a dead link
 * sooner; it counts as one of the incoming messages.
 */
const HEARTBEAT: Heartbeat = { via: 'protocol', everyMs: 30 * SECOND, timeoutMs: 15 * SECOND };

const SHARED = {
  /** 1024 streams per connection (SPOT, DER, US); small shards keep replays cheap. */
  topicsPerConnection: 200,
  /** 80 streams of a 30 character symbol stay below the frame limit. */
  topicsPerRequest: 80,
  /**
   * Undocumented: frames above 4,088 bytes (4,096 with the frame header) stay unanswered.
   * https://github.com/binance/binance-connector-rust/issues/27
   */
  requestBytes: 4_000,
  dials: DIALS,
  heartbeat: HEARTBEAT,
  /** Every connection ends at 24 h (SPOT, DER, US); a random age keeps sockets from ending in step. */
  rotateAfterMs: [22.5 * HOUR, 23.5 * HOUR],
  /** Unknown stream names are acknowledged like real ones. */
  ackConfirms: false,
  ackTimeoutMs: 10 * SECOND,
} as const;

/**
 * 5 incoming messages per second, pings and pongs included (SPOT, US). Closed above about 4/s in
 * practice (knowm/XChange#4468); one is left for the pong that answers the venue's ping.
 */
const SPOT_PACE = { outgoing: { count: 3, perMs: SECOND }, requests: { count: 2, perMs: SECOND } };

/** 10 incoming messages per second (DER). */
const FUTURES_PACE = { outgoing: { count: 7, perMs: SECOND }, requests: { count: 5, perMs: SECOND } };

/** All-ticker arrays come every second: about 150 (mini) or 350 (full) bytes per symbol. */
const TICKERS = { frameBytes: 8 * MIB, silence: { floorMs: 13 * SECOND, capMs: MINUTE } };
/** Klines follow trades (SPOT every 2 s, DER 250 ms at most): a few thin symbols may pause. */
const CANDLES = { frameBytes: 256 * KIB, silence: { floorMs: 30 * SECOND, capMs: 5 * MINUTE } };

export const SPOT_LINKS: Readonly<Record<'ticker' | 'candle', LinkRules>> = {
  ticker: { ...SHARED, ...SPOT_PACE, ...TICKERS },
  candle: { ...SHARED, ...SPOT_PACE, ...CANDLES },
};

export const FUTURES_LINKS: Readonly<Record<'ticker' | 'candle', LinkRules>> = {
  ticker: { ...SHARED, ...FUTURES_PACE, ...TICKERS },
  candle: { ...SHARED, ...FUTURES_PACE, ...CANDLES },
};

/** binance.us trades thinly: minutes without a changed symbol are normal at night. */
export const US_LINKS: Readonly<Record<'ticker' | 'candle', LinkRules>> = {
  ticker: { ...SPOT_LINKS.ticker, silence: { floorMs: MINUTE, capMs: 5 * MINUTE } },
  candle: { ...SPOT_LINKS.candle, silence: { floorMs: 2 * MINUTE, capMs: 30 * MINUTE } },
};

/**
 * Request weight counts by IP and minute: 6,000 on spot, 2,400 on futures with USD-M and COIN-M together, 1,200
 * at binance.us (`account-limits.ts` names the pages). Half of each is left to account streams of this address;
 * a tenth stays free for whatever else lives on it.
 */
function publicRest(countedAs: string, weightPerMinute: number): PublicRestRules {
  return { countedAs, rates: [{ count: weightPerMinute * 0.4, perMs: MINUTE }] };
}

export const SPOT_PUBLIC_REST = publicRest('spot', 6_000);
export const FUTURES_PUBLIC_REST = publicRest('futures', 2_400);
export const US_PUBLIC_REST = publicRest('us', 1_200);

/** Of `exchangeInfo`; futures 1. */
export function listWeight(kind: MarketKind): number {
  return kind === 'spot' ? 20 : 1;
}

/**
 * Of `klines`: 2 on spot whatever is asked for, by `limit` on futures.
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api/Kline-Candlestick-Data
 */
export function klinesWeight(kind: MarketKind, limit: number): number {
  if (kind === 'spot') return 2;
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1_000 ? 5 : 10;
}
