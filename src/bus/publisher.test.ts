import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Candle, Ticker } from '../domain/events';
import { LastValues } from '../store/last-values';
import { MemoryStore } from '../store/memory';
import type { ChannelMessage } from '../store/ports';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { MemoryBroker } from './memory';
import { Outbox } from './outbox';
import type { OutgoingMessage } from './ports';
import type { CandleDelivery } from './publisher';
import { MarketPublisher } from './publisher';

const MINUTE = 60_000;
const START = 1_700_000_040_000;

const ticker: Ticker = {
  eventType: 'ticker',
  exchange: 'x',
  symbol: 'BTCUSDT',
  time: START,
  price: '10',
  open: '9',
  high: '11',
  low: '8',
  volume: '5',
  volumeQuote: '50',
  bestBid: '9.9',
  bestBidQnt: '1',
  bestAsk: '10.1',
  bestAskQnt: '2',
  hasBook: true,
};

const bar = (minute: number, closed: boolean, close = '10'): Candle => ({
  eventType: 'candle',
  exchange: 'x',
  symbol: 'BTCUSDT',
  interval: '1m',
  start: START + minute * MINUTE,
  open: '10',
  high: '11',
  low: '9',
  close,
  volume: '1',
  closed,
  time: START + minute * MINUTE,
});

const delivery = (over: Partial<CandleDelivery> = {}): CandleDelivery => ({
  aliases: ['1m'],
  receivedAt: START,
  isReconciled: false,
  isLate: false,
  movesCursor: true,
  ...over,
});

describe('MarketPublisher', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let broker: MemoryBroker;
  let store: MemoryStore;
  let outbox: Outbox;
  let lastValues: LastValues;
  let publisher: MarketPublisher;
  let isClosedOnly: boolean;
  let rabbit: OutgoingMessage[];
  let redis: ChannelMessage[];

  beforeEach(() => {
    clock = new FakeClock(START);
    telemetry = new RecordedTelemetry();
    broker = new MemoryBroker({ telemetry, clock });
    store = new MemoryStore(clock);
    outbox = new Outbox({ maxMessages: 2, maxBytes: 1e6 }, { broker, telemetry, clock, random: () => 0 });
    const keys = { tickers: (id: string) => `t:${id}`, candles: (id: string) => `c:${id}` };
    lastValues = new LastValues(store, keys, telemetry, clock, 1_000);
    isClosedOnly = false;
    publisher = new MarketPublisher(
      { broker, store, outbox, lastValues, telemetry, clock },
      { tickerBook: 'book', batchMs: 100, closedOnly: () => isClosedOnly },
    );
    rabbit = [];
    redis = [];
    broker.received('#', (message) => rabbit.push(message));
    store.published((message) => redis.push(message));
  });

  afterEach(async () => {
    publisher.close();
    lastValues.close();
    outbox.close();
    await broker.close();
    await store.close();
  });

  const cursor = (): Promise<number | undefined> => lastValues.candleCursor('x', 'BTCUSDT', '1m');
  const closes = (): unknown[] =>
    redis.map(({ payload }) => (JSON.parse(payload) as { close: unknown }).close);

  test('a ticker goes through both doors and is remembered', async () => {
    publisher.ticker(ticker, START);
    await clock.advanceAsync(1_000);
    assert.deepEqual(
      rabbit.map(({ routingKey, properties }) => [routingKey, properties.persistent]),
      [['ticker.x', false]],
    );
    assert.deepEqual(
      redis.map(({ channel }) => channel),
      ['trade@BTCUSDT@x'],
    );
    const body = JSON.parse(redis[0]?.payload ?? '') as Record<string, unknown>;
    assert.deepEqual([body['bestBid'], body['bestAsk']], [9.9, 10.1], 'TICKER_BOOK=book reaches the door');
    const [last] = await store.hashGet('t:x', ['BTCUSDT']);
    assert.deepEqual(JSON.parse(last ?? ''), ticker);
  });

  test('newest wins: tickers of one moment leave as one', async () => {
    for (const price of ['1', '2', '3']) publisher.ticker({ ...ticker, price }, START);
    await clock.advanceAsync(100);
    const { tickers } = JSON.parse(rabbit[0]?.body ?? '') as { tickers: Ticker[] };
    assert.deepEqual([rabbit.length, tickers.map(({ price }) => price)], [1, ['3']]);
    assert.equal(redis.length, 1);
  });

  test('candles that close together: Redis has them all before AMQP is encoded', async () => {
    const doors: string[] = [];
    broker.received('#', () => doors.push('rabbit'));
    store.published(() => doors.push('redis'));
    publisher.candle(bar(0, true), delivery());
    publisher.candle({ ...bar(0, true), symbol: 'ETHUSDT' }, delivery());
    await clock.advanceAsync(0);
    assert.deepEqual(doors, ['redis', 'redis', 'rabbit', 'rabbit']);
  });

  test('a closed candle: confirmed, persistent, on every requested channel; then it is the cursor', async () => {
    assert.equal(publisher.candle(bar(0, true), delivery({ aliases: ['1m', '1', 'min1'] })), true);
    assert.equal(await cursor(), undefined, 'not before the confirm');
    await clock.advanceAsync(0);
    assert.equal(await cursor(), START);
    const [message] = rabbit;
    assert.equal(message?.routingKey, 'candle.x.1m.BTCUSDT');
    assert.equal(message.properties.persistent, true);
    assert.ok(message.properties.messageId?.endsWith('1m@x'));
    assert.deepEqual(message.properties.headers, {
      'x-exchange': 'x',
      'x-closed': true,
      'x-reconciled': false,
    });
    assert.deepEqual(
      redis.map(({ channel }) => channel),
      ['BTCUSDT@x@1mCandle', 'BTCUSDT@x@1Candle', 'BTCUSDT@x@min1Candle'],
    );
  });

  test('a bar that may not move the cursor does not, and a reconciled one says so', async () => {
    publisher.candle(bar(0, true), delivery({ movesCursor: false, isReconciled: true }));
    await clock.advanceAsync(0);
    assert.equal(await cursor(), undefined);
    assert.equal(rabbit[0]?.properties.headers['x-reconciled'], true);
  });

  test('an unconfirmed candle never becomes the cursor', async () => {
    publisher.candle(bar(0, true), delivery());
    broker.goAway();
    await clock.advanceAsync(60_000);
    assert.equal(await cursor(), undefined);
    broker.comeBack();
    await clock.advanceAsync(0);
    assert.equal(await cursor(), START);
    assert.equal(rabbit.length, 1);
  });

  test('a full outbox refuses, and then nothing goes to Redis either', async () => {
    broker.goAway();
    const answers = [0, 1, 2].map((minute) => publisher.candle(bar(minute, true), delivery()));
    assert.deepEqual(answers, [true, true, false]);
    await clock.advanceAsync(0);
    assert.equal(redis.length, 2);
    const labels = { exchange: 'x', door: 'rabbit', kind: 'candle' };
    assert.equal(telemetry.counted('connector_published_total', labels), 2);
  });

  test('an open candle: transient on RabbitMQ once per period, on Redis with every frame', async () => {
    publisher.candle(bar(0, false, '10'), delivery());
    await clock.advanceAsync(10);
    publisher.candle(bar(0, false, '10.5'), delivery());
    await clock.advanceAsync(100);
    assert.deepEqual(closes(), ['10', '10.5']);
    assert.equal(rabbit.length, 1);
    assert.equal(rabbit[0]?.properties.persistent, false);
    assert.deepEqual(rabbit[0].properties.headers, { 'x-exchange': 'x', 'x-closed': false });
    assert.equal((JSON.parse(rabbit[0].body) as Candle).close, '10.5');
    assert.equal(await cursor(), undefined);
  });

  test('closed only: open candles stay away from Redis, not from RabbitMQ', async () => {
    isClosedOnly = true;
    publisher.candle(bar(0, false), delivery());
    await clock.advanceAsync(100);
    assert.deepEqual([redis.length, rabbit.length], [0, 1]);
    publisher.candle(bar(0, true), delivery());
    await clock.advanceAsync(100);
    assert.deepEqual([redis.length, rabbit.length], [1, 2]);
  });

  test('no open frame follows the closed one of its bar', async () => {
    publisher.candle(bar(0, false, '10.1'), delivery());
    publisher.candle(bar(0, true, '10.2'), delivery());
    await clock.advanceAsync(1_000);
    assert.deepEqual(closes(), ['10.2']);
    assert.deepEqual(
      rabbit.map(({ properties }) => properties.headers['x-closed']),
      [true],
    );
  });

  for (const [mode, expected] of [
    ['live', []],
    ['closed', ['10.7']],
  ] as const) {
    test(`a late bar on Redis, ${mode} frames: ${expected.length}; RabbitMQ always has it`, async () => {
      isClosedOnly = mode === 'closed';
      publisher.candle(bar(0, true, '10.7'), delivery({ isLate: true, isReconciled: true }));
      await clock.advanceAsync(0);
      assert.deepEqual(closes(), expected);
      assert.equal(rabbit.length, 1);
    });
  }

  test('Redis away: closed candles wait, in order', async () => {
    store.goAway();
    publisher.candle(bar(0, true, '1'), delivery());
    await clock.advanceAsync(1_000);
    publisher.candle(bar(1, true, '2'), delivery());
    assert.equal(redis.length, 0);
    store.comeBack();
    await clock.advanceAsync(0);
    assert.deepEqual(closes(), ['1', '2']);
  });

  test('after close nothing leaves and no timer is left', async () => {
    publisher.ticker(ticker, START);
    publisher.candle(bar(0, false), delivery());
    publisher.close();
    lastValues.close();
    await clock.advanceAsync(10_000);
    assert.deepEqual([rabbit.length, redis.length, clock.pendingCount], [0, 0, 0]);
  });
});
