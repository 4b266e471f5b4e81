import type { Heartbeat } from '../kit';
import type { BinanceExchange } from './symbols';

/** `served`: speaks the streams of `accepts`. `silent`: connects, then nothing, not even acks. */
export interface StreamRoot {
  /** Path before `/ws` and `/stream`; `` for the plain one. */
  readonly path: string;
  readonly kind: 'market' | 'public' | 'silent';
}

/** Facts of one Binance market, all from its public documentation. */
export interface BinanceMarket {
  readonly exchange: BinanceExchange;
  readonly stream: string;
  readonly roots: readonly StreamRoot[];
  readonly rest: string;
  readonly restPath: string;
  readonly isFutures: boolean;
  /** `st` of its items in the merged futures arrays. */
  readonly product?: 1 | 2;
  /** All-market ticker streams that still send. */
  readonly arrays: readonly ('!miniTicker@arr' | '!ticker@arr')[];
  readonly messagesPerSecond: number;
  readonly heartbeat: Heartbeat;
  readonly klinePushMs: number;
  readonly weightPerMinute: number;
  readonly mostBars: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const SLOW_PING: Heartbeat = { kind: 'serverPing', everyMs: 3 * MINUTE, deadlineMs: 10 * MINUTE };
const PLAIN: readonly StreamRoot[] = [{ path: '', kind: 'market' }];

const FUTURES = {
  isFutures: true,
  arrays: ['!miniTicker@arr', '!ticker@arr'],
  messagesPerSecond: 10,
  heartbeat: SLOW_PING,
  klinePushMs: 250,
  weightPerMinute: 2_400,
  mostBars: 1_500,
} as const;

/**
 * https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams
 * https://developers.binance.com/docs/derivatives/coin-margined-futures/websocket-market-streams
 * https://github.com/binance-us/binance-us-api-docs/blob/master/web-socket-streams.md
 */
export const BINANCE_MARKETS: readonly BinanceMarket[] = [
  {
    exchange: 'binance',
    stream: 'wss://stream.binance.com:9443',
    roots: PLAIN,
    rest: 'https://api.binance.com',
    restPath: '/api/v3',
    isFutures: false,
    // `!ticker@arr` was retired on 2026-03-26; subscribing to it is still acknowledged.
    arrays: ['!miniTicker@arr'],
    messagesPerSecond: 5,
    heartbeat: { kind: 'serverPing', everyMs: 20 * SECOND, deadlineMs: MINUTE },
    klinePushMs: 2 * SECOND,
    weightPerMinute: 6_000,
    mostBars: 1_000,
  },
  {
    ...FUTURES,
    exchange: 'binanceUsdm',
    stream: 'wss://fstream.binance.com',
    roots: [
      { path: '/market', kind: 'market' },
      { path: '/public', kind: 'public' },
      // Retired on 2026-04-23.
      { path: '', kind: 'silent' },
    ],
    rest: 'https://fapi.binance.com',
    restPath: '/fapi/v1',
    product: 1,
  },
  {
    ...FUTURES,
    exchange: 'binanceCoinm',
    stream: 'wss://dstream.binance.com',
    roots: PLAIN,
    rest: 'https://dapi.binance.com',
    restPath: '/dapi/v1',
    product: 2,
  },
  {
    exchange: 'binanceUS',
    stream: 'wss://stream.binance.us:9443',
    roots: PLAIN,
    rest: 'https://api.binance.us',
    restPath: '/api/v3',
    isFutures: false,
    arrays: ['!miniTicker@arr', '!ticker@arr'],
    messagesPerSecond: 5,
    heartbeat: SLOW_PING,
    klinePushMs: 2 * SECOND,
    weightPerMinute: 1_200,
    mostBars: 1_000,
  },
];

/** Everywhere. */
export const STREAMS_PER_CONNECTION = 1_024;
export const LIFE_MS = 24 * 60 * MINUTE;
/** Per IP; documented for spot and US, taken for futures too. */
export const DIALS = [{ count: 300, perMs: 5 * MINUTE }] as const;
/** Undocumented: longer frames stay unanswered (binance/binance-connector-rust#27). */
export const REQUEST_BYTES = 4_088;
