/** The adapter on the real transport, against the simulated venue: what neither can prove alone. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { Candle, MarketEvent } from '../../domain/events';
import { InstrumentIndex } from '../../domain/instrument';
import { systemClock } from '../../ops/clock';
import { SimServer, VenueHost, warpClock } from '../../simulator/kit';
import type { CoinbaseOptions, CoinbaseSimulator } from '../../simulator/coinbase';
import { simulateCoinbase } from '../../simulator/coinbase';
import { RecordedTelemetry } from '../../testing/recorded-telemetry';
import { until } from '../../testing/services';
import { DialBudget } from '../../transport/limits';
import { Pool } from '../../transport/pool';
import type { VenueRest } from '../contract';
import { coinbase } from './index';
import type { PublicState } from './state';

const market = coinbase.descriptor.markets[0]!;
const { session } = coinbase.publicFeed;

interface Link {
  readonly server: SimServer;
  readonly simulator: CoinbaseSimulator;
  readonly rest: VenueRest;
  readonly instruments: InstrumentIndex;
  readonly telemetry: RecordedTelemetry;
  readonly events: MarketEvent[];
  readonly refused: string[];
  pool(channel: 'ticker' | 'candle'): Pool<MarketEvent, PublicState>;
}

async function link(t: TestContext, warp: number, options: CoinbaseOptions = {}): Promise<Link> {
  const server = new SimServer(systemClock);
  const host = new VenueHost(server, systemClock, warpClock(systemClock, warp), 7, 14);
  const fast = { tickerMs: 20, candleMs: 20, tradesMs: 20, heartbeatMs: 40, quietMs: 1_500 };
  const simulator = simulateCoinbase(host, { ...fast, ...options });
  await server.listen();
  const rewrite = (url: string): string => server.urlOf(url);
  const rest = coinbase.connectRest({ rewrite, timeoutMs: 5_000 });
  const instruments = new InstrumentIndex(await rest.instruments(market));
  const telemetry = new RecordedTelemetry();
  const events: MarketEvent[] = [];
  const refused: string[] = [];
  const pools: Pool<MarketEvent, PublicState>[] = [];
  t.after(async () => {
    for (const pool of pools) pool.stop();
    simulator.stop();
    await server.close();
  });
  const deps = {
    clock: systemClock,
    random: () => 0.5,
    dials: new DialBudget(systemClock),
    telemetry,
    rewrite,
  };
  return {
    ...{ server, simulator, rest, instruments, telemetry, events, refused },
    pool: (channel) => {
      const rules = market.links[channel];
      const endpoint = (): Promise<string> => Promise.resolve(market.endpoints[channel]);
      const spec = { market, channel, rules, feed: coinbase.publicFeed, instruments, endpoint };
      const pool = new Pool(spec, deps, {
        onEvents: (received) => void events.push(...received),
        onRefused: (topics) => void refused.push(...topics.map(({ topic }) => topic)),
        onLive: () => undefined,
        onLost: () => undefined,
        onSilent: () => undefined,
      });
      pools.push(pool);
      return pool;
    },
  };
}

test('every ticker, twins included, on one connection with heartbeats', async (t) => {
  const one = await link(t, 1);
  const all = one.instruments.all();
  assert.deepEqual(
    [all.length, all.filter(({ venueSymbol, symbol }) => venueSymbol !== symbol).length],
    [25, 11],
  );
  const pool = one.pool('ticker');
  pool.want(all.map((instrument) => session.topicOf(market, { kind: 'ticker' }, instrument)));
  const symbols = new Set(all.map(({ symbol }) => symbol));
  await until('a ticker of every symbol', () => {
    const seen = new Set(one.events.map(({ symbol }) => symbol));
    return [...symbols].every((symbol) => seen.has(symbol));
  });
  await until('every topic confirmed', () => pool.tally().topics.confirmed === 25);
  assert.ok(one.events.every(({ symbol }) => symbols.has(symbol)));
  assert.equal(pool.connectionCount, 1);
  assert.deepEqual(one.refused, []);
  assert.deepEqual(one.server.violations.list(), []);
  assert.equal(
    one.telemetry.counted('connector_unknown_frames_total', { exchange: 'coinbase', channel: 'ticker' }),
    0,
  );
});

test('quiet connections stay open by their heartbeats', async (t) => {
  const one = await link(t, 1, { tickerMs: 60_000, quietMs: 100 });
  const pool = one.pool('ticker');
  pool.want(['ticker:BTC-USD']);
  await until('a ticker', () => one.events.length > 0);
  const before = one.server.stats()['wss://advanced-trade-ws.coinbase.com']!.framesOut;
  await until(
    'many heartbeats',
    () => one.server.stats()['wss://advanced-trade-ws.coinbase.com']!.framesOut > before + 10,
  );
  assert.equal(pool.tally().states.live, 1);
  assert.deepEqual(one.server.violations.list(), []);
});

/** The closed bars of both symbols are those of the ledger, in order; holes only where REST has to fill. */
function check(one: Link, interval: '1m' | '5m', symbol: string): readonly number[] {
  const closed = one.events.filter(
    (event): event is Candle => event.eventType === 'candle' && event.closed && event.interval === interval,
  );
  const own = closed.filter((bar) => bar.symbol === symbol);
  const twin = closed.filter((bar) => bar.symbol === `${symbol}C`);
  assert.deepEqual(
    twin.map((bar) => ({ ...bar, symbol })),
    own,
  );
  const ledger = new Map(one.server.ledger.candles({ interval }).map((bar) => [bar.start, bar]));
  for (const { start, open, high, low, close, volume } of own) {
    const bar = ledger.get(start);
    if (bar === undefined) continue; // from before the first subscription
    assert.deepEqual([open, high, low, close, volume], [bar.open, bar.high, bar.low, bar.close, bar.volume]);
  }
  const starts = own.map(({ start }) => start);
  assert.deepEqual(
    starts,
    [...new Set(starts)].sort((a, b) => a - b),
  );
  return starts.filter((start) => ledger.has(start));
}

for (const [interval, topic, warp] of [
  ['1m', 'market_trades:ETH-USD', 100],
  ['5m', 'candles:ETH-USD', 500],
] as const) {
  test(
    `closed ${interval} bars are exactly the venue's, also behind a gap`,
    { timeout: 60_000 },
    async (t) => {
      const one = await link(t, warp);
      one.pool('candle').want([topic]);
      const lengthMs = interval === '1m' ? 60_000 : 300_000;
      await until('some bars', () => check(one, interval, 'ETH-USD').length >= 4);
      const before = check(one, interval, 'ETH-USD');
      before.forEach((start, at) => assert.equal(start, before[0]! + at * lengthMs));
      one.simulator.skip();
      await until('bars behind the gap', () => check(one, interval, 'ETH-USD').length >= before.length + 3);
      const labels = { exchange: 'coinbase', channel: 'candle' };
      assert.equal(one.telemetry.counted('connector_unknown_frames_total', labels), 1);
      assert.deepEqual(one.server.violations.list(), []);
      const instrument = one.instruments.bySymbol('ETH-USDC')!;
      const fromMs = before[0]!;
      const bars = await one.rest.candles(market, {
        instrument,
        interval,
        fromMs,
        toMs: fromMs + 3 * lengthMs,
      });
      assert.deepEqual(
        bars.map(({ start }) => start),
        before.slice(0, 3),
      );
    },
  );
}
