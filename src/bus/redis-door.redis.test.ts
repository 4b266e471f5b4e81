import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountEvent, OrderStatus } from '../domain/account';
import { systemClock } from '../ops/clock';
import { OrderCache } from '../store/order-cache';
import { RedisStore } from '../store/redis';
import { balancesEvent, deltaEvent, orderEvent } from '../testing/account-venue';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { openRedisProbe, redisService, uniqueName, until } from '../testing/services';
import { TcpProxy } from '../testing/tcp-proxy';
import { MemoryBroker } from './memory';
import { Outbox } from './outbox';
import { UserPublisher } from './user-publisher';

/** Ids that no bot gives: nothing but the events passes the link. */
const order = (orderStatus: OrderStatus, newClientOrderId = 'mine'): AccountEvent =>
  orderEvent({ orderStatus, newClientOrderId });

test('the link breaks after Redis ran the PUBLISHes: orders and balances come again, a delta does not', async (t) => {
  const proxy = await TcpProxy.start(redisService);
  const telemetry = new RecordedTelemetry();
  const deps = { telemetry, clock: systemClock, random: Math.random };
  const store = new RedisStore({ ...redisService, host: proxy.host, port: proxy.port }, deps);
  const keys = { orders: uniqueName('orders'), lastEvent: uniqueName('last') };
  const orderCache = new OrderCache(store, keys, deps);
  const outbox = new Outbox(
    { maxMessages: 100, maxBytes: 10_000_000 },
    { broker: new MemoryBroker(deps), ...deps },
  );
  const publisher = new UserPublisher({ store, outbox, orderCache, ...deps });
  const room = uniqueName('room');
  const listener = await openRedisProbe();
  const received: string[] = [];
  listener.on('message', (_channel, text: string) => {
    const { eventType, orderStatus } = JSON.parse(text) as { eventType: string; orderStatus?: string };
    received.push(orderStatus ?? eventType);
  });
  await listener.subscribe(room);
  t.after(async () => {
    publisher.close();
    orderCache.close();
    outbox.close();
    await store.close();
    await proxy.close();
    await listener.unsubscribe();
    await listener.del(keys.orders, keys.lastEvent);
    listener.disconnect();
  });
  await until('ready', () => store.ready);

  const doubts: string[] = [];
  const publish = (event: AccountEvent): void =>
    void publisher.publish(event, {
      room,
      exchange: 'binance',
      receivedAt: 0,
      isReconciled: false,
      onDoubt: () => doubts.push(event.kind),
    });
  // The first three pass whole and are executed; of the last a part passes; no answer comes back.
  proxy.cutAfter(100_000);
  publish(order('NEW'));
  publish(deltaEvent('0.5'));
  publish(balancesEvent(6, ['USDT', '1', '0']));
  publish(order('FILLED', 'x'.repeat(200_000)));
  await until('all has arrived', () => received.includes('FILLED'));
  assert.deepEqual(received, [
    ...['NEW', 'balanceUpdate', 'outboundAccountPosition'],
    ...['NEW', 'outboundAccountPosition', 'FILLED'],
  ]);
  assert.deepEqual(doubts, ['balanceDelta'], 'whoever told it hears of it');

  // Never sent is no doubt: it waits.
  await proxy.refuse();
  await until('away', () => !store.ready);
  publish(deltaEvent('0.7', 9));
  await proxy.accept();
  await until('told', () => received.at(-1) === 'balanceUpdate');
  assert.equal(received.filter((one) => one === 'balanceUpdate').length, 2);
});
