import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { MemoryBroker } from '../bus/memory';
import { Outbox } from '../bus/outbox';
import type { OutgoingMessage } from '../bus/ports';
import type { Candle, MarketEvent } from '../domain/events';
import { MemoryStore } from '../store/memory';
import { FakeClock } from '../testing/fake-clock';
import type { Behaviour } from '../testing/hostile-server';
import { HostileServer } from '../testing/hostile-server';
import { tinyAdapter, TinyRest } from '../testing/market-venue';
import type { TinyDeps } from '../testing/tiny-venue';
import { drive, driveUntil, tinyDeps } from '../testing/tiny-venue';
import { PriceFamily } from './family';
import type { CandleRequest } from './requests';
import type { PriceSettings } from './settings';

const MINUTE = 60_000;
const START = 1_700_000_100_000;

const SETTINGS: PriceSettings = {
  role: 'candle',
  candleMode: 'auto',
  tickerBook: 'last',
  tickerBatchMs: 100,
  tickerCacheMs: 1_000,
  instrumentRefreshMs: 300_000,
  stallMs: 50_000,
  exchangeServiceUrl: '',
};

const bar = (minute: number): Candle => ({
  eventType: 'candle',
  exchange: 'tiny',
  symbol: 'BTCUSDT',
  interval: '1m',
  start: START + minute * MINUTE,
  open: '1',
  high: '1',
  low: '1',
  close: '1',
  volume: '1',
  closed: true,
  time: START + (minute + 1) * MINUTE,
});

const request = (symbol = 'BTCUSDT', exchange = 'tiny', alias = '1m'): CandleRequest => ({
  venue: 'tiny',
  exchange,
  symbol,
  interval: '1m',
  alias,
});

const TOPIC = 'btcusdt.candle.1m';

describe('PriceFamily', () => {
  let clock: FakeClock;
  let server: HostileServer;
  let transport: TinyDeps;
  let store: MemoryStore;
  let broker: MemoryBroker;
  let outbox: Outbox;
  let rest: TinyRest;
  let family: PriceFamily;
  let listed: string[];
  let events: MarketEvent[];
  let rabbit: OutgoingMessage[];

  beforeEach(async () => {
    clock = new FakeClock(START);
    server = await HostileServer.start();
    server.behave = (): Behaviour => ({ isDataless: true });
    transport = tinyDeps(clock, server.url);
    const { telemetry, random } = transport;
    store = new MemoryStore(clock);
    broker = new MemoryBroker({ telemetry, clock });
    outbox = new Outbox({ maxMessages: 3, maxBytes: 1e6 }, { broker, telemetry, clock, random });
    rest = new TinyRest();
    rest.listed = ['BTCUSDT', 'ETHUSDT'];
    events = [];
    listed = [];
    rabbit = [];
    broker.received('candle.#', (message) => rabbit.push(message));
  });

  afterEach(async () => {
    const stopped = family.stop(1_000);
    await driveUntil(clock, 'the family to stop', () => clock.pendingCount === 0);
    await stopped;
    outbox.close();
    await driveUntil(clock, 'every socket to close', () => server.open.length === 0);
    await server.close();
  });

  function open(settings: Partial<PriceSettings> = {}, enabled: readonly string[] = ['tiny']): void {
    const { telemetry, random, rewrite } = transport;
    family = new PriceFamily(
      tinyAdapter(rest),
      { ...SETTINGS, ...settings },
      {
        clock,
        random,
        telemetry,
        broker,
        store,
        outbox,
        rewrite,
        onEvent: (event) => events.push(event),
        onStall: () => undefined,
        onListed: ({ symbol }) => listed.push(symbol),
      },
    );
    family.setExchanges(enabled);
  }

  const topics = (): string[] => server.open.flatMap((connection) => [...connection.topics]).sort();
  const carrying = (...expected: string[]): Promise<void> =>
    driveUntil(clock, `topics ${expected.join()}`, () => `${topics()}` === `${expected}`);
  const say = (...bars: readonly Candle[]): void => {
    const carrier = server.open.find((connection) => connection.topics.has(TOPIC));
    assert.ok(carrier);
    for (const one of bars) carrier.push(TOPIC, JSON.stringify(one));
  };
  const outcomes = (outcome: string): number =>
    transport.telemetry.counted('connector_candle_requests_total', { outcome });

  test('runs exactly the enabled exchanges; running ones are not disturbed', async () => {
    open({ role: 'ticker' }, []);
    assert.deepEqual(family.status().markets, []);
    family.setExchanges(['tiny', 'unknown']);
    await carrying('btcusdt.ticker', 'ethusdt.ticker');
    const dials = server.dials;
    family.setExchanges(['tinyAll', 'tiny']);
    await carrying('all', 'btcusdt.ticker', 'ethusdt.ticker');
    assert.equal(server.dials, dials + 1);
    family.setExchanges(['tinyAll']);
    await carrying('all');
    assert.deepEqual(
      family.status().markets.map(({ exchange }) => exchange),
      ['tinyAll'],
    );
  });

  test('a wish is served once, and counted by its outcome', async () => {
    open();
    family.subscribeCandle(request());
    family.subscribeCandle(request());
    family.subscribeCandle(request('BTCUSDT', 'tiny', 'min1'));
    family.subscribeCandle(request('NOPEUSDT'));
    family.subscribeCandle({ ...request(), interval: '1s', alias: '1s' });
    await carrying(TOPIC);
    await driveUntil(clock, 'all outcomes', () => outcomes('subscribed') === 2);
    assert.deepEqual([outcomes('unknown symbol'), outcomes('unsupported'), outcomes('failed')], [1, 1, 0]);
  });

  test('a wish for an exchange that is off waits for it', async () => {
    open({}, []);
    family.subscribeCandle(request());
    await drive(clock, 5_000);
    assert.equal(server.dials, 0);
    family.setExchanges(['tiny']);
    await carrying(TOPIC);
  });

  test('switched off and on again: the market has its wishes back, but for those given up', async () => {
    open();
    family.subscribeCandle(request('BTCUSDT'));
    family.subscribeCandle(request('ETHUSDT'));
    await carrying(TOPIC, 'ethusdt.candle.1m');
    family.setExchanges([]);
    await carrying();
    family.unsubscribeCandle(request('ETHUSDT'));
    family.setExchanges(['tiny']);
    await carrying(TOPIC);
  });

  test('given up before it was served: no subscription is left behind', async () => {
    open();
    family.subscribeCandle(request());
    family.unsubscribeCandle(request());
    await drive(clock, 10_000);
    assert.deepEqual(topics(), []);
  });

  test('given up and asked for again at once: it is served', async () => {
    open();
    family.subscribeCandle(request());
    family.unsubscribeCandle(request());
    family.subscribeCandle(request());
    await carrying(TOPIC);
  });

  test('a full outbox with room again: the bars that it refused are read from the venue', async () => {
    open();
    family.subscribeCandle(request());
    await carrying(TOPIC);
    broker.goAway();
    say(bar(0), bar(1), bar(2), bar(3), bar(4));
    await driveUntil(
      clock,
      'a refusal',
      () => transport.telemetry.counted('connector_outbox_refused_total') > 0,
    );
    rest.bars = [0, 1, 2, 3, 4].map(bar);
    clock.advance(5 * MINUTE);
    broker.comeBack();
    const starts = (): Set<number> =>
      new Set(rabbit.map(({ body }) => JSON.parse(body) as Candle).map(({ start }) => start));
    await driveUntil(clock, 'all five bars', () => starts().size === 5);
    assert.deepEqual(
      [...starts()],
      rest.bars.map(({ start }) => start),
    );
  });

  test('any number of unknown symbols: the listed ones stay, the forgotten may be asked for again', async () => {
    open();
    family.subscribeCandle(request());
    await carrying(TOPIC);
    family.subscribeCandle(request('LATER'));
    await driveUntil(clock, 'the answer', () => outcomes('unknown symbol') === 1);
    for (let i = 0; i < 10_000; i += 1) family.subscribeCandle(request(`NOPE${i}`));
    await driveUntil(clock, 'all answers', () => outcomes('unknown symbol') === 10_001);
    rest.listed = ['BTCUSDT', 'LATER'];
    await drive(clock, SETTINGS.instrumentRefreshMs + 5_000, 5_000);
    assert.deepEqual([topics(), listed], [[TOPIC], ['BTCUSDT']]);
    family.subscribeCandle(request('LATER'));
    await carrying(TOPIC, 'later.candle.1m');
    assert.deepEqual(listed, ['BTCUSDT', 'LATER']);
    family.setExchanges([]);
    await carrying();
    family.setExchanges(['tiny']);
    await carrying(TOPIC, 'later.candle.1m');
  });

  for (const [candleMode, closedOnRedis] of [
    ['auto', false],
    ['closed', true],
    ['live', false],
  ] as const) {
    test(`CANDLE_MODE=${candleMode}: forming candles on Redis: ${!closedOnRedis}`, async () => {
      const onRedis: unknown[] = [];
      store.published(({ payload }) => onRedis.push((JSON.parse(payload) as Candle).closed));
      open({ candleMode });
      family.subscribeCandle(request());
      await carrying(TOPIC);
      say({ ...bar(0), closed: false });
      await driveUntil(clock, 'the open frame', () => events.length === 1);
      await drive(clock, 200);
      say(bar(0));
      await driveUntil(clock, 'the closed bar', () => onRedis.includes(true));
      assert.deepEqual(onRedis, closedOnRedis ? [true] : [false, true]);
    });
  }

  describe('stop', () => {
    test('true once everything is confirmed; the cursor is stored', async () => {
      open();
      family.subscribeCandle(request());
      await carrying(TOPIC);
      say(bar(0));
      await driveUntil(clock, 'the bar', () => events.length === 1, 1);
      assert.equal(await family.stop(1_000), true);
      const [text] = await store.hashGet('connector:candle:tiny', ['BTCUSDT@1m']);
      assert.equal((JSON.parse(text ?? '') as Candle).start, bar(0).start);
    });

    test('false at the deadline while the broker is away; no cursor is stored', async () => {
      open();
      family.subscribeCandle(request());
      await carrying(TOPIC);
      broker.goAway();
      say(bar(0));
      await driveUntil(clock, 'the bar', () => events.length === 1);
      const stopped = family.stop(5_000);
      await drive(clock, 5_000);
      assert.equal(await stopped, false);
      const [text] = await store.hashGet('connector:candle:tiny', ['BTCUSDT@1m']);
      assert.equal(text, undefined);
    });
  });
});
