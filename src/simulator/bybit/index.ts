import type { SimConnection, VenueHost, VenueSimulator, Violation } from '../kit';
import { CATEGORIES, openCategory } from './category';
import type { FeedOptions } from './feed';
import { CategoryFeed } from './feed';
import { REST_URL, restRoutes } from './rest';
import { PublicSession } from './session';
import type { Status } from './status';
import { StatusBoard } from './status';

const STREAM_URL = 'wss://stream.bybit.com';

const DEFAULTS: FeedOptions = { tickerMs: 500, klineMs: 1_000 };

/** Undocumented for public streams: about 60 s without any traffic (clients ping every 20 s). */
const IDLE_MS = 60_000;

export type BybitOptions = Partial<FeedOptions>;

export interface BybitSimulator extends VenueSimulator {
  /** Maintenance notice on the status socket; the number of clients that got it. */
  announce(status: Status): number;
}

/**
 * Bybit V5: public streams and REST of spot, linear and inverse. Limits as documented:
 * https://bybit-exchange.github.io/docs/v5/ws/connect
 */
export function simulateBybit(host: VenueHost, options: BybitOptions = {}): BybitSimulator {
  const { server, clock, venueClock } = host;
  const now = (): number => venueClock.now();
  const feeds = CATEGORIES.map(
    (name) => new CategoryFeed(openCategory(host, name), clock, { ...DEFAULTS, ...options }),
  );
  const status = new StatusBoard();
  server.add({
    url: STREAM_URL,
    ws: [
      ...feeds.map((feed) => ({
        path: `/v5/public/${feed.category.name}`,
        open: (connection: SimConnection) => new PublicSession(connection, feed),
      })),
      status.route(),
    ],
    limits: { dials: [{ count: 500, perMs: 300_000 }], topicBytesPerConnection: 21_000 },
    heartbeat: { kind: 'clientPing', idleMs: IDLE_MS, by: 'any' },
    onViolation: punish,
  });
  server.add({
    url: REST_URL,
    http: restRoutes({
      categories: feeds.map(({ category }) => category),
      clock,
      violations: server.violations,
      now,
    }),
  });
  server.addControl(status.control(now));
  return {
    markets: Object.fromEntries(feeds.map(({ category }) => [category.exchange, category.model])),
    load: (exchange, load) => feedOf(feeds, exchange).load(clock, load),
    announce: (notice) => status.announce(notice, now()),
    stop: () => {
      for (const feed of feeds) feed.stop();
    },
  };
}

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
