import type { OriginSpec, SimConnection, VenueHost, VenueSimulator, Violation } from '../kit';
import { IpBudget } from './budget';
import { CATEGORIES, openCategory } from './category';
import type { FeedOptions } from './feed';
import { CategoryFeed } from './feed';
import { PrivateStreams } from './private';
import type { Site } from './private-keys';
import { KeyRing } from './private-keys';
import { privateRoutes } from './private-rest';
import { REST_URL, restRoutes } from './rest';
import { PublicSession } from './session';
import type { Status } from './status';
import { StatusBoard } from './status';

const STREAM_URL = 'wss://stream.bybit.com';

const DEFAULTS: FeedOptions = { tickerMs: 500, klineMs: 1_000 };

/** Undocumented for public streams: about 60 s without any traffic (clients ping every 20 s). */
const IDLE_MS = 60_000;

/** Sites beside the main one: private streams and signed REST only. */
const OTHER_SITES: readonly (readonly [Site, string, string])[] = [
  ['eu', 'wss://stream.bybit.eu', 'https://api.bybit.eu'],
  ['nl', 'wss://stream.bybit.nl', 'https://api.bybit.nl'],
  ['tr', 'wss://stream.bybit.tr', 'https://api.bybit.tr'],
  ['kz', 'wss://stream.bybit.kz', 'https://api.bybit.kz'],
  ['ge', 'wss://stream.bybitgeorgia.ge', 'https://api.bybitgeorgia.ge'],
  ['demo', 'wss://stream-demo.bybit.com', 'https://api-demo.bybit.com'],
  ['testnet', 'wss://stream-testnet.bybit.com', 'https://api-testnet.bybit.com'],
];

export interface BybitOptions extends Partial<FeedOptions> {
  /** Keys that were not made on the main site: they work on their own only. */
  readonly keySites?: Readonly<Record<string, Site>>;
  /** `unifiedMarginStatus` by key: 1 classic, 3 or 4 UTA 1.0, default 5 (UTA 2.0). */
  readonly marginStatuses?: Readonly<Record<string, number>>;
  /** Requests of one IP in 5 s; default: the documented 600. */
  readonly requestsPer5s?: number;
}

export interface BybitSimulator extends VenueSimulator {
  /** Maintenance notice on the status socket; the number of clients that got it. */
  announce(status: Status): number;
  /** As on a restart of the venue: what closed before is in the order history only. */
  forgetClosedOrders(): void;
}

/**
 * Bybit V5: public and private streams and REST of spot, linear and inverse. Limits as documented:
 * https://bybit-exchange.github.io/docs/v5/ws/connect
 */
export function simulateBybit(
  host: VenueHost,
  { keySites = {}, marginStatuses: statuses = {}, requestsPer5s, ...options }: BybitOptions = {},
): BybitSimulator {
  const { server, clock, venueClock, accounts } = host;
  const now = (): number => venueClock.now();
  const feeds = CATEGORIES.map(
    (name) => new CategoryFeed(openCategory(host, name), clock, { ...DEFAULTS, ...options }),
  );
  const status = new StatusBoard();
  const keys = new KeyRing(accounts, keySites);
  const streams = new PrivateStreams(accounts, keys, now, (key) => statuses[key]);
  let restartedAt = 0;
  const { violations } = server;
  const budget = new IpBudget(clock, violations, requestsPer5s);
  const rest = (site: Site, url: string): OriginSpec => ({
    url,
    http: [
      ...restRoutes({ categories: feeds.map(({ category }) => category), budget, origin: url, now }),
      ...privateRoutes({
        ...{ site, origin: url, keys, budget, statuses, clock, violations, now },
        restartedAt: () => restartedAt,
      }),
    ],
  });
  server.add({
    url: STREAM_URL,
    ws: [
      ...feeds.map((feed) => ({
        path: `/v5/public/${feed.category.name}`,
        open: (connection: SimConnection) => new PublicSession(connection, feed),
      })),
      streams.route('com'),
      status.route(),
    ],
    ...STREAM_RULES,
  });
  server.add(rest('com', REST_URL));
  for (const [site, streamUrl, restUrl] of OTHER_SITES) {
    server.add({ url: streamUrl, ws: [streams.route(site)], ...STREAM_RULES });
    server.add(rest(site, restUrl));
  }
  server.addControl(status.control(now));
  return {
    markets: Object.fromEntries(feeds.map(({ category }) => [category.exchange, category.model])),
    load: (exchange, load) => feedOf(feeds, exchange).load(clock, load),
    announce: (notice) => status.announce(notice, now()),
    forgetClosedOrders: () => {
      restartedAt = now() + 1;
    },
    stop: () => {
      streams.stop();
      for (const feed of feeds) feed.stop();
    },
  };
}

const STREAM_RULES: Omit<OriginSpec, 'url'> = {
  limits: { dials: [{ count: 500, perMs: 300_000 }], topicBytesPerConnection: 21_000 },
  heartbeat: { kind: 'clientPing', idleMs: IDLE_MS, by: 'any' },
  onViolation: punish,
};

/** Idle clients are cut without a close frame (seen as 1006). */
function punish({ rule }: Violation, connection: SimConnection): void {
  if (rule === 'heartbeat') connection.terminate();
  else connection.close(1008, rule);
}

function feedOf(feeds: readonly CategoryFeed[], exchange: string): CategoryFeed {
  const found = feeds.find(({ category }) => category.exchange === exchange);
  if (!found) throw new Error(`no such market at Bybit: ${exchange}`);
  return found;
}
