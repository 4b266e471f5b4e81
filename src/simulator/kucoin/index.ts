import type {
  MarketModel,
  OriginSpec,
  SimConnection,
  VenueHost,
  VenueSimulator,
  Violation,
  WsSession,
} from '../kit';
import { WindowLimit } from '../kit';
import { Feed } from './feed';
import type { SideName } from './intervals';
import { listingsOf, type ExchangeName } from './listings';
import { PUBLIC_POOL, restRoutes } from './rest';
import { connectIdOf, PublicSession } from './session';
import { Side, type Listed } from './side';
import { Tokens } from './tokens';

export interface KucoinOptions {
  /** Every ticker moves once in this time. Default 1 s; the venue allows 100 ms. */
  readonly tickerMs?: number;
  /** Default: 2 s on spot, 5 s on futures. */
  readonly snapshotMs?: number;
  /** Forming bars. Default 1 s. */
  readonly candleMs?: number;
  /** From the handshake to the welcome frame; whatever comes before it is lost. Default 30 ms. */
  readonly welcomeDelayMs?: number;
  /** As the token's answer says. Default 18 s. */
  readonly pingIntervalMs?: number;
  /** Without a JSON ping for so long the server hangs up. Default 60 s. */
  readonly idleMs?: number;
  /** Age at which connections end. Default 24 h. */
  readonly lifeMs?: number;
  /**
   * Endpoints in the token's answer: of the simulator itself, for clients that do not rewrite stream
   * URLs; default the production ones, which its `overrides()` cover.
   */
  readonly ownEndpoints?: boolean;
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

const STREAMS: Readonly<Record<SideName, string>> = {
  spot: 'wss://ws-api-spot.kucoin.com',
  futures: 'wss://ws-api-futures.kucoin.com',
};
const APIS: Readonly<Record<SideName, string>> = {
  spot: 'https://api.kucoin.com',
  futures: 'https://api-futures.kucoin.com',
};
const SNAPSHOT_MS: Readonly<Record<SideName, number>> = { spot: 2 * SECOND, futures: 5 * SECOND };
const EXCHANGES: Readonly<Record<SideName, readonly ExchangeName[]>> = {
  spot: ['kucoin'],
  futures: ['kucoinLinear', 'kucoinInverse'],
};
const NO_SESSION: WsSession = { onText: () => undefined };

/**
 * KuCoin's classic API, public side: token, streams and REST of spot, linear and inverse futures.
 * Faults name topics as the wire does (`/market/candles:BTC-USDT_1min`). The ledger keeps volumes of
 * linear contracts in base coin, with all of their decimals; REST of futures speaks in JSON numbers:
 * compare as numbers, not as texts. The venue has no notice before it hangs up.
 */
export function simulateKucoin(host: VenueHost, options: KucoinOptions = {}): VenueSimulator {
  const tokens = new Tokens(host.clock);
  const pool = new WindowLimit([PUBLIC_POOL]);
  const markets: Record<string, MarketModel> = {};
  const feeds = new Map<string, Feed>();
  for (const name of ['spot', 'futures'] as const) {
    const listed = new Map<string, Listed>();
    for (const exchange of EXCHANGES[name]) {
      const listings = listingsOf(exchange, host.symbolCount);
      const model = host.market(
        exchange,
        listings.map(({ spec }) => spec),
      );
      markets[exchange] = model;
      for (const listing of listings) listed.set(listing.spec.symbol, { exchange, listing, model });
    }
    const side = new Side(name, listed, () => host.server.origin(STREAMS[name]));
    host.server.add(streamOrigin(host, side, tokens, options));
    host.server.add(restOrigin(host, side, { tokens, pool }, options));
    const feed = new Feed(side, host.clock, {
      tickerMs: options.tickerMs ?? SECOND,
      snapshotMs: options.snapshotMs ?? SNAPSHOT_MS[name],
      candleMs: options.candleMs ?? SECOND,
    });
    for (const exchange of EXCHANGES[name]) feeds.set(exchange, feed);
  }
  return {
    markets,
    load: (exchange, load) => {
      const feed = feeds.get(exchange);
      if (!feed) throw new Error(`no such market at KuCoin: ${exchange}`);
      return feed.load(exchange, load);
    },
    stop: () => {
      for (const feed of feeds.values()) feed.stop();
      for (const model of Object.values(markets)) model.stop();
    },
  };
}

function streamOrigin(host: VenueHost, side: Side, tokens: Tokens, options: KucoinOptions): OriginSpec {
  const now = (): number => host.venueClock.now();
  const world = { clock: host.clock, side, now, welcomeDelayMs: options.welcomeDelayMs ?? 30 };
  return {
    url: STREAMS[side.name],
    ws: [
      {
        path: '/',
        open: (connection) => {
          if (tokens.redeem(side.name, connection.handshake.query.get('token') ?? '')) {
            return new PublicSession(connection, world);
          }
          connection.violation('venue:token', 'used, old, or of the other host');
          hangUp(connection, 401, 'token is invalid');
          return NO_SESSION;
        },
      },
    ],
    limits: {
      dials: [{ count: 30, perMs: 60 * SECOND }],
      messages: [{ count: 100, perMs: 10 * SECOND }],
      topicsPerRequest: 100,
      ...(side.name === 'spot' && { topicsPerConnection: 400 }),
    },
    heartbeat: { kind: 'clientPing', idleMs: options.idleMs ?? 60 * SECOND, by: 'session' },
    lifeMs: options.lifeMs ?? 24 * HOUR,
    onViolation: punish,
  };
}

function punish({ rule }: Violation, connection: SimConnection): void {
  if (rule === 'heartbeat') hangUp(connection, 400, 'ping timeout');
  else if (rule === 'messages') hangUp(connection, 509, 'exceed max message count limitation of 100 per 10s');
  else connection.close(1008, rule);
}

function hangUp(connection: SimConnection, code: number, data: string): void {
  connection.control({ id: connectIdOf(connection), type: 'error', code, data });
  connection.close(1000, data);
}

function restOrigin(
  host: VenueHost,
  side: Side,
  { tokens, pool }: { readonly tokens: Tokens; readonly pool: WindowLimit },
  options: KucoinOptions,
): OriginSpec {
  const url = APIS[side.name];
  const stream = `${STREAMS[side.name]}/`;
  const bullet = (): object => ({
    token: tokens.issue(side.name),
    instanceServers: [
      {
        endpoint: options.ownEndpoints === true ? host.server.urlOf(stream) : stream,
        encrypt: options.ownEndpoints !== true,
        protocol: 'websocket',
        pingInterval: options.pingIntervalMs ?? 18 * SECOND,
        pingTimeout: 10 * SECOND,
      },
    ],
  });
  const now = (): number => host.venueClock.now();
  const { clock, server } = host;
  return { url, http: restRoutes({ url, side, clock, violations: server.violations, pool, now, bullet }) };
}
