import { z } from 'zod';
import type { SimConnection, VenueHost, VenueSimulator } from '../kit';
import { order } from '../kit';
import type { FeedOptions } from './feed';
import { Feed } from './feed';
import { booksOf } from './products';
import { REST_URL, restRoutes } from './rest';
import type { SessionDeps, SessionRules } from './session';
import { PublicSession, sharedMessages } from './session';

const STREAM_URL = 'wss://advanced-trade-ws.coinbase.com';
const EXCHANGE = 'coinbase';

const DEFAULTS: FeedOptions & SessionRules = {
  tickerMs: 500,
  candleMs: 1_000,
  tradesMs: 250,
  heartbeatMs: 1_000,
  firstSubscribeMs: 5_000,
  quietMs: 75_000,
};

export type CoinbaseOptions = Partial<FeedOptions & SessionRules>;

export interface CoinbaseSimulator extends VenueSimulator {
  /** Loses frames on the way to every client (numbers are missing); the number of clients. */
  skip(count?: number): number;
}

/**
 * Coinbase Advanced Trade: public channels and REST. The venue announces no maintenance.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-rate-limits
 */
export function simulateCoinbase(host: VenueHost, options: CoinbaseOptions = {}): CoinbaseSimulator {
  const { server, clock } = host;
  const rules = { ...DEFAULTS, ...options };
  const model = host.market(EXCHANGE, booksOf(host.symbolCount));
  const feed = new Feed(model, clock, rules);
  const deps: SessionDeps = { feed, clock, rules, messages: sharedMessages() };
  server.add({
    url: STREAM_URL,
    ws: [{ path: '/', open: (connection: SimConnection) => new PublicSession(connection, deps) }],
    limits: { dials: [{ count: 8, perMs: 1_000 }] },
  });
  server.add({ url: REST_URL, http: restRoutes({ model, clock, violations: server.violations }) });
  const schema = z.object({ count: z.number().int().positive().max(1_000).default(1) }).strict();
  server.addControl(order('/coinbase/skip', schema, ({ count }) => ({ clients: feed.skip(count) })));
  return {
    markets: { [EXCHANGE]: model },
    load: (_exchange, load) => feed.load(load),
    skip: (count = 1) => feed.skip(count),
    stop: () => feed.stop(),
  };
}
