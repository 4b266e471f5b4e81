import type {
  BalanceChange,
  OrderChange,
  OriginSpec,
  SimAccount,
  SimConnection,
  SimOrigin,
  VenueHost,
  WsRoute,
  WsSession,
} from '../kit';
import { ApiSession } from './api-session';
import { ListenKeys, LISTEN_KEY_LIFE_MS } from './listen-keys';
import { Authority } from './private-auth';
import {
  accountPosition,
  accountUpdate,
  balanceUpdate,
  executionReport,
  orderTradeUpdate,
} from './private-frames';
import { ListenKeySession, listenKeyFrame, listenKeyOf } from './private-sessions';
import type { IpQuota } from './quota';
import { DIALS, LIFE_MS, type BinanceMarket } from './venue';

const API_ORIGIN = 'wss://ws-api.binance.com';

export interface PrivateOptions {
  readonly ping?: { readonly everyMs: number; readonly deadlineMs: number };
  readonly lifeMs?: number;
  /** Default 60 minutes. */
  readonly listenKeyLifeMs?: number;
  /** Default 1. */
  readonly listenKeyNotices?: number;
}

/** Turns what happens to the accounts of one market into frames for whoever listens. */
export interface UserStreams {
  readonly authority: Authority;
  readonly keys?: ListenKeys;
  /** The private session of a dial to a stream host, if its URL holds an active listen key. */
  sessionOf?(connection: SimConnection): WsSession | undefined;
  stop(): void;
}

/** User data streams of futures and binance.us: the stream host, a listen key in the URL. */
export function listenKeyStreams(
  host: VenueHost,
  market: BinanceMarket,
  origin: () => SimOrigin,
  options: PrivateOptions,
): UserStreams {
  const keys = new ListenKeys(host.clock, options.listenKeyLifeMs ?? LISTEN_KEY_LIFE_MS, (key) => {
    const now = host.venueClock.now();
    for (let told = 0; told < (options.listenKeyNotices ?? 1); told += 1) {
      // The second one was seen with its time as text.
      const event = { e: 'listenKeyExpired', E: told === 0 ? now : String(now), listenKey: key };
      origin().publish(key, listenKeyFrame(key, event));
    }
  });
  const publish = (account: SimAccount, event: object): void => {
    const key = keys.keyOf(account);
    if (key !== undefined) origin().publish(key, listenKeyFrame(key, event));
  };
  const stop = follow(host, market, publish, (account) => keys.end(account));
  return {
    authority: new Authority(market.exchange, host.accounts, host.venueClock),
    keys,
    sessionOf: (connection) => {
      const key = listenKeyOf(connection);
      return key !== undefined && keys.isActive(key) ? new ListenKeySession(connection, key) : undefined;
    },
    stop: () => {
      stop();
      keys.stop();
    },
  };
}

/** The key in the query; the form with the key in the path connects and stays silent. */
export function privateRoutesOfUsdm({ sessionOf }: UserStreams): readonly WsRoute[] {
  return ['/private/ws', '/private/stream', '/private/ws/*'].map((path) => ({
    path,
    open: (connection) =>
      (connection.handshake.query.has('listenKey') ? sessionOf?.(connection) : undefined) ?? {
        onText: () => undefined,
      },
  }));
}

/** User data streams of the spot market: the WebSocket API, an origin of its own. */
export function apiStreams(
  host: VenueHost,
  market: BinanceMarket,
  quota: IpQuota,
  options: PrivateOptions,
): UserStreams {
  const authority = new Authority(market.exchange, host.accounts, host.venueClock);
  const sessions = new Map<SimConnection, ApiSession>();
  const context = { authority, quota, clock: host.clock, venueNow: () => host.venueClock.now() };
  const open = (connection: SimConnection): WsSession => {
    const session = new ApiSession(connection, context);
    sessions.set(connection, session);
    return { onText: (text) => session.onText(text), onClose: () => sessions.delete(connection) };
  };
  host.server.add(apiOrigin(open, () => host.venueClock.now(), market, options));
  const publish = (account: SimAccount, event: object): void => {
    for (const [connection, session] of sessions) {
      const frame = session.frame(account, event);
      if (frame !== undefined) connection.push(frame);
    }
  };
  const stop = follow(host, market, publish, (account) => {
    for (const session of sessions.values()) session.revoked(account);
  });
  return { authority, stop };
}

function apiOrigin(
  open: WsRoute['open'],
  now: () => number,
  { heartbeat }: BinanceMarket,
  { ping, lifeMs }: PrivateOptions,
): OriginSpec {
  return {
    url: API_ORIGIN,
    ws: [{ path: '/ws-api/v3', open }],
    limits: { dials: DIALS },
    heartbeat: ping ? { kind: 'serverPing', ...ping } : heartbeat,
    lifeMs: lifeMs ?? LIFE_MS,
    notice: () => JSON.stringify({ event: { e: 'serverShutdown', E: now() } }),
  };
}

type Publish = (account: SimAccount, event: object) => void;

/** Changes of the accounts of one market, as that market's events. Returns its undoing. */
function follow(
  { accounts }: VenueHost,
  market: BinanceMarket,
  publish: Publish,
  onRevoked: (account: SimAccount) => void,
): () => void {
  const isOurs = ({ exchange }: { readonly exchange: string }): boolean => exchange === market.exchange;
  const endings = [
    accounts.onOrder((change) => {
      if (isOurs(change.account)) publish(change.account, orderEvent(market, change));
    }),
    accounts.onBalance((change) => {
      if (!isOurs(change.account)) return;
      for (const event of balanceEvents(market, change)) publish(change.account, event);
    }),
    accounts.onRevoked((account) => {
      if (isOurs(account)) onRevoked(account);
    }),
  ];
  return () => endings.forEach((end) => end());
}

function orderEvent(market: BinanceMarket, change: OrderChange): object {
  return market.isFutures ? orderTradeUpdate(change, market.product === 2) : executionReport(change);
}

function balanceEvents(market: BinanceMarket, change: BalanceChange): readonly object[] {
  if (market.isFutures) return [accountUpdate(change)];
  const delta = balanceUpdate(change);
  return delta ? [delta, accountPosition(change)] : [accountPosition(change)];
}
