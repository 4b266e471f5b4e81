import type { Timer } from '../../domain/time';
import type { OriginSpec, SimOrigin, VenueHost, VenueSimulator } from '../kit';
import { tickerLoad } from './load';
import { apiStreams, listenKeyStreams, privateRoutesOfUsdm, type UserStreams } from './private';
import { privateRoutes } from './private-rest';
import { IpQuota } from './quota';
import { restRoutes } from './rest';
import { PublicSession } from './session';
import { isCombined, Streams } from './streams';
import { symbolsOf } from './symbols';
import {
  BINANCE_MARKETS,
  DIALS,
  LIFE_MS,
  REQUEST_BYTES,
  STREAMS_PER_CONNECTION,
  type BinanceMarket,
  type StreamRoot,
} from './venue';

export interface BinanceOptions {
  /** Push period of forming bars; default: the documented one of each market (2 s spot, 250 ms futures). */
  readonly klinePushMs?: number;
  readonly tickerPushMs?: number;
  /** Server pings; default: as documented. */
  readonly ping?: { readonly everyMs: number; readonly deadlineMs: number };
  /** Age at which connections end; default 24 h. */
  readonly lifeMs?: number;
  readonly weightPerMinute?: number;
  /** Life of a listen key without keep-alive; default 60 minutes. */
  readonly listenKeyLifeMs?: number;
  /** How often the end of a listen key is told: 1, twice (seen), or not at all (seen). Default 1. */
  readonly listenKeyNotices?: 0 | 1 | 2;
}

const TICKER_PUSH_MS = 1_000;

/** Spot, USD-M, COIN-M and binance.us: public and user data streams, public and signed REST. */
export function simulateBinance(host: VenueHost, options: BinanceOptions = {}): VenueSimulator {
  const listings = BINANCE_MARKETS.map((market) => ({
    market,
    model: host.market(market.exchange, symbolsOf(market.exchange, host.symbolCount)),
  }));
  const futures = listings.filter(({ market }) => market.isFutures);
  const futuresQuota = quotaOf(futures[0]?.market, options);
  const timers: Timer[] = [];
  const origins = new Map<string, SimOrigin>();
  const users: UserStreams[] = [];

  for (const listing of listings) {
    const { market } = listing;
    const origin = (): SimOrigin => host.server.origin(market.stream);
    const streams = new Streams(listing, market.isFutures ? futures : [listing], origin);
    const quota = market.isFutures ? futuresQuota : quotaOf(market, options);
    const user =
      market.exchange === 'binance'
        ? apiStreams(host, market, quota, options)
        : listenKeyStreams(host, market, origin, options);
    users.push(user);
    origins.set(market.exchange, host.server.add(streamOrigin(market, streams, user, options)));
    const rest = { ...listing, quota, clock: host.clock, origin: () => host.server.origin(market.rest) };
    const { authority, keys } = user;
    const account = { ...rest, authority, ...(keys && { keys }) };
    host.server.add({ url: market.rest, http: [...restRoutes(rest), ...privateRoutes(account)] });
    timers.push(
      host.clock.every(options.tickerPushMs ?? TICKER_PUSH_MS, () => streams.pushTickers()),
      host.clock.every(options.klinePushMs ?? market.klinePushMs, () => streams.pushKlines()),
    );
  }

  return {
    markets: Object.fromEntries(listings.map(({ market, model }) => [market.exchange, model])),
    load: (exchange, load) => {
      const listing = listings.find(({ market }) => market.exchange === exchange);
      const origin = origins.get(exchange);
      if (!listing || !origin) throw new Error(`no such Binance market: ${exchange}`);
      return tickerLoad(host.clock, listing, origin, load);
    },
    stop: () => {
      for (const timer of timers) host.clock.cancel(timer);
      for (const { model } of listings) model.stop();
      for (const user of users) user.stop();
    },
  };
}

function streamOrigin(
  market: BinanceMarket,
  streams: Streams,
  user: UserStreams,
  options: BinanceOptions,
): OriginSpec {
  return {
    url: market.stream,
    ws: [
      ...(market.product === 1 ? privateRoutesOfUsdm(user) : []),
      // The routed host takes listen keys under `/private` only.
      ...market.roots.flatMap((root) => routesOf(root, streams, market.product === 1 ? {} : user)),
    ],
    limits: {
      dials: DIALS,
      messages: [{ count: market.messagesPerSecond, perMs: 1_000 }],
      topicsPerConnection: STREAMS_PER_CONNECTION,
      requestBytes: REQUEST_BYTES,
    },
    heartbeat: options.ping ? { kind: 'serverPing', ...options.ping } : market.heartbeat,
    lifeMs: options.lifeMs ?? LIFE_MS,
    notice: (connection) => {
      const event = { e: 'serverShutdown', E: streams.now() };
      return JSON.stringify(isCombined(connection) ? { stream: '!serverShutdown', data: event } : event);
    },
    onViolation: ({ rule }, connection) => {
      if (rule === 'messages') connection.close(1008, 'Too many requests');
      else if (rule === 'heartbeat') connection.close(1008, 'Pong timeout');
      // Too long a frame is neither answered nor punished.
      else if (rule !== 'requestBytes') connection.close(1008, rule);
    },
  };
}

function routesOf(
  root: StreamRoot,
  streams: Streams,
  { sessionOf }: Pick<UserStreams, 'sessionOf'>,
): NonNullable<OriginSpec['ws']> {
  const paths = ['/ws', '/ws/*', '/stream'].map((path) => `${root.path}${path}`);
  return paths.map((path) => ({
    path,
    open: (connection) =>
      root.kind === 'silent'
        ? { onText: () => undefined }
        : (sessionOf?.(connection) ?? new PublicSession(connection, streams, root.kind === 'market')),
  }));
}

function quotaOf(market: BinanceMarket | undefined, options: BinanceOptions): IpQuota {
  return new IpQuota(options.weightPerMinute ?? market?.weightPerMinute ?? Infinity);
}
