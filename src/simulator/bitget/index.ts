import type { MarketModel, SimConnection, VenueHost, VenueSimulator, Violation, WsSession } from '../kit';
import { WindowLimit } from '../kit';
import { PublicFeed, type FeedOptions, type Listed } from './feed';
import { EXCHANGES, listingsOf } from './listings';
import { PrivateFeed } from './private-feed';
import { privateRoutes } from './private-rest';
import { PrivateSession } from './private-session';
import { restRoutes } from './rest';
import { PublicSession } from './session';

export interface BitgetOptions extends Partial<FeedOptions> {
  /** A connection ends so long after its last text `ping`. Documented: 2 min. */
  readonly idleMs?: number;
  /** Age at which connections end. Documented: 24 h. */
  readonly lifeMs?: number;
  /** How far back the REST path `candles` reaches; default as documented, a month at least. */
  readonly horizonMs?: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STREAM_URL = 'wss://ws.bitget.com';
const REST_URL = 'https://api.bitget.com';
const PUBLIC_PATH = '/v2/ws/public';
/** Of classic and of unified accounts. */
const PRIVATE_PATHS = { '/v2/ws/private': false, '/v3/ws/private': true } as const;

/** https://www.bitget.com/api-doc/common/websocket-intro */
const LIMITS = {
  dials: [{ count: 300, perMs: 5 * MINUTE }],
  messages: [{ count: 10, perMs: SECOND }],
  requests: [{ count: 240, perMs: HOUR }],
  topicsPerConnection: 1_000,
  requestBytes: 4_096,
} as const;
const MOST_CONNECTIONS = 100;
/** Of one address, all REST paths together. https://www.bitget.com/api-doc/common/intro */
const ADDRESS = [{ count: 6_000, perMs: MINUTE }];

const DEFAULTS: FeedOptions = { tickerEveryMs: 400, candleEveryMs: 500, historyRows: 100 };
const POLICY_VIOLATION = 1008;

/**
 * Bitget: one stream host and one REST host for spot and all contracts, and private streams for classic
 * (V2) and unified (V3) accounts; a key with a permission `uta_..` is of a unified one. Faults name topics like
 * `SPOT/ticker/BTCUSDT` and `USDC-FUTURES/candle1m/BTCPERP`. The venue announces no maintenance on its
 * sockets: it closes them, or loses messages (`server.expire`, `server.drop`, fault `stall`).
 */
export function simulateBitget(host: VenueHost, options: BitgetOptions = {}): VenueSimulator {
  const { server, clock, venueClock, symbolCount } = host;
  const listings = EXCHANGES.map((exchange) => ({ exchange, list: listingsOf(exchange, symbolCount) }));
  const markets: Record<string, MarketModel> = {};
  const listed: Listed[] = [];
  for (const { exchange, list } of listings) {
    const model = host.market(
      exchange,
      list.map(({ spec }) => spec),
    );
    markets[exchange] = model;
    listed.push(...list.map((listing) => ({ listing, model })));
  }
  const origin = (): ReturnType<typeof server.origin> => server.origin(STREAM_URL);
  const feed = new PublicFeed(listed, origin, clock, { ...DEFAULTS, ...options });
  const now = (): number => venueClock.now();
  const privateWorld = { accounts: host.accounts, feed: new PrivateFeed(host.accounts, now), now };
  server.add({
    url: STREAM_URL,
    ws: [
      { path: PUBLIC_PATH, open: (connection) => admitted(connection, new PublicSession(connection, feed)) },
      ...Object.entries(PRIVATE_PATHS).map(([path, isUnified]) => ({
        path,
        open: (connection: SimConnection) =>
          admitted(connection, new PrivateSession(connection, privateWorld, isUnified)),
      })),
    ],
    limits: LIMITS,
    heartbeat: { kind: 'clientPing', idleMs: options.idleMs ?? 2 * MINUTE, by: 'session' },
    lifeMs: options.lifeMs ?? 24 * HOUR,
    onViolation: punish,
  });
  const onViolation = (violation: Omit<Violation, 'origin' | 'at'>): void =>
    server.violations.add({ ...violation, origin: REST_URL, at: clock.now() });
  const address = new WindowLimit(ADDRESS);
  server.add({
    url: REST_URL,
    http: [
      ...restRoutes({ clock, now, listed, horizonMs: options.horizonMs, address, onViolation }),
      ...privateRoutes({ clock, accounts: host.accounts, now, address, onViolation }),
    ],
  });
  return {
    markets,
    load: (exchange, load) => {
      const model = markets[exchange];
      if (!model) throw new Error(`no such market at Bitget: ${exchange}`);
      return feed.load(model, load);
    },
    stop: () => {
      feed.stop();
      privateWorld.feed.stop();
      for (const model of Object.values(markets)) model.stop();
    },
  };
}

function admitted(connection: SimConnection, session: WsSession): WsSession {
  if (connection.origin.open().length > MOST_CONNECTIONS) {
    connection.violation('venue:connections', `more than ${MOST_CONNECTIONS}`);
    connection.close(POLICY_VIOLATION, 'too many connections');
  }
  return session;
}

/** Close codes are not documented; silent clients are cut without a close frame. */
function punish({ rule }: Violation, connection: SimConnection): void {
  if (rule === 'heartbeat') connection.terminate();
  else connection.close(POLICY_VIOLATION, rule);
}
