import type { ExchangeId, MarketKind } from '../../domain/exchange';
import type { AccountRestRules, LinkRules, MarketDescriptor, VenueAdapter } from '../contract';
import { connectAccount } from './account-rest';
import { misplaced, PRIVATE_PATH } from './hosts';
import { INTERVAL_NAMES, NATIVE_INTERVALS } from './intervals';
import { privateCodec } from './private';
import { privateSession } from './private-session';
import type { PublicState } from './public';
import { publicCodec } from './public';
import { connectRest } from './rest';
import { publicSession } from './session';

const TOPICS = 300;

/**
 * By IP 600 requests per 5 s over all hosts and kinds, on pain of ten minutes of silence: half of it, as the
 * process of the prices asks from the same IP. By user 50 per second and path; the backend trades with the
 * same key and a look asks one path after the other, so that all of them together get less than half of one.
 * https://bybit-exchange.github.io/docs/v5/rate-limit
 */
const ACCOUNT_REST: AccountRestRules = {
  perIp: [{ count: 300, perMs: 5_000 }],
  perAccount: [{ count: 20, perMs: 1_000 }],
};

/**
 * Bybit V5: spot, linear (USDT and USDC) and inverse contracts, one public socket per category.
 *
 * These sockets announce nothing before they close. `system.status` has a socket of its own and speaks of the
 * platform's maintenance, not of one connection: a successor would end with its predecessor, and what is closed
 * for less than 10 s, as releases do, is not told there. So nobody listens to it; what an outage hides is read
 * by REST. https://bybit-exchange.github.io/docs/v5/websocket/system/system-status
 */
export const bybit: VenueAdapter<PublicState> = {
  descriptor: {
    venue: 'bybit',
    closedCandlesOnly: true,
    markets: [market('bybit', 'spot'), market('bybitLinear', 'linear'), market('bybitInverse', 'inverse')],
    intervalNames: INTERVAL_NAMES,
  },
  publicFeed: { session: publicSession, codec: publicCodec },
  accountFeed: { session: privateSession, codec: privateCodec, misplaced },
  connectRest,
  connectAccount,
};

function market(exchange: ExchangeId, kind: MarketKind): MarketDescriptor {
  const stream = `wss://stream.bybit.com/v5/public/${kind}`;
  const rules = linkRules(kind);
  return {
    exchange,
    kind,
    selector: 'bybit',
    endpoints: {
      ticker: stream,
      candle: stream,
      rest: 'https://api.bybit.com',
      account: `wss://stream.bybit.com${PRIVATE_PATH}`,
    },
    intervals: NATIVE_INTERVALS,
    accountRest: ACCOUNT_REST,
    links: {
      // Tickers come at most every 50 ms (spot) and 100 ms (contracts): a busy connection.
      ticker: { ...rules, silence: { floorMs: 13_000, capMs: 120_000 } },
      // Klines come every 1 to 60 s: https://bybit-exchange.github.io/docs/v5/websocket/public/kline
      candle: { ...rules, silence: { floorMs: 90_000, capMs: 300_000 } },
      account: {
        ...rules,
        // The same budget of dials, evenly spread: all accounts come at once after a restart.
        dials: [
          { count: 250, perMs: 300_000 },
          { count: 1, perMs: 650 },
        ],
        // A quiet account says nothing for hours; the pong is the life sign.
        silence: { floorMs: Infinity, capMs: Infinity },
        // A wallet of every coin has about 300 KB.
        frameBytes: 4 * 1_024 * 1_024,
      },
    },
  };
}

/** Limits: https://bybit-exchange.github.io/docs/v5/ws/connect */
function linkRules(kind: MarketKind): Omit<LinkRules, 'silence'> {
  return {
    // No count is documented; moderate shards keep a loss small and its replay cheap.
    topicsPerConnection: TOPICS,
    // Documented: 21,000 characters of args per connection, in all categories. We stay at 18,000,
    // the quotes and the comma of each topic counted.
    topicBytesPerConnection: 18_000 - 3 * TOPICS,
    // Documented for spot: at most 10 args. Elsewhere no count is given; one unknown topic fails its
    // whole request, so requests are kept moderate.
    topicsPerRequest: kind === 'spot' ? 10 : 100,
    requestBytes: 18_000,
    // No rate is documented; 20 requests per second have proven harmless.
    outgoing: { count: 20, perMs: 1_000 },
    // Documented: 500 connections per 5 minutes, IP and domain. Half of it, as the process of the
    // account streams dials the same host from the same IP.
    dials: [
      { count: 250, perMs: 300_000 },
      { count: 2, perMs: 1_000 },
    ],
    // Recommended: a ping every 20 s. The venue does not ping by itself.
    heartbeat: { via: 'frame', everyMs: 20_000, timeoutMs: 10_000 },
    // An unknown topic is refused, so an ack is the venue's word.
    ackConfirms: true,
    ackTimeoutMs: 10_000,
    // The largest known frame, a two-row kline, has less than 1 KB.
    frameBytes: 256 * 1_024,
  };
}
