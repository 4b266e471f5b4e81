import type { MarketModel, OriginSpec, SimConnection, SimOrigin, Violation } from '../kit';
import { startLoad, type VenueHost, type VenueSimulator } from '../kit';
import { barOfChannel, intervalOfBar, TICKERS } from './channels';
import { startFeed } from './feed';
import { tickerFrame, topicOf } from './frames';
import { listingsOf, type Listing } from './listings';
import { PrivateSide } from './private';
import { REST_REGIONS, WS_REALMS } from './private-hosts';
import { privateRoutes } from './private-rest';
import { restRoutes } from './rest';
import { connIdOf, PublicSession, type Channels, type Path } from './session';
import { TimerSet } from './timers';

export { okxOrderIds } from './private';

export interface OkxOptions {
  /** Every subscribed ticker moves once in this time. The venue allows 100 ms. */
  readonly tickerEveryMs?: number;
  /** Forming bars; the venue pushes once a second at most. */
  readonly candleEveryMs?: number;
  /** Silence, or life without a topic, that ends a connection. Documented: 30 s. */
  readonly idleMs?: number;
  /** From the notice of a service upgrade to the close. Documented: 60 s. */
  readonly noticeLeadMs?: number;
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const WS_URL = 'wss://ws.okx.com';

/** https://www.okx.com/docs-v5/en/#overview-websocket-connect and #overview-websocket-subscribe */
const LIMITS = {
  dials: [{ count: 3, perMs: SECOND }],
  requests: [{ count: 480, perMs: HOUR }],
  /** The limit is for the args; the frame around them is small. */
  requestBytes: 65_536,
} as const;

const UPGRADE = 'The connection will soon be closed for a service upgrade. Please reconnect.';

interface Instrument {
  readonly exchange: string;
  readonly listing: Listing;
  readonly model: MarketModel;
}

/**
 * OKX V5: `/ws/v5/public` (tickers) and `/ws/v5/business` (candles) of the global host, `/ws/v5/private`
 * (orders, balances) of every host, and REST. Faults name topics like `tickers:BTC-USDT`,
 * `candle1m:BTC-USDT-SWAP`, `orders:SWAP` and `account`. Accounts are added for any of the three
 * exchange ids; their `permissions` may bind them to a region (`global`, `eea`, `us`) and to `live` or `demo`.
 * A first value is not pushed at once: the documentation promises pushes on change only.
 */
export function simulateOkx(host: VenueHost, options: OkxOptions = {}): VenueSimulator {
  const { tickerEveryMs = SECOND, candleEveryMs = SECOND } = options;
  const { idleMs = 30 * SECOND, noticeLeadMs = 60 * SECOND } = options;
  const listings = listingsOf(host.symbolCount);
  const instruments = new Map<string, Instrument>();
  const markets: Record<string, MarketModel> = {};
  for (const [exchange, list] of Object.entries(listings)) {
    const model = host.market(
      exchange,
      list.map(({ spec }) => spec),
    );
    markets[exchange] = model;
    for (const listing of list) instruments.set(listing.spec.symbol, { exchange, listing, model });
  }
  const timers = new TimerSet(host.clock);
  const channels = channelsOf(instruments);
  const open = (path: Path) => (connection: SimConnection) => {
    const session = new PublicSession(connection, path, channels, () => timers.cancel(deadline));
    const deadline = timers.after(idleMs, () => {
      if (session.topicCount > 0) return;
      connection.violation('heartbeat', 'no subscription');
      connection.close(4004, 'No data received in 30s.');
    });
    return session;
  };
  const rules: Omit<OriginSpec, 'url'> = {
    limits: LIMITS,
    // Only texts count, WebSocket pings do not; so do frames that the venue sends.
    heartbeat: { kind: 'clientPing', idleMs, by: 'session', pushCounts: true },
    notice: (connection) => {
      timers.after(noticeLeadMs, () => connection.close(1001, 'service upgrade'));
      return JSON.stringify({ event: 'notice', code: '64008', msg: UPGRADE, connId: connIdOf(connection) });
    },
    onViolation: punish,
  };
  const privateSide = new PrivateSide(host, timers, idleMs);
  const origin = host.server.add({
    url: WS_URL,
    ws: [
      { path: '/ws/v5/public', open: open('public') },
      { path: '/ws/v5/business', open: open('business') },
      privateSide.route(WS_URL),
    ],
    ...rules,
  });
  for (const url of Object.keys(WS_REALMS)) {
    if (url !== WS_URL) host.server.add({ url, ws: [privateSide.route(url)], ...rules });
  }
  addRest(host, instruments);
  const stopFeed = startFeed({ clock: host.clock, origin, instruments, tickerEveryMs, candleEveryMs });
  return {
    markets,
    load: (exchange, load) => {
      const send = loadSender(
        origin,
        [...instruments.values()].filter((one) => one.exchange === exchange),
      );
      return startLoad(host.clock, load, send);
    },
    stop: () => {
      stopFeed();
      privateSide.stop();
      timers.clear();
      for (const model of Object.values(markets)) model.stop();
    },
  };
}

function channelsOf(instruments: ReadonlyMap<string, Instrument>): Channels {
  return {
    lookUp: (path, { channel, instId }) => {
      const bar = barOfChannel(channel);
      const home: Path | undefined =
        channel === TICKERS ? 'public' : bar === undefined ? undefined : 'business';
      if (home === undefined || !instruments.has(instId)) return 'unknown';
      if (home !== path) return 'otherPath';
      return bar === undefined || intervalOfBar(bar) !== undefined ? 'heard' : 'silent';
    },
    wanted: ({ channel, instId }) => {
      const interval = intervalOfBar(barOfChannel(channel) ?? '');
      if (interval !== undefined) instruments.get(instId)?.model.watch(instId, interval);
    },
  };
}

/** Close codes: https://www.okx.com/docs-v5/en/#overview-websocket-overview */
function punish({ rule }: Violation, connection: SimConnection): void {
  if (rule === 'requestBytes') connection.close(1009, 'Max frame length of 65536 has been exceeded.');
  else if (rule === 'heartbeat') connection.close(4004, 'No data received in 30s.');
  else connection.close(4002, 'Invalid request');
}

function addRest(host: VenueHost, instruments: ReadonlyMap<string, Instrument>): void {
  for (const url of Object.keys(REST_REGIONS)) {
    const http = restRoutes({
      clock: host.clock,
      now: () => host.venueClock.now(),
      find: (instId) => instruments.get(instId),
      listings: [...instruments.values()].map(({ listing }) => listing),
      onViolation: (violation) =>
        host.server.violations.add({ ...violation, origin: url, at: host.clock.now() }),
    });
    host.server.add({ url, http: [...http, ...privateRoutes(host, url)] });
  }
}

/** Round robin over the market's subscribed tickers; each update is stamped with the real time. */
function loadSender(origin: SimOrigin, instruments: readonly Instrument[]): (updates: number) => void {
  const frames = instruments.map(({ listing, model }) => {
    const { symbol } = listing.spec;
    const [head = '', tail = ''] = tickerFrame(listing, model.ticker(symbol), 0).split('"ts":"0"');
    return { topic: topicOf(TICKERS, symbol), head: `${head}"ts":"`, tail: `"${tail}` };
  });
  let next = 0;
  return (updates) => {
    const now = Date.now();
    let left = updates;
    for (let tried = 0; left > 0 && tried < frames.length + updates; tried += 1) {
      const frame = frames[next];
      next = (next + 1) % frames.length;
      if (!frame || !origin.hasListeners(frame.topic)) continue;
      origin.publish(frame.topic, frame.head + String(now) + frame.tail);
      left -= 1;
    }
  };
}
