/**
 * The account side on real parts: the backend's commands on RabbitMQ, a simulated Binance over real
 * sockets and signed REST, events on RabbitMQ and Redis.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { loadConfig } from '../config';
import type { Simulator } from '../simulator';
import { startSimulator } from '../simulator';
import type { SimAccount } from '../simulator/kit';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { openRedisProbe, RabbitProbe, rabbitService, redisService, until } from '../testing/services';
import Connector from '../userStream';

const SECRET = 'e2e-sEcReT-77c1';

interface Delivered {
  readonly routingKey: string;
  readonly text: string;
  readonly deliveryMode: unknown;
  readonly messageId: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

describe('account streams, end to end', { timeout: 280_000 }, () => {
  const spot = randomUUID();
  const futures = randomUUID();
  const wrong = randomUUID();
  const telemetry = new RecordedTelemetry();
  const delivered: Delivered[] = [];
  const onRedis = new Map<string, string[]>();
  let simulator: Simulator;
  let probe: RabbitProbe;
  let redis: Redis;
  let keys: Redis;
  let connector: Connector;
  let spotAccount: SimAccount;
  let futuresAccount: SimAccount;

  before(async () => {
    simulator = await startSimulator({ venues: ['binance'], symbols: 4 });
    const add = (exchange: string): SimAccount =>
      simulator.accounts.addAccount({ exchange, key: `${SECRET}-${exchange}`, secret: SECRET });
    spotAccount = add('binance');
    futuresAccount = add('binanceUsdm');
    probe = await RabbitProbe.open();
    await probe.takeTurn('usersStreamAction');
    keys = await openRedisProbe();
    redis = await openRedisProbe();
    redis.on('message', (channel: string, text: string) => {
      onRedis.set(channel, [...(onRedis.get(channel) ?? []), text]);
    });
    const infos = [spot, futures, wrong].flatMap((room) => [room, `userStreamInfo${room}`]);
    await redis.subscribe('serviceLog', ...infos);
    await probe.channel.assertExchange('gainium.events', 'topic', { durable: true });
    const queue = probe.queueName('user-e2e');
    await probe.channel.assertQueue(queue, { durable: true });
    await probe.channel.bindQueue(queue, 'gainium.events', 'user.#');
    await probe.channel.consume(
      queue,
      (message) => {
        if (!message) return;
        const { deliveryMode, messageId, headers = {} } = message.properties as Partial<Delivered>;
        const text = message.content.toString();
        delivered.push({ routingKey: message.fields.routingKey, text, deliveryMode, messageId, headers });
      },
      { noAck: true },
    );
    connector = new Connector({
      telemetry,
      config: loadConfig({
        REDIS_HOST: redisService.host,
        REDIS_PORT: String(redisService.port),
        RABBIT_HOST: rabbitService.host,
        RABBIT_PORT: String(rabbitService.port),
        RABBIT_USER: rabbitService.user,
        RABBIT_PASSWORD: rabbitService.password,
        EXCHANGE_SERVICE_API_URL: '',
        VENUE_ENDPOINTS: simulator.overrides(),
        LOG_LEVEL: 'silent',
      }),
    });
    await connector.started;
  });

  after(async () => {
    await connector.stop();
    await simulator.close();
    await probe.close();
    redis.disconnect();
    keys.disconnect();
  });

  const send = (payload: object) =>
    probe.channel.publish('gainium', 'usersStreamAction', Buffer.from(JSON.stringify({ payload })));
  const open = (uuid: string, provider: string, secret = SECRET) =>
    send({
      event: 'open stream',
      uuid,
      data: { userId: 'u1', api: { key: `${SECRET}-${provider}`, secret, passphrase: '', provider } },
    });
  const on = (channel: string) => onRedis.get(channel) ?? [];
  const parsed = (room: string) => on(room).map((text) => JSON.parse(text) as Record<string, unknown>);
  const orders = (room: string) => parsed(room).filter((event) => 'orderStatus' in event);
  const ofRoom = (room: string) => delivered.filter(({ routingKey }) => routingKey.endsWith(room));
  const stateOf = (room: string) => (connector.status().rooms[room] as { state?: string } | undefined)?.state;

  /** The life of an order, a cancelled one, and a liquidation. */
  function trade(account: SimAccount, assets?: { readonly base: string; readonly quote: string }): void {
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '30000', quantity: '0.3' } as const;
    const placed = { ...order, ...(assets && { assets }) };
    const { orderId } = account.place({ ...placed, clientOrderId: `D-TP-${account.exchange}` });
    account.fill(orderId, '0.1');
    account.fill(orderId, '0.2');
    const other = account.place({ ...placed, clientOrderId: `GRID-RO-${account.exchange}` });
    account.cancel(other.orderId, 'random-of-the-request');
  }

  test('opened by message: announced once the venue has agreed', async () => {
    open(spot, 'binance');
    open(futures, 'binanceUsdm');
    for (const room of [spot, futures]) {
      await until('announced', () => on(`userStreamInfo${room}`).length > 0);
      assert.deepEqual(on(`userStreamInfo${room}`), [`Subscribed to user ${room}`]);
    }
  });

  test('spot: the life of orders, the same on both doors', async () => {
    spotAccount.setBalance('USDT', '100000');
    trade(spotAccount, { base: 'BTC', quote: 'USDT' });
    await until('all orders', () => orders(spot).length === 5);
    assert.deepEqual(
      orders(spot).map((order) => [
        order['eventType'],
        order['orderStatus'],
        order['newClientOrderId'],
        order['originalClientOrderId'],
        Number(order['totalTradeQuantity']),
      ]),
      [
        ['NEW', 'D-TP-binance', 0],
        ['PARTIALLY_FILLED', 'D-TP-binance', 0.1],
        ['FILLED', 'D-TP-binance', 0.3],
        ['NEW', 'GRID-RO-binance', 0],
        ['CANCELED', 'GRID-RO-binance', 0],
      ].map(([status, id, filled]) => ['executionReport', status, id, id, filled]),
      JSON.stringify(orders(spot)),
    );
    assert.ok(parsed(spot).some(({ eventType }) => eventType === 'outboundAccountPosition'));
  });

  test('futures: the forms of the exchange, a liquidation included', async () => {
    trade(futuresAccount);
    const forced = {
      symbol: 'BTCUSDT',
      side: 'SELL',
      type: 'LIMIT',
      price: '29000',
      quantity: '0.3',
    } as const;
    futuresAccount.liquidate({ ...forced, clientOrderId: 'autoclose-1' });
    await until('all orders', () => orders(futures).some(({ liquidation }) => liquidation === true));
    await until('filled', () => orders(futures).at(-1)?.['orderStatus'] === 'FILLED');
    const told = orders(futures).map(
      ({ eventType, orderStatus, clientOrderId }) => `${eventType} ${orderStatus} ${clientOrderId}`,
    );
    assert.deepEqual(told.slice(0, 5), [
      'ORDER_TRADE_UPDATE NEW D-TP-binanceUsdm',
      'ORDER_TRADE_UPDATE PARTIALLY_FILLED D-TP-binanceUsdm',
      'ORDER_TRADE_UPDATE FILLED D-TP-binanceUsdm',
      'ORDER_TRADE_UPDATE NEW GRID-RO-binanceUsdm',
      'ORDER_TRADE_UPDATE CANCELED GRID-RO-binanceUsdm',
    ]);
    assert.ok(told.slice(5).every((one) => one.endsWith('autoclose-1')));
  });

  test('RabbitMQ has the same, persistent, with ids and headers; the cache has the newest', async () => {
    for (const [room, exchange] of [
      [spot, 'binance'],
      [futures, 'binanceUsdm'],
    ] as const) {
      await until('both doors agree', () => ofRoom(room).length === on(room).length);
      assert.deepEqual(
        ofRoom(room).map(({ text }) => text),
        on(room),
      );
      for (const { routingKey, text, deliveryMode, messageId, headers } of ofRoom(room)) {
        const body = JSON.parse(text) as { eventType: string; uniqueMessageId: string };
        assert.equal(routingKey, `user.${exchange}.${body.eventType}.${room}`);
        assert.equal(deliveryMode, 2);
        assert.equal(messageId, body.uniqueMessageId);
        assert.deepEqual([headers['x-exchange'], headers['x-reconciled']], [exchange, false]);
      }
      assert.equal(new Set(ofRoom(room).map(({ messageId }) => messageId)).size, ofRoom(room).length);
      const cached = async (): Promise<string | null> => keys.hget('orders', `D-TP-${exchange}`);
      await until('cached', async () => /"orderStatus":"FILLED"/.test((await cached()) ?? ''));
      await until('clocked', async () => (await keys.zscore('stream:lastEventTime', room)) !== null);
    }
  });

  test('a wrong secret: the breaker opens, the operator is told, nothing is announced', async () => {
    open(wrong, 'binance', 'another-secret');
    const rejects = () => on('serviceLog').filter((text) => text.includes('userStreamAuthReject'));
    await until('told', () => rejects().length > 0, 60_000);
    assert.match(
      rejects()[0] ?? '',
      /^{"userStreamAuthReject":{"exchange":"binance","userId":"u1","reason":"code -\d+/,
    );
    assert.deepEqual(on(`userStreamInfo${wrong}`), []);
    assert.notEqual(stateOf(wrong), 'live');
  });

  test('closed by message: no connection, no clock is left', async () => {
    for (const uuid of [spot, futures, wrong]) send({ event: 'close stream', uuid });
    await until('closed', () => Object.keys(connector.status().rooms).length === 0);
    await until('gone', async () => (await keys.zscore('stream:lastEventTime', spot)) === null);
    await until('hung up', () => Object.values(simulator.stats()).every(({ open: count }) => count === 0));
    assert.deepEqual(simulator.violations(), []);
  });

  test('no secret anywhere', async () => {
    const cached = JSON.stringify(await keys.hgetall('orders')) + (await keys.keys('*')).join(' ');
    const everything =
      telemetry.allText() + JSON.stringify([...onRedis]) + JSON.stringify(delivered) + cached;
    assert.ok(!everything.includes(SECRET));
    assert.ok(!everything.includes('another-secret'));
  });
});
