/** What every venue must hold, found by walking the registry: a new venue is tested by being registered. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { rewriter } from '../config';
import { parseEndpoints } from '../config/endpoints';
import type { MarketEvent } from '../domain/events';
import type { Instrument } from '../domain/instrument';
import { InstrumentIndex } from '../domain/instrument';
import { isDecimal, isPositive } from '../domain/decimal';
import { systemClock } from '../ops/clock';
import { candleSource } from '../priceConnector/candle-source';
import type { Simulator } from '../simulator';
import { startSimulator } from '../simulator';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { until } from '../testing/services';
import { DialBudget } from '../transport/limits';
import { DataLiveness } from '../transport/liveness';
import { Pool } from '../transport/pool';
import { requestsFor } from '../transport/requests';
import type { Channel, MarketDescriptor, Topic, VenueAdapter, VenueRest } from '../venues/contract';
import { allVenues } from '../venues/registry';

const SYMBOLS = 40;
/** What the backend offers of every venue (contract 3.2). */
const OFFERED = ['1m', '5m', '15m', '30m', '1h', '2h', '1d'] as const;
const CHANNELS = ['ticker', 'candle'] as const;
/** One for all, as in a process: venues count handshakes per address. */
const dials = new DialBudget(systemClock);

for (const { descriptor } of allVenues()) {
  const { venue } = descriptor;

  test(`${venue}: its folder holds recordings of tickers, candles and control frames`, () => {
    const recorded = fixturesOf(venue);
    const ids = descriptor.markets.map(({ exchange }) => exchange);
    assert.ok(
      recorded.every(({ exchange }) => ids.includes(exchange)),
      'of no other venue',
    );
    const streams = new Set(recorded.map(({ stream }) => stream));
    for (const stream of ['ticker', 'candle', 'control']) assert.ok(streams.has(stream), `no ${stream}`);
  });
}

describe('every registered venue', { timeout: 280_000 }, () => {
  let simulator: Simulator;
  let rewrite: (url: string) => string;
  const rests = new Map<string, VenueRest>();

  before(async () => {
    simulator = await startSimulator({ symbols: SYMBOLS, warp: 30 });
    rewrite = rewriter(parseEndpoints(simulator.overrides()));
    for (const adapter of allVenues()) {
      rests.set(adapter.descriptor.venue, adapter.connectRest({ rewrite, timeoutMs: 10_000 }));
    }
  });

  after(() => simulator.close());

  const markets: readonly (readonly [VenueAdapter, MarketDescriptor])[] = allVenues().flatMap((adapter) =>
    adapter.descriptor.markets.map((market) => [adapter, market] as const),
  );
  const restOf = ({ descriptor }: VenueAdapter): VenueRest => rests.get(descriptor.venue)!;

  test('a busy ticker feed that falls silent is found within 15 s, on every market but a thinly traded one', () => {
    for (const [, { exchange, links }] of markets) {
      const flow = new DataLiveness(links.ticker.silence, 0);
      let now = 0;
      for (; now < 120_000; now += 100) {
        flow.data(now);
        if (now % 1_000 === 0) assert.notEqual(flow.check(now), 'silent');
      }
      const since = now;
      while (flow.check(now) !== 'silent') now += 1_000;
      const limitMs = exchange === 'binanceUS' ? 61_000 : 15_000;
      assert.ok(now - since <= limitMs, `${exchange}: found after ${now - since} ms`);
    }
  });

  test('all 17 exchange values are there, each with its own candles', () => {
    assert.deepEqual(
      markets.map(([, { exchange }]) => exchange).sort(),
      [
        ...[
          'binance',
          'binanceCoinm',
          'binanceUS',
          'binanceUsdm',
          'bitget',
          'bitgetCoinm',
          'bitgetUsdm',
          'bybit',
        ],
        ...['bybitInverse', 'bybitLinear', 'coinbase', 'kucoin', 'kucoinInverse', 'kucoinLinear', 'okx'],
        ...['okxInverse', 'okxLinear'],
      ].sort(),
    );
    for (const [, market] of markets) {
      for (const interval of OFFERED) {
        assert.ok(candleSource(market, interval), `${market.exchange} has no way to ${interval}`);
      }
    }
  });

  for (const [adapter, market] of markets) {
    const { exchange } = market;

    test(`${exchange}: any text is decoded without a throw, and without a broken amount`, () => {
      const { codec } = adapter.publicFeed;
      const context = {
        state: codec.begin(market),
        market,
        receivedAt: 1,
        instruments: new InstrumentIndex(),
      };
      const hostile = fc.oneof(
        fc.string(),
        fc.json(),
        fc.constantFrom('{"__proto__":1}', '[]', 'null', '{"data":[{}]}'),
      );
      fc.assert(
        fc.property(hostile, (text) => {
          const decoded = codec.decode(text, context);
          if (decoded.kind === 'events') for (const event of decoded.events) assertSound(event);
        }),
        { numRuns: 200 },
      );
    });

    test(`${exchange}: no request exceeds a limit, however many and long the symbols`, () => {
      const { session } = adapter.publicFeed;
      const instruments = Array.from({ length: 1_000 }, (_, i): Instrument => {
        const name = `${'LONGNAME'.repeat(3)}${String(i).padStart(4, '0')}`;
        return { exchange, symbol: name, venueSymbol: name, base: name, quote: 'USDT' };
      });
      for (const channel of CHANNELS) {
        const rules = market.links[channel];
        const interval = market.intervals[0]!;
        const want =
          channel === 'ticker' ? ({ kind: 'ticker' } as const) : ({ kind: 'candle', interval } as const);
        const topics = [...new Set(instruments.map((one) => session.topicOf(market, want, one)))];
        let id = 0;
        for (const wording of [session.subscribe, session.unsubscribe]) {
          for (const request of requestsFor(wording, topics, rules, () => (id += 1))) {
            assert.ok(request.topics.length <= rules.topicsPerRequest);
            assert.ok(Buffer.byteLength(request.frame) <= rules.requestBytes);
          }
        }
      }
    });
  }

  describe('all of them at once', () => {
    interface Line {
      readonly name: string;
      readonly exchange: string;
      readonly pool: Pool<MarketEvent, unknown>;
      readonly seen: MarketEvent[];
    }
    const lines: Line[] = [];
    const counts = (): number[] => lines.map(({ seen }) => seen.length);

    before(async () => {
      for (const [adapter, market] of markets) {
        for (const channel of CHANNELS) {
          const seen: MarketEvent[] = [];
          const pool = await openPool(adapter, market, channel, seen);
          pool.want(await topicsOf(adapter, market, channel));
          lines.push({ name: `${market.exchange} ${channel}`, exchange: market.exchange, pool, seen });
        }
      }
    });

    after(() => {
      for (const { pool } of lines) pool.stop();
    });

    /** Waits until every line has more events than then. */
    async function moreThan(then: readonly number[], what: string, of: RegExp = /./): Promise<void> {
      const silent = (): string[] =>
        lines.filter(({ name, seen }, i) => of.test(name) && seen.length <= then[i]!).map(({ name }) => name);
      await until(what, () => silent().length === 0, 90_000).catch(() => {
        throw new Error(`${what}: nothing from ${silent().join(', ')}`);
      });
    }

    test('every market has tickers and candles', () =>
      moreThan(
        counts().map(() => 0),
        'first data',
      ));

    for (const [trouble, faults, drop] of [
      ['every socket is closed with 1013', {}, { code: 1013 }],
      ['every socket just dies', {}, {}],
      ['every second frame is garbage', { garble: { kind: 'garbage', every: 2 } }, undefined],
      ['every second frame is cut short', { garble: { kind: 'truncated', every: 2 } }, undefined],
      ['dials are refused for a while', { dial: { status: 503 } }, {}],
    ] as const) {
      test(`${trouble}: all of them are back by themselves`, async () => {
        simulator.faults.set(faults);
        if (drop) {
          simulator.drop(drop);
          await until('noticed', () => lines.every(({ pool }) => pool.tally().states.live === 0));
        } else {
          // Tickers only: a bar that is built from every single trade is rightly silent meanwhile.
          await moreThan(counts(), 'data between the spoilt frames', / ticker$/);
        }
        simulator.faults.clear();
        await moreThan(counts(), 'data again');
      });
    }

    test('every event is of its own market and has sound amounts', () => {
      for (const { exchange, seen } of lines) {
        for (const event of seen) {
          assert.equal(event.exchange, exchange);
          assertSound(event);
        }
      }
    });

    test('and no limit of any venue was broken', () => {
      // Where the answer to a request was garbage, asking again is all that a client can do.
      const broken = simulator.violations().filter(({ rule }) => rule !== 'duplicateTopic');
      assert.deepEqual(broken, []);
    });
  });

  async function topicsOf(
    adapter: VenueAdapter,
    market: MarketDescriptor,
    channel: (typeof CHANNELS)[number],
  ): Promise<readonly Topic[]> {
    if (channel === 'ticker' && market.allTickers) return market.allTickers;
    const interval = market.intervals[0]!;
    const want =
      channel === 'ticker' ? ({ kind: 'ticker' } as const) : ({ kind: 'candle', interval } as const);
    const instruments = await restOf(adapter).instruments(market);
    return instruments.map((one) => adapter.publicFeed.session.topicOf(market, want, one));
  }

  async function openPool(
    adapter: VenueAdapter,
    market: MarketDescriptor,
    channel: Channel & ('ticker' | 'candle'),
    seen: MarketEvent[],
  ): Promise<Pool<MarketEvent, unknown>> {
    const rest = restOf(adapter);
    const { session } = adapter.publicFeed;
    return new Pool<MarketEvent, unknown>(
      {
        market,
        channel,
        rules: market.links[channel],
        feed: adapter.publicFeed,
        instruments: new InstrumentIndex(await rest.instruments(market)),
        endpoint: async () => (await session.endpoint?.(market, channel, rest)) ?? market.endpoints[channel],
        ...(session.awaitsWelcome && { login: () => [] }),
      },
      {
        clock: systemClock,
        random: () => 0,
        dials,
        telemetry: new RecordedTelemetry(),
        rewrite,
      },
      {
        onEvents: (events) => seen.push(...events),
        onLive: () => undefined,
        onLost: () => undefined,
        onRefused: () => undefined,
        onSilent: () => undefined,
      },
    );
  }
});

interface Fixture {
  readonly exchange: string;
  readonly stream: string;
  readonly frames: readonly unknown[];
}

/** Public recordings beside a venue's code; none where there is no such folder. */
function fixturesOf(venue: string): readonly Fixture[] {
  const folder = join(__dirname, '../venues', venue, '__fixtures__');
  if (!existsSync(folder)) return [];
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.map((text) => JSON.parse(text) as Fixture).filter(({ frames }) => frames.length > 0);
}

function assertSound(event: MarketEvent): void {
  const { exchange, symbol, time } = event;
  assert.ok(Number.isSafeInteger(time) && symbol.length > 0, `${exchange} ${symbol} ${time}`);
  if (event.eventType === 'ticker') {
    const { price, bestBid, bestAsk, volume, open, high, low } = event;
    assert.ok([price, bestBid, bestAsk].every(isPositive), JSON.stringify(event));
    assert.ok([volume, open, high, low].every(isDecimal), JSON.stringify(event));
  } else {
    const { open, high, low, close, volume } = event;
    assert.ok([open, high, low, close].every(isPositive) && isDecimal(volume), JSON.stringify(event));
  }
}
