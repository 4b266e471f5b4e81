import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { MemoryBroker } from '../bus/memory';
import { Outbox } from '../bus/outbox';
import { MarketPublisher } from '../bus/publisher';
import type { Candle, MarketEvent, Ticker } from '../domain/events';
import { LastValues } from '../store/last-values';
import { MemoryStore } from '../store/memory';
import { FakeClock } from '../testing/fake-clock';
import type { Behaviour, HostileConnection } from '../testing/hostile-server';
import { HostileServer } from '../testing/hostile-server';
import { tinyAdapter, tinyAllMarket, tinyMarket, TinyRest } from '../testing/market-venue';
import type { TinyDeps } from '../testing/tiny-venue';
import { drive, driveUntil, tinyDeps } from '../testing/tiny-venue';
import type { MarketDescriptor } from '../venues/contract';
import { BackfillQueue } from './backfill';
import type { PriceRole } from './market';
import { PriceMarket } from './market';
import type { CandleRequest } from './requests';
import type { Stall } from './stall-watch';

const MINUTE = 60_000;
const START = 1_700_000_100_000;
const REFRESH_MS = 300_000;
const STALL_MS = 50_000;

const ticker = (symbol: string, price: string, exchange = 'tiny'): Ticker => ({
  eventType: 'ticker',
  exchange,
  symbol,
  time: START,
  price,
  open: '1',
  high: '1',
  low: '1',
  volume: '1',
  volumeQuote: '1',
  bestBid: price,
  bestBidQnt: '1',
  bestAsk: price,
  bestAskQnt: '1',
  hasBook: false,
});

const bar = (minute: number, symbol = 'BTCUSDT'): Candle => ({
  eventType: 'candle',
  exchange: 'tiny',
  symbol,
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

const request = (symbol = 'BTCUSDT', over: Partial<CandleRequest> = {}): CandleRequest => ({
  venue: 'tiny',
  exchange: 'tiny',
  symbol,
  interval: '1m',
  alias: 'min1',
  ...over,
});

describe('PriceMarket', () => {
  let clock: FakeClock;
  let server: HostileServer;
  let transport: TinyDeps;
  let store: MemoryStore;
  let broker: MemoryBroker;
  let rest: TinyRest;
  let market: PriceMarket;
  let close: () => void;
  let events: MarketEvent[];
  let stalls: Stall[];
  let channels: string[];
  let listed: string[];

  beforeEach(async () => {
    clock = new FakeClock(START);
    server = await HostileServer.start();
    server.behave = (): Behaviour => ({ isDataless: true });
    transport = tinyDeps(clock, server.url);
    rest = new TinyRest();
    events = [];
    stalls = [];
    channels = [];
    listed = [];
  });

  afterEach(async () => {
    market.stop();
    close();
    await driveUntil(clock, 'every timer to end', () => clock.pendingCount === 0);
    await driveUntil(clock, 'every socket to close', () => server.open.length === 0);
    await server.close();
  });

  function open(role: PriceRole = 'all', descriptor: MarketDescriptor = tinyMarket): void {
    const { telemetry, random } = transport;
    const base = { clock, telemetry, random };
    store = new MemoryStore(clock);
    broker = new MemoryBroker(base);
    store.published(({ channel }) => channels.push(channel));
    const outbox = new Outbox({ maxMessages: 100, maxBytes: 1e6 }, { broker, ...base });
    const keys = { tickers: (id: string) => `t:${id}`, candles: (id: string) => `c:${id}` };
    const lastValues = new LastValues(store, keys, telemetry, clock, 1_000);
    const publisher = new MarketPublisher(
      { broker, store, outbox, lastValues, telemetry, clock },
      { tickerBook: 'last', batchMs: 100, closedOnly: () => false },
    );
    const backfill = new BackfillQueue('tiny', base);
    market = new PriceMarket(
      { adapter: tinyAdapter(rest), market: descriptor },
      {
        ...base,
        transport,
        publisher,
        lastValues,
        rest,
        backfill,
        clockOffset: { ms: 0 },
        instrumentRefreshMs: REFRESH_MS,
        stallMs: STALL_MS,
        role,
        onEvent: (event) => events.push(event),
        onStall: (stall) => stalls.push(stall),
        onListed: ({ symbol }) => listed.push(symbol),
      },
    );
    close = () => {
      backfill.stop();
      publisher.close();
      lastValues.close();
      outbox.close();
    };
    market.start();
  }

  const topics = (): string[] => server.open.flatMap((connection) => [...connection.topics]).sort();
  const carrying = async (...expected: string[]): Promise<void> =>
    driveUntil(
      clock,
      `topics ${expected.join()}, not ${topics().join()}`,
      () => `${topics()}` === `${expected}`,
    );
  const carrierOf = (topic: string): HostileConnection => {
    const found = server.open.find((connection) => connection.topics.has(topic));
    assert.ok(found, topic);
    return found;
  };
  const ignored = (channel: string): number =>
    transport.telemetry.counted('connector_future_events_total', { exchange: 'tiny', channel });
  const say = async (topic: string, event: MarketEvent): Promise<void> => {
    const before = events.length;
    carrierOf(topic).push(topic, JSON.stringify(event));
    await driveUntil(clock, `the event of ${topic}`, () => events.length > before, 10);
  };

  test('every listed symbol: its ticker is published and told', async () => {
    rest.listed = ['BTCUSDT', 'ETHUSDT'];
    open();
    await carrying('btcusdt.ticker', 'ethusdt.ticker');
    await say('ethusdt.ticker', ticker('ETHUSDT', '7'));
    assert.deepEqual(events, [ticker('ETHUSDT', '7')]);
    await driveUntil(clock, 'Redis', () => channels.includes('trade@ETHUSDT@tiny'));
  });

  test('a market with one topic for all: it is asked for at once, whatever is listed', async () => {
    rest.isDown = true;
    open('all', tinyAllMarket);
    await carrying('all');
    await say('all', ticker('NEWUSDT', '1', 'tinyAll'));
  });

  test('listings appear and delistings vanish without a restart', async () => {
    open();
    await carrying('btcusdt.ticker');
    rest.listed = ['ETHUSDT', 'SOLUSDT'];
    await drive(clock, REFRESH_MS, 5_000);
    await carrying('ethusdt.ticker', 'solusdt.ticker');
    assert.equal(market.status().instruments, 2);
  });

  for (const [role, expected, outcome] of [
    ['ticker', ['btcusdt.ticker'], 'unsupported'],
    ['candle', ['btcusdt.candle.1m'], 'subscribed'],
    ['all', ['btcusdt.candle.1m', 'btcusdt.ticker'], 'subscribed'],
  ] as const) {
    test(`role ${role} carries ${expected.join(' and ')}`, async () => {
      open(role);
      assert.equal(await market.subscribeCandle(request()), outcome);
      await carrying(...expected);
    });
  }

  test('tickers and candles never share a connection', async () => {
    open();
    await market.subscribeCandle(request());
    await carrying('btcusdt.candle.1m', 'btcusdt.ticker');
    assert.notEqual(carrierOf('btcusdt.candle.1m'), carrierOf('btcusdt.ticker'));
  });

  test('a candle comes on the requested channel; a bar of no series is nobody’s', async () => {
    open('candle');
    await market.subscribeCandle(request());
    await carrying('btcusdt.candle.1m');
    carrierOf('btcusdt.candle.1m').push('btcusdt.candle.1m', JSON.stringify(bar(0, 'OTHER')));
    await say('btcusdt.candle.1m', bar(0));
    assert.deepEqual(events, [bar(0)]);
    await driveUntil(clock, 'Redis', () => channels.length > 0);
    assert.deepEqual(channels, ['BTCUSDT@tiny@min1Candle']);
  });

  test('an interval that can be had in no way is refused', async () => {
    open('candle');
    assert.equal(await market.subscribeCandle(request('BTCUSDT', { interval: '1s' })), 'unsupported');
    assert.deepEqual(topics(), []);
  });

  test('a symbol that is not listed yet: kept, and served from its listing on', async () => {
    open('candle');
    assert.equal(await market.subscribeCandle(request('NEWUSDT')), 'unknown symbol');
    rest.listed = ['BTCUSDT', 'NEWUSDT'];
    assert.deepEqual(listed, []);
    await drive(clock, REFRESH_MS, 5_000);
    await carrying('newusdt.candle.1m');
    assert.deepEqual(listed, ['NEWUSDT']);
  });

  test('a symbol listed a moment ago: the list is asked for again, not only at the next refresh', async () => {
    open('candle');
    await driveUntil(clock, 'the list', () => market.status().instruments === 1);
    rest.listed = ['BTCUSDT', 'NEWUSDT'];
    await drive(clock, 30_000, 5_000);
    assert.equal(await market.subscribeCandle(request('NEWUSDT')), 'subscribed');
  });

  test('a wish given up before the listing is not served', async () => {
    open('candle');
    await market.subscribeCandle(request('NEWUSDT'));
    market.unsubscribeCandle(request('NEWUSDT'));
    rest.listed = ['BTCUSDT', 'NEWUSDT'];
    await drive(clock, REFRESH_MS + 10_000, 5_000);
    assert.deepEqual(topics(), []);
  });

  test('a symbol that is missing from one list and back in the next: its candles go on', async () => {
    rest.listed = ['BTCUSDT', 'ETHUSDT'];
    open('candle');
    await market.subscribeCandle(request());
    await carrying('btcusdt.candle.1m');
    rest.listed = ['ETHUSDT'];
    await drive(clock, REFRESH_MS, 5_000);
    await carrying();
    rest.listed = ['BTCUSDT', 'ETHUSDT'];
    await drive(clock, REFRESH_MS, 5_000);
    await carrying('btcusdt.candle.1m');
    market.unsubscribeCandle(request());
    await carrying();
    await drive(clock, REFRESH_MS, 5_000);
    assert.deepEqual(topics(), []);
  });

  test('a cut: what closed meanwhile is read from the venue, before the bars behind it', async () => {
    open('candle');
    await market.subscribeCandle(request());
    await carrying('btcusdt.candle.1m');
    await say('btcusdt.candle.1m', bar(0));
    rest.bars = [bar(0), bar(1), bar(2)];
    clock.advance(MINUTE);
    server.behave = (): Behaviour => ({ handshake: { status: 503 } });
    server.latest?.cut();
    await drive(clock, 2 * MINUTE, 1_000);
    server.behave = (): Behaviour => ({ isDataless: true });
    await carrying('btcusdt.candle.1m');
    await driveUntil(clock, 'the back-fill', () => events.length >= 3);
    assert.deepEqual(
      events.slice(0, 3).map((event) => (event as Candle).start),
      [0, 1, 2].map((minute) => bar(minute).start),
    );
  });

  test('dated 30 days ahead: neither published nor believed; what follows is served as ever', async () => {
    open();
    await market.subscribeCandle(request());
    await carrying('btcusdt.candle.1m', 'btcusdt.ticker');
    await say('btcusdt.candle.1m', bar(0));
    const future = 30 * 24 * 60;
    const tickers = carrierOf('btcusdt.ticker');
    const candles = carrierOf('btcusdt.candle.1m');
    tickers.push('btcusdt.ticker', JSON.stringify({ ...ticker('BTCUSDT', '9'), time: bar(future).time }));
    candles.push('btcusdt.candle.1m', JSON.stringify({ ...bar(future), time: START }));
    candles.push('btcusdt.candle.1m', JSON.stringify(bar(future)));
    await say('btcusdt.ticker', ticker('BTCUSDT', '8'));
    await driveUntil(clock, 'both are counted', () => ignored('candle') === 2 && ignored('ticker') === 1);
    assert.deepEqual(events, [bar(0), ticker('BTCUSDT', '8')]);
    rest.bars = [1, 2, 3].map((minute) => bar(minute));
    clock.advance(3 * MINUTE);
    await say('btcusdt.candle.1m', bar(3));
    await driveUntil(clock, 'the hole to be filled', () => events.length >= 5);
    assert.deepEqual(
      events.slice(2, 5).map((event) => (event as Candle).start),
      [1, 2, 3].map((minute) => bar(minute).start),
    );
    const asked = rest.queries.map(({ toMs }) => toMs);
    assert.ok(Math.max(...asked) <= bar(10).start, `${asked.join()}`);
  });

  const unreachable = (): Behaviour => ({ handshake: { status: 503 } });

  test('no data since the start is told as a matter of connecting', async () => {
    server.behave = unreachable;
    open('ticker');
    await drive(clock, STALL_MS - 10_000, 1_000);
    assert.equal(stalls.length, 0);
    await driveUntil(clock, 'the stall', () => stalls.length > 0, 1_000);
    assert.deepEqual(
      stalls.map(({ exchange, kind }) => [exchange, kind]),
      [['tiny', 'connect']],
    );
  });

  test('the first candle of a quiet hour: silence counts from the request on', async () => {
    server.behave = unreachable;
    open('candle');
    await drive(clock, 60 * MINUTE - 2_000, 2_000);
    await market.subscribeCandle(request());
    await drive(clock, STALL_MS - 5_000, 1_000);
    assert.deepEqual(stalls, []);
    await driveUntil(clock, 'the stall', () => stalls.length > 0, 1_000);
    assert.deepEqual(
      stalls.map(({ kind, staleSeconds }) => [kind, staleSeconds <= 70]),
      [['connect', true]],
    );
  });

  test('a thin candle topic that nobody trades for minutes is not stalled', async () => {
    open('candle');
    await market.subscribeCandle(request());
    await carrying('btcusdt.candle.1m');
    await say('btcusdt.candle.1m', bar(0));
    await drive(clock, 5 * MINUTE, 5_000);
    assert.deepEqual(stalls, []);
  });

  test('a market that nobody asked anything of is not stalled', async () => {
    open('candle');
    await drive(clock, 3 * STALL_MS, 5_000);
    assert.deepEqual(stalls, []);
  });

  test('status: connections, topics and series', async () => {
    open();
    await market.subscribeCandle(request());
    await carrying('btcusdt.candle.1m', 'btcusdt.ticker');
    await driveUntil(clock, 'both live', () => {
      const { pools, series } = market.status();
      const live = pools.filter(({ connections }) => connections[0]?.state === 'live');
      return live.length === 2 && series?.count === 1;
    });
  });
});
