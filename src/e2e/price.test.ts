/**
 * The whole chain on real parts: simulated venue over real sockets, worker threads, RabbitMQ and Redis
 * through breakable proxies. The simulator's own ledger is the truth.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { loadConfig } from '../config';
import type { Candle } from '../domain/events';
import PriceConnector from '../priceConnector';
import type { WorkerHandle } from '../priceConnector/supervisor';
import { threadSpawner } from '../priceConnector/thread';
import type { Simulator } from '../simulator';
import { startSimulator } from '../simulator';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { openRedisProbe, RabbitProbe, rabbitService, redisService, until } from '../testing/services';
import { TcpProxy } from '../testing/tcp-proxy';

/** One venue minute takes two seconds. */
const WARP = 30;
const WISHES = [
  { exchange: 'binance', symbol: 'BTCUSDT' },
  { exchange: 'binanceUsdm', symbol: 'BTCUSDT' },
  { exchange: 'binanceCoinm', symbol: 'BTCUSD_PERP' },
  { exchange: 'binanceUS', symbol: 'BTCUSD' },
] as const;

interface Delivered {
  readonly candle: Candle;
  readonly persistent: boolean;
  readonly messageId: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

describe('price connector, end to end', { timeout: 240_000 }, () => {
  let simulator: Simulator;
  let rabbitProxy: TcpProxy;
  let redisProxy: TcpProxy;
  let probe: RabbitProbe;
  let redis: Redis;
  let connector: PriceConnector;
  const workers: WorkerHandle[] = [];
  const telemetry = new RecordedTelemetry();
  const closed: Delivered[] = [];
  const open: Delivered[] = [];
  const batches: { exchange: string; tickers: unknown[] }[] = [];
  const onRedis = new Map<string, unknown[]>();
  const notices: Record<string, unknown>[] = [];
  let queue: string;

  before(async () => {
    simulator = await startSimulator({ venues: ['binance'], warp: WARP, symbols: 25 });
    rabbitProxy = await TcpProxy.start(rabbitService);
    redisProxy = await TcpProxy.start(redisService);
    redis = await openRedisProbe();
    // Cursors of an earlier run; nothing else, others use the server as well.
    const stale = await redis.keys('connector:candle:*');
    if (stale.length > 0) await redis.del(...stale);
    redis.on('pmessage', (_pattern: string, channel: string, text: string) => {
      const messages = onRedis.get(channel) ?? [];
      messages.push(JSON.parse(text));
      onRedis.set(channel, messages);
    });
    redis.on('message', (_channel: string, text: string) =>
      notices.push(JSON.parse(text) as (typeof notices)[0]),
    );
    await redis.psubscribe('trade@*', '*Candle');
    await redis.subscribe('serviceLog');

    probe = await RabbitProbe.open();
    await probe.channel.assertExchange('gainium.events', 'topic', { durable: true });
    queue = probe.queueName('e2e');
    await probe.channel.assertQueue(queue, { durable: true });
    for (const key of ['candle.#', 'ticker.#']) await probe.channel.bindQueue(queue, 'gainium.events', key);
    await probe.channel.consume(
      queue,
      (message) => {
        if (!message) return;
        const body = JSON.parse(message.content.toString()) as unknown;
        const {
          deliveryMode,
          messageId,
          headers = {},
        } = message.properties as {
          deliveryMode?: number;
          messageId?: unknown;
          headers?: Record<string, unknown>;
        };
        if (message.fields.routingKey.startsWith('ticker.')) batches.push(body as (typeof batches)[0]);
        else {
          const candle = body as Candle;
          const delivered = { candle, persistent: deliveryMode === 2, messageId, headers };
          (candle.closed ? closed : open).push(delivered);
        }
      },
      { noAck: true },
    );

    const config = loadConfig({
      REDIS_HOST: redisProxy.host,
      REDIS_PORT: String(redisProxy.port),
      RABBIT_HOST: rabbitProxy.host,
      RABBIT_PORT: String(rabbitProxy.port),
      RABBIT_USER: rabbitService.user,
      RABBIT_PASSWORD: rabbitService.password,
      EXCHANGE_SERVICE_API_URL: '',
      PRICE_CONNECTOR_EXCHANGES: 'binance,binanceus',
      VENUE_ENDPOINTS: simulator.overrides(),
      LOG_LEVEL: process.env['E2E_LOG_LEVEL'] ?? 'silent',
    });
    const spawn = threadSpawner(config, 'servers', telemetry.log);
    connector = new PriceConnector({
      config,
      telemetry,
      spawn: (venue, listener) => {
        const handle = spawn(venue, listener);
        workers.push(handle);
        return handle;
      },
    });
    await connector.init();
  });

  after(async () => {
    await connector.stop();
    await simulator.close();
    await probe.close();
    redis.disconnect();
    await rabbitProxy.close();
    await redisProxy.close();
  });

  const keyOf = ({ exchange, symbol }: { exchange: string; symbol: string }): string =>
    `${exchange} ${symbol}`;
  const closedOf = (wish: (typeof WISHES)[number]): Candle[] =>
    closed.map(({ candle }) => candle).filter((candle) => keyOf(candle) === keyOf(wish));

  /** Waits until every series has delivered `count` more closed bars. */
  async function moreBars(count: number, limitMs = 60_000): Promise<void> {
    const before = new Map(WISHES.map((wish) => [wish, closedOf(wish).length]));
    await until(
      `${count} more closed bars of every series`,
      () => WISHES.every((wish) => closedOf(wish).length >= (before.get(wish) ?? 0) + count),
      limitMs,
    );
  }

  test('boot: the notice and the beacon come once everything is ready', async () => {
    await until('boot notice', () => notices.some(({ restart }) => restart === 'priceConnector'));
    await until('beacon', () => notices.some((notice) => 'priceConnectorAlive' in notice));
    const { bootId } = notices.find(({ restart }) => restart === 'priceConnector')!;
    assert.match(String(bootId), /^all-\d+-\d+-\d+$/);
    const beacon = notices.find((notice) => 'priceConnectorAlive' in notice)!['priceConnectorAlive'];
    assert.deepEqual(beacon, { bootId, role: 'all' });
  });

  test('tickers of four markets on both doors', async () => {
    for (const { exchange, symbol } of WISHES) {
      const channel = `trade@${symbol}@${exchange}`;
      await until(channel, () => (onRedis.get(channel)?.length ?? 0) >= 2);
      const ticker = onRedis.get(channel)!.at(-1) as Record<string, unknown>;
      assert.deepEqual([ticker['symbol'], ticker['exchange']], [symbol, exchange]);
      for (const field of ['time', 'eventTime', 'price', 'bestBid', 'bestAsk', 'bestBidQnt', 'bestAskQnt']) {
        assert.ok(Number(ticker[field]) > 0 && typeof ticker[field] === 'number', `${channel} ${field}`);
      }
      await until(`batch of ${exchange}`, () => batches.some((batch) => batch.exchange === exchange));
    }
    assert.ok(batches.every(({ tickers }) => tickers.length > 0));
  });

  test('requests on candlesRequests: candles on the requested channel and on RabbitMQ', async () => {
    for (const wish of WISHES) request({ payload: { ...wish, interval: '1m' } });
    request({ payload: { ...WISHES[0], interval: '1m' } });
    await moreBars(2);
    for (const { exchange, symbol } of WISHES) {
      const channel = `${symbol}@${exchange}@1mCandle`;
      const bars = onRedis.get(channel) as Record<string, unknown>[];
      assert.ok(bars.length >= 2, channel);
      assert.ok(
        bars.every(({ closed: isClosed }) => isClosed === true),
        'CANDLE_MODE=auto: closed bars only for this venue',
      );
    }
    assert.ok(closed.every(({ persistent, messageId }) => persistent && typeof messageId === 'string'));
    assert.ok(closed.every(({ headers }) => typeof headers['x-exchange'] === 'string'));
    await until('open candles on RabbitMQ', () => open.length > 0);
    assert.ok(open.every(({ persistent, candle }) => !persistent && !candle.closed));
  });

  test('bad requests are told apart and harm nobody', async () => {
    for (const text of [
      'not json',
      '{}',
      '{"payload":{"symbol":1}}',
      `{"payload":{"symbol":"${'x'.repeat(2_000_000)}"}}`,
    ]) {
      probe.channel.publish('gainium', 'candlesRequests', Buffer.from(text));
    }
    request({ payload: { symbol: 'BTCUSDT', exchange: 'mexc', interval: '1m' } });
    request({ payload: { symbol: 'NOPEUSDT', exchange: 'binance', interval: '1m' } });
    await until(
      'four refusals',
      () => telemetry.counted('connector_candle_requests_total', { outcome: 'invalid' }) >= 4,
    );
    await moreBars(1);
  });

  test('all sockets cut, several times: no closed candle is missing', async () => {
    for (let i = 0; i < 3; i += 1) {
      assert.ok(simulator.drop() > 0);
      await moreBars(1);
    }
  });

  test('the worker thread dies: the next one has its subscriptions and its cursor', async () => {
    const before = workers.length;
    workers.at(-1)!.terminate();
    await until('a new worker', () => workers.length > before);
    await moreBars(2);
  });

  test('Redis away: RabbitMQ has every candle, Redis resumes with fresh values', async () => {
    await redisProxy.refuse();
    await moreBars(2);
    await redisProxy.accept();
    const channel = 'trade@BTCUSDT@binance';
    const seen = onRedis.get(channel)!.length;
    await until('tickers again', () => onRedis.get(channel)!.length > seen);
    const { eventTime } = onRedis.get(channel)!.at(-1) as { eventTime: number };
    assert.ok(Date.now() - eventTime < 10_000);
  });

  test('RabbitMQ away: candles wait in the outbox and arrive in order', async () => {
    await rabbitProxy.refuse();
    const before = onRedis.get('BTCUSDT@binance@1mCandle')!.length;
    await until(
      'bars while RabbitMQ is away',
      () => onRedis.get('BTCUSDT@binance@1mCandle')!.length >= before + 3,
    );
    await rabbitProxy.accept();
    await moreBars(4);
  });

  test('the venue asks us to leave: the new connection stands before the old one goes', async () => {
    assert.ok(simulator.notice() > 0);
    await moreBars(2);
  });

  test('nothing was lost: the venue’s ledger against what RabbitMQ delivered', async () => {
    await moreBars(1);
    for (const wish of WISHES) {
      const delivered = closedOf(wish);
      const last = Math.max(...delivered.map(({ start }) => start));
      const truth = simulator.ledger.candles({
        exchange: wish.exchange,
        symbol: wish.symbol,
        interval: '1m',
      });
      const expected = truth.filter(({ start }) => start >= delivered[0]!.start && start <= last);
      const byStart = new Map(delivered.map((candle) => [candle.start, candle]));
      const missing = expected.filter(({ start }) => !byStart.has(start));
      assert.deepEqual(missing, [], `${keyOf(wish)} lost ${missing.length} of ${expected.length}`);
      assert.ok(expected.length >= 15, `${expected.length} bars are too few to prove anything`);
      for (const { start, open: first, high, low, close, volume } of expected) {
        const candle = byStart.get(start)!;
        assert.deepEqual(
          [candle.open, candle.high, candle.low, candle.close, candle.volume],
          [first, high, low, close, volume],
        );
      }
    }
  });

  test('each series arrived in order', () => {
    for (const wish of WISHES) {
      const firsts = new Set<number>();
      const starts = closedOf(wish)
        .map(({ start }) => start)
        // At least once: a repeated delivery is allowed, a bar that comes first after a later one is not.
        .filter((start) => !firsts.has(start) && firsts.add(start));
      assert.deepEqual(
        starts,
        [...starts].sort((a, b) => a - b),
      );
    }
  });

  test('no limit of the venue was broken', () => {
    assert.deepEqual(simulator.violations(), []);
  });

  function request(body: unknown): void {
    probe.channel.publish('gainium', 'candlesRequests', Buffer.from(JSON.stringify(body)));
  }
});
