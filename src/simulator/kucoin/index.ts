import type {
  MarketModel,
  OriginSpec,
  SimAccount,
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
import type { OrderNotes } from './order-facts';
import { PrivateStreams } from './private';
import { futuresRoutes } from './private-futures';
import { KeyRing, type KeyVersion, type Owner } from './private-keys';
import { DAY, Pools, POOLS, type Pool } from './private-rest';
import { spotRoutes } from './private-spot';
import { PUBLIC_POOL, restRoutes } from './rest';
import { ClientSession, connectIdOf } from './session';
import { Shrinking } from './shrinking';
import { Side, type Listed } from './side';
import { LIFE_MS, Tokens } from './tokens';

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
  /** Age at which unused tokens die. Default 24 h. */
  readonly tokenLifeMs?: number;
  /** Open connections of one user. Default 50, the least that is said. */
  readonly connectionsPerUser?: number;
  /** Keys that work with one version only; others take 2 and 3. */
  readonly keyVersions?: Readonly<Record<string, KeyVersion>>;
  /** Weights per user and 30 s. */
  readonly pools?: Partial<Readonly<Record<Pool, number>>>;
  /** How long orders that were cancelled without a fill are remembered. Default: spot 3 days, futures 1. */
  readonly cancelsKeptMs?: number;
  /** Quote amounts of market buys that were placed by funds; others have a size. */
  readonly fundsOf?: OrderNotes['fundsOf'];
}

export interface KucoinSimulator extends VenueSimulator {
  /** Takes a part of an open order back, as self-trade prevention does; the order lives on, smaller. */
  shrink(account: SimAccount, orderId: string, by: string): void;
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
const CANCELS_KEPT_MS: Readonly<Record<SideName, number>> = { spot: 3 * DAY, futures: DAY };
const NO_SESSION: WsSession = { onText: () => undefined };

/** What both hosts share. */
interface World {
  readonly host: VenueHost;
  readonly options: KucoinOptions;
  readonly tokens: Tokens;
  readonly publicPool: WindowLimit;
  readonly pools: Pools;
  readonly keys: KeyRing;
  readonly notes: OrderNotes;
  readonly streams: PrivateStreams;
}

/**
 * KuCoin's classic API: tokens, streams and REST of spot, linear and inverse futures, public and private.
 * Faults name topics as the wire does (`/market/candles:BTC-USDT_1min`). The ledger keeps volumes of
 * linear contracts in base coin, with all of their decimals; REST of futures speaks in JSON numbers:
 * compare as numbers, not as texts. The venue has no notice before it hangs up.
 */
export function simulateKucoin(host: VenueHost, options: KucoinOptions = {}): KucoinSimulator {
  const shrinking = new Shrinking();
  const world = worldOf(host, options, shrinking);
  const { streams } = world;
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
    host.server.add(streamOrigin(world, side));
    host.server.add(restOrigin(world, side));
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
    shrink: (account, orderId, by) => streams.tellUpdate(account, shrinking.shrink(account, orderId, by)),
    stop: () => {
      streams.stop();
      for (const feed of feeds.values()) feed.stop();
      for (const model of Object.values(markets)) model.stop();
    },
  };
}

function worldOf(host: VenueHost, options: KucoinOptions, shrinking: Shrinking): World {
  const notes: OrderNotes = {
    fundsOf: options.fundsOf ?? (() => undefined),
    shrunkOf: (orderId) => shrinking.of(orderId),
  };
  return {
    ...{ host, options, notes },
    streams: new PrivateStreams(host.accounts, notes, () => host.venueClock.now()),
    tokens: new Tokens(host.clock, () => options.tokenLifeMs ?? LIFE_MS),
    publicPool: new WindowLimit([PUBLIC_POOL]),
    pools: new Pools({ ...POOLS, ...options.pools }),
    keys: new KeyRing(host.accounts, options.keyVersions ?? {}),
  };
}

function streamOrigin({ host, options, streams, tokens }: World, side: Side): OriginSpec {
  const now = (): number => host.venueClock.now();
  const world = { clock: host.clock, side, streams, now, welcomeDelayMs: options.welcomeDelayMs ?? 30 };
  const open = (connection: SimConnection): WsSession => {
    const mostConnections = options.connectionsPerUser ?? 50;
    const token = tokens.redeem(side.name, connection.handshake.query.get('token') ?? '');
    if (!token) {
      connection.violation('venue:token', 'used, old, or of the other host');
      hangUp(connection, 401, 'token is invalid');
      return NO_SESSION;
    }
    const { owner } = token;
    if (owner && streams.count(owner) >= mostConnections) {
      connection.violation('venue:connections', `more than ${mostConnections} of one user`);
      hangUp(connection, 509, `exceed max connection count limitation of ${mostConnections}`);
      return NO_SESSION;
    }
    return new ClientSession(connection, world, owner);
  };
  return {
    url: STREAMS[side.name],
    ws: [{ path: '/', open }],
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

function restOrigin({ host, options, tokens, publicPool: pool, ...world }: World, side: Side): OriginSpec {
  const url = APIS[side.name];
  const stream = `${STREAMS[side.name]}/`;
  const bullet = (owner?: Owner): object => ({
    token: tokens.issue(side.name, owner),
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
  const shared = { url, side, clock, violations: server.violations, now };
  const cancelsKeptMs = options.cancelsKeptMs ?? CANCELS_KEPT_MS[side.name];
  const signed = { ...shared, ...world, cancelsKeptMs, bullet };
  return {
    url,
    http: [
      ...restRoutes({ ...shared, pool, bullet: () => bullet() }),
      ...(side.name === 'spot' ? spotRoutes(signed) : futuresRoutes(signed)),
    ],
  };
}
