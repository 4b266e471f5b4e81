import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { AccountEvent, AccountUpdate, OrderTradeUpdate } from '../domain/account';
import { MemoryStore } from '../store/memory';
import { OrderCache } from '../store/order-cache';
import type { ChannelMessage } from '../store/ports';
import { balancesEvent, deltaEvent, orderEvent } from '../testing/account-venue';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { MemoryBroker } from './memory';
import { Outbox } from './outbox';
import type { OutgoingMessage } from './ports';
import { UserPublisher } from './user-publisher';

const ROOM = '5f2c0c5e-7f0e-4a57-9a55-0e6f7f6f2b11';

describe('UserPublisher', () => {
  let clock: FakeClock;
  let broker: MemoryBroker;
  let store: MemoryStore;
  let orderCache: OrderCache;
  let outbox: Outbox;
  let publisher: UserPublisher;
  let onRabbit: OutgoingMessage[];
  let onRedis: ChannelMessage[];

  beforeEach(() => {
    clock = new FakeClock();
    const telemetry = new RecordedTelemetry();
    broker = new MemoryBroker({ telemetry, clock });
    store = new MemoryStore(clock);
    orderCache = new OrderCache(store, { orders: 'orders', lastEvent: 'last' }, { clock, telemetry });
    outbox = new Outbox({ maxMessages: 3, maxBytes: 100_000 }, { broker, telemetry, clock, random: () => 0 });
    publisher = new UserPublisher({ store, outbox, telemetry, clock, orderCache });
    onRabbit = [];
    onRedis = [];
    broker.received('user.#', (message) => onRabbit.push(message));
    store.published((message) => onRedis.push(message));
  });

  afterEach(() => {
    orderCache.close();
    publisher.close();
    outbox.close();
    assert.equal(clock.pendingCount, 0);
  });

  const publish = (event: AccountEvent, room = ROOM, isReconciled = false) =>
    publisher.publish(event, { room, exchange: 'binance', receivedAt: clock.now(), isReconciled });
  const settle = () => clock.advanceAsync(50);

  const wireOrder: OrderTradeUpdate = {
    eventType: 'ORDER_TRADE_UPDATE',
    eventTime: 12,
    transactionTime: 11,
    symbol: 'BTCUSDT',
    clientOrderId: 'GRID-RO-x1',
    orderId: 8886774,
    orderStatus: 'FILLED',
    liquidation: false,
    averagePrice: '61000',
    isMaker: true,
  };
  const wireBalances: AccountUpdate = {
    eventType: 'ACCOUNT_UPDATE',
    eventTime: 1,
    transactionTime: 1,
    eventReasonType: 'ORDER',
    balances: [{ asset: 'USDT', walletBalance: '100', crossWalletBalance: '90', balanceChange: '0' }],
    positions: [],
  };

  const order = orderEvent({ orderTime: 11, eventTime: 12, orderId: 5, orderStatus: 'FILLED' });
  const balances = balancesEvent(7, ['USDT', '100.5', '6000']);
  const forms: readonly (readonly [string, AccountEvent, object, string])[] = [
    ['an order', order, order.report, `binance@BTCUSDT@5@FILLED@0@11@60000@0.3@${ROOM}`],
    [
      'a futures order',
      { ...order, wire: wireOrder },
      wireOrder,
      `binance@BTCUSDT@5@FILLED@0@11@60000@0.3@${ROOM}`,
    ],
    ['balances', balances, balances.position, `binance@outboundAccountPosition@7@USDT:100.5:6000@${ROOM}`],
    [
      'futures balances',
      { ...balances, wire: wireBalances },
      wireBalances,
      `binance@outboundAccountPosition@7@USDT:100.5:6000@${ROOM}`,
    ],
    ['a change', deltaEvent('0.5'), deltaEvent('0.5').update, `binance@balanceUpdate@BTC@0.5@4@5@${ROOM}`],
  ];
  for (const [name, event, form, uniqueMessageId] of forms) {
    test(`${name}: the same object on both doors and to the caller`, async () => {
      const { body, isAccepted } = publish(event);
      await settle();
      assert.equal(isAccepted, true);
      assert.deepEqual(body, { ...form, uniqueMessageId });
      const [message] = onRabbit;
      assert.deepEqual(onRedis, [{ channel: ROOM, payload: message?.body }]);
      assert.deepEqual(JSON.parse(message?.body ?? ''), body);
      assert.deepEqual(
        { ...message, body: '' },
        {
          routingKey: `user.binance.${body.eventType}.${ROOM}`,
          body: '',
          properties: {
            messageId: uniqueMessageId,
            type: body.eventType,
            timestamp: clock.now() - 50,
            persistent: true,
            headers: { 'x-exchange': 'binance', 'x-reconciled': false },
          },
        },
      );
    });
  }

  test('reconciled events say so', async () => {
    publish(order, ROOM, true);
    await settle();
    assert.equal(onRabbit[0]?.properties.headers['x-reconciled'], true);
  });

  test('message ids: one per change and room, within the bound of AMQP', async () => {
    const many = Array.from({ length: 300 }, (_, at) => [`A${at}`, '1.00000000', '0'] as const);
    const events: AccountEvent[] = [
      balancesEvent(1, ...many),
      balancesEvent(2, ...many),
      deltaEvent('1', 5),
      deltaEvent('1', 6),
      deltaEvent('2', 6),
    ];
    const ids = events.map((event) => publish(event).body.uniqueMessageId);
    assert.equal(publish(balancesEvent(1, ...many)).body.uniqueMessageId, ids[0]);
    ids.push(publish(deltaEvent('2', 6), 'other').body.uniqueMessageId);
    assert.equal(new Set(ids).size, 6);
    for (const id of ids) assert.ok(Buffer.byteLength(id) <= 255);
    await settle();
  });

  test('a full outbox is told, and Redis has the event all the same', async () => {
    broker.goAway();
    const accepted = [1, 2, 3, 4].map((orderId) => publish(orderEvent({ orderId })).isAccepted);
    assert.deepEqual(accepted, [true, true, true, false]);
    await settle();
    assert.equal(onRedis.length, 4);
  });

  test('the notice of a subscription', async () => {
    publisher.announce(ROOM, 'binance');
    await settle();
    assert.deepEqual(onRedis, [{ channel: `userStreamInfo${ROOM}`, payload: `Subscribed to user ${ROOM}` }]);
    assert.deepEqual(onRabbit, []);
  });

  test('orders and the clock of last events are cached, futures under their client id', async () => {
    publish({ ...orderEvent({ newClientOrderId: 'GRID-RO-x1' }), wire: wireOrder });
    publish(balances);
    await clock.advanceAsync(2_000);
    const [cached] = await store.hashGet('orders', ['GRID-RO-x1']);
    assert.equal(cached, onRabbit[0]?.body);
    assert.deepEqual(await store.hashGet('last', [ROOM]), [String(clock.now() - 2_000)]);
  });
});
