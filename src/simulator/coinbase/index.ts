import { z } from 'zod';
import type { SimAccount, SimConnection, VenueHost, VenueSimulator } from '../kit';
import { order } from '../kit';
import type { FeedOptions } from './feed';
import { Feed } from './feed';
import { booksOf } from './products';
import { REST_URL, restRoutes } from './rest';
import type { SessionRules } from './link';
import { sharedMessages } from './link';
import { OrderStates } from './order-states';
import { UserStreams } from './private';
import { KeyRing } from './private-keys';
import { privateRoutes } from './private-rest';
import type { SessionDeps } from './session';
import { PublicSession } from './session';

const STREAM_URL = 'wss://advanced-trade-ws.coinbase.com';
const USER_STREAM_URL = 'wss://advanced-trade-ws-user.coinbase.com';
const EXCHANGE = 'coinbase';
/** New connections per IP; the kit counts them by origin. */
const DIALS = [{ count: 8, perMs: 1_000 }];

interface AccountOptions {
  /** Most rows of a page of a signed list, whatever was asked for. */
  readonly pageRows: number;
  /** Orders of REST have `last_update_time`; not every answer of the venue does. */
  readonly tellsUpdates: boolean;
}

type Rules = FeedOptions & SessionRules & AccountOptions;

const DEFAULTS: Rules = {
  tickerMs: 500,
  candleMs: 1_000,
  tradesMs: 250,
  heartbeatMs: 1_000,
  firstSubscribeMs: 5_000,
  quietMs: 75_000,
  pageRows: 250,
  tellsUpdates: true,
};

export type CoinbaseOptions = Partial<Rules>;

export interface CoinbaseSimulator extends VenueSimulator {
  /** Loses frames on the way to every client (numbers are missing); the number of clients. */
  skip(count?: number): number;
  /** Tells an open order in a word of the venue's own (`QUEUED`, `CANCEL_QUEUED`, ...), until it ends. */
  mark(account: SimAccount, orderId: string, status: string): void;
  /** The venue forgets an order: no list and no look finds it. */
  forget(orderId: string): void;
}

/**
 * Coinbase Advanced Trade: public channels, user channel and REST. The venue announces no maintenance.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-rate-limits
 */
export function simulateCoinbase(host: VenueHost, options: CoinbaseOptions = {}): CoinbaseSimulator {
  const { server, clock, accounts } = host;
  const now = (): number => host.venueClock.now();
  const rules = { ...DEFAULTS, ...options };
  const model = host.market(EXCHANGE, booksOf(host.symbolCount));
  const feed = new Feed(model, clock, rules);
  const deps: SessionDeps = { feed, clock, rules, messages: sharedMessages() };
  const { violations } = server;
  const keys = new KeyRing({
    ...{ accounts, now },
    onMisuse: (rule, detail) => violations.add({ rule, origin: USER_STREAM_URL, at: clock.now(), detail }),
  });
  const states = new OrderStates();
  const users = new UserStreams({ ...deps, accounts, states, keys, now, heartbeatMs: rules.heartbeatMs });
  server.add({
    url: STREAM_URL,
    ws: [{ path: '/', open: (connection: SimConnection) => new PublicSession(connection, deps) }],
    limits: { dials: DIALS },
  });
  server.add({ url: USER_STREAM_URL, ws: [users.route()], limits: { dials: DIALS } });
  server.add({
    url: REST_URL,
    http: [
      ...restRoutes({ model, clock, violations }),
      ...privateRoutes({ keys, states, clock, violations, ...rules }),
    ],
  });
  const skip = (count = 1): number => feed.skip(count) + users.skip(count);
  const schema = z.object({ count: z.number().int().positive().max(1_000).default(1) }).strict();
  server.addControl(order('/coinbase/skip', schema, ({ count }) => ({ clients: skip(count) })));
  return {
    markets: { [EXCHANGE]: model },
    load: (_exchange, load) => feed.load(load),
    skip,
    mark: (account, orderId, status) => users.mark(account, orderId, status),
    forget: (orderId) => states.forget(orderId),
    stop: () => {
      users.stop();
      feed.stop();
    },
  };
}
