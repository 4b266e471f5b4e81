/**
 * Paper trading on real parts: the backend's commands on RabbitMQ, a simulated paper trading server over real
 * sockets, events on RabbitMQ and Redis.
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

const KEY = 'e2e-paper-kEy-31f0';
const SECRET = 'e2e-paper-sEcReT-31f0';
const WRONG = 'e2e-paper-wRoNg-31f0';
const ORDER = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '30000.5', quantity: '0.3' } as const;

interface Delivered {
  readonly routingKey: string;
  readonly text: string;
  readonly deliveryMode: unknown;
  readonly messageId: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

describe('paper trading, end to end', { timeout: 280_000 }, () => {
  const spot = randomUUID();
  const linear = randomUUID();
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
  let linearAccount: SimAccount;

  /** One paper user with accounts of two exchanges. */
  async function startServer(port = 0): Promise<void> {
    const options = { paper: { pingIntervalMs: 500, pingTimeoutMs: 1_000 } };
    simulator = await startSimulator({ venues: ['paper'], options, port });
    const add = (exchange: string): SimAccount =>
      simulator.accounts.addAccount({ exchange, key: KEY, secret: SECRET });
    spotAccount = add('paperBinance');
    linearAccount = add('paperBybitLinear');
  }

  before(async () => {
    await startServer();
    probe = await RabbitProbe.open();
    await probe.takeTurn('usersStreamAction');
    keys = await openRedisProbe();
    redis = await openRedisProbe();
    redis.on('message', (channel: string, text: string) => {
      onRedis.set(channel, [...(onRedis.get(channel) ?? []), text]);
    });
    const channels = [spot, linear, wrong].flatMap((room) => [room, `userStreamInfo${room}`]);
    await redis.subscribe('serviceLog', ...channels);
    await probe.channel.assertExchange('gainium.events', 'topic', { durable: true });
    const queue = probe.queueName('paper-e2e');
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
        PAPER_WS: 'http://paper-trading',
        // The server's name is that of the compose file; it stands here.
        VENUE_ENDPOINTS: simulator.overrides().replace('ws://localhost:7506=', 'ws://paper-trading='),
        USER_STREAM_AUTH_FAIL_THRESHOLD: '2',
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
      data: { userId: 'u1', api: { key: KEY, secret, passphrase: '', provider } },
    });
  const on = (channel: string) => onRedis.get(channel) ?? [];
  const parsed = (room: string) => on(room).map((text) => JSON.parse(text) as Record<string, unknown>);
  const orders = (room: string) => parsed(room).filter((event) => 'orderStatus' in event);
  const ofRoom = (room: string) => delivered.filter(({ routingKey }) => routingKey.endsWith(room));
  const announced = (room: string) => on(`userStreamInfo${room}`);
  const stateOf = (room: string) => (connector.status().rooms[room] as { state?: string } | undefined)?.state;

  test('opened by message: announced once the server has agreed', async () => {
    open(spot, 'paperBinance');
    open(linear, 'paperBybitLinear');
    for (const room of [spot, linear]) {
      await until('announced', () => announced(room).length > 0);
      assert.deepEqual(announced(room), [`Subscribed to user ${room}`]);
    }
  });

  test('the exact messages of an order’s life', async () => {
    const placed = spotAccount.place({ ...ORDER, clientOrderId: 'D-TP-1' });
    const { orderId } = placed;
    const first = spotAccount.fill(orderId, '0.1');
    const second = spotAccount.fill(orderId, '0.2');
    await until('all orders', () => orders(spot).length === 3);
    const times = [placed.createdAt, first.updatedAt, second.updatedAt];
    const states = [
      ['NEW', '0', '0'],
      ['PARTIALLY_FILLED', '0.1', '3000.05'],
      ['FILLED', '0.3', '9000.15'],
    ] as const;
    const expected = states.map(([orderStatus, totalTradeQuantity, totalQuoteTradeQuantity], at) => ({
      eventType: 'executionReport',
      eventTime: times[at],
      creationTime: times[at],
      orderTime: times[at],
      symbol: 'BTCUSDT',
      orderId: orders(spot)[0]?.['orderId'],
      side: 'BUY',
      orderType: 'LIMIT',
      newClientOrderId: 'D-TP-1',
      originalClientOrderId: 'D-TP-1',
      orderStatus,
      price: '30000.5',
      quantity: '0.3',
      totalTradeQuantity,
      totalQuoteTradeQuantity,
      liquidation: false,
      uniqueMessageId: orders(spot)[at]?.['uniqueMessageId'],
    }));
    assert.deepEqual(orders(spot), expected);
    assert.match(String(orders(spot)[0]?.['orderId']), /^[0-9a-f]{24}$/);
    assert.equal(new Set(expected.map(({ uniqueMessageId }) => uniqueMessageId)).size, 3);
  });

  test('a cancel, balances and a liquidation; nothing of the other exchange', async () => {
    spotAccount.cancel(spotAccount.place({ ...ORDER, clientOrderId: 'GRID-RO-1' }).orderId);
    spotAccount.setBalance('USDT', '762.9650000000001', '0');
    linearAccount.liquidate({ ...ORDER, side: 'SELL', clientOrderId: 'liquidation_7c9e6679' });
    await until('both', () => orders(spot).length === 5 && orders(linear).length === 1);
    assert.deepEqual(
      orders(spot)
        .slice(3)
        .map((one) => [one['orderStatus'], one['newClientOrderId'], one['originalClientOrderId']]),
      [
        ['NEW', 'GRID-RO-1', 'GRID-RO-1'],
        ['CANCELED', 'GRID-RO-1', 'GRID-RO-1'],
      ],
    );
    const [forced] = orders(linear);
    assert.deepEqual(
      [forced?.['liquidation'], forced?.['orderStatus'], forced?.['newClientOrderId'], forced?.['orderType']],
      [true, 'FILLED', 'liquidation_7c9e6679', 'MARKET'],
    );
    // A balance is the user's: both rooms are told.
    for (const room of [spot, linear]) {
      const told = () => parsed(room).filter(({ eventType }) => eventType === 'outboundAccountPosition');
      await until('balances', () => told().length === 1);
      assert.deepEqual(told()[0]?.['balances'], [{ asset: 'USDT', free: '762.965', locked: '0' }]);
      assert.equal(told()[0]?.['lastAccountUpdate'], 0);
    }
  });

  test('RabbitMQ has the same, persistent, under the paper exchange; the cache has the newest', async () => {
    for (const [room, exchange] of [
      [spot, 'paperBinance'],
      [linear, 'paperBybitLinear'],
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
      await until('clocked', async () => (await keys.zscore('stream:lastEventTime', room)) !== null);
    }
    for (const [id, status] of [
      ['D-TP-1', 'FILLED'],
      ['GRID-RO-1', 'CANCELED'],
    ] as const) {
      const newest = () => on(spot).findLast((text) => text.includes(`"newClientOrderId":"${id}"`));
      await until('cached', async () => (await keys.hget('orders', id)) === newest());
      assert.ok(newest()?.includes(`"orderStatus":"${status}"`));
    }
  });

  test('the server restarts: announced again, and events go on', async () => {
    const { port } = simulator;
    await simulator.close();
    await until('noticed', () => stateOf(spot) !== 'live' && stateOf(linear) !== 'live');
    await startServer(port);
    for (const room of [spot, linear]) {
      await until('announced again', () => announced(room).length === 2);
    }
    spotAccount.place({ ...ORDER, clientOrderId: 'D-BO-2' });
    await until('told', () => orders(spot).at(-1)?.['newClientOrderId'] === 'D-BO-2');
  });

  test('a wrong secret: the breaker opens, the operator is told, nothing is announced', async () => {
    open(wrong, 'paperBinance', WRONG);
    const rejects = () => on('serviceLog').filter((text) => text.includes('userStreamAuthReject'));
    await until('told', () => rejects().length > 0, 60_000);
    assert.deepEqual(
      rejects().map((text) => JSON.parse(text) as unknown),
      [
        {
          userStreamAuthReject: {
            exchange: 'paperBinance',
            userId: 'u1',
            reason: 'code USER_NOT_FOUND (credentials)',
          },
        },
      ],
    );
    assert.deepEqual(announced(wrong), []);
    assert.equal(stateOf(wrong), 'blocked');
    assert.equal(stateOf(spot), 'live');
  });

  test('closed by message: no connection, no clock is left, and no rule of the server was broken', async () => {
    for (const uuid of [spot, linear, wrong]) send({ event: 'close stream', uuid });
    await until('closed', () => Object.keys(connector.status().rooms).length === 0);
    await until('gone', async () => (await keys.zscore('stream:lastEventTime', spot)) === null);
    await until('hung up', () => Object.values(simulator.stats()).every(({ open: count }) => count === 0));
    assert.deepEqual(simulator.violations(), []);
  });

  test('no secret anywhere', async () => {
    const cached = JSON.stringify(await keys.hgetall('orders')) + (await keys.keys('*')).join(' ');
    const everything =
      telemetry.allText() + JSON.stringify([...onRedis]) + JSON.stringify(delivered) + cached;
    for (const secret of [KEY, SECRET, WRONG]) assert.ok(!everything.includes(secret));
  });
});
