import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../ops/clock';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { openRedisProbe, redisService, uniqueName, until } from '../testing/services';
import { MemoryStore } from './memory';
import { RedisStore } from './redis';
import { StreamRecords } from './stream-records';

const KEYS = {
  facts: (room: string) => `facts:${room}`,
  orders: (room: string) => `orders:${room}`,
  marker: uniqueName('streams'),
};

test('on Redis: newest facts and open orders, with a time to live, gone with the room', async (t) => {
  const telemetry = new RecordedTelemetry();
  const store = new RedisStore(redisService, { telemetry, clock: systemClock, random: Math.random });
  const probe = await openRedisProbe();
  const records = new StreamRecords(store, KEYS, { telemetry, clock: systemClock }, () => undefined);
  const room = uniqueName('room');
  t.after(async () => {
    records.close();
    await store.close();
    await probe.del(KEYS.facts(room), KEYS.orders(room), KEYS.marker);
    probe.disconnect();
  });
  await until('ready', () => store.ready);
  records.note(room, { state: 'dialing', since: 1, unknown: undefined });
  records.note(room, { state: 'live' });
  records.order(room, 'a', '{"a":1}');
  records.order(room, 'b', '{"b":1}');
  records.order(room, 'b', undefined);
  await records.flush();
  assert.deepEqual(await probe.hgetall(KEYS.facts(room)), { state: 'live', since: '1' });
  assert.deepEqual(await probe.hgetall(KEYS.orders(room)), { a: '{"a":1}' });
  assert.ok((await probe.pttl(KEYS.facts(room))) > 6 * 24 * 3_600_000);
  assert.ok((await probe.pttl(KEYS.orders(room))) > 6 * 24 * 3_600_000);

  const { facts, orders } = await records.recall(room);
  assert.equal(facts.get('state'), 'live');
  assert.deepEqual([...orders], [['a', '{"a":1}']]);

  records.order(room, 'c', 'x');
  records.forget(room);
  records.note(room, { completeUntil: 1 });
  records.order(room, 'd', 'a late confirm');
  await records.flush();
  assert.equal(await probe.exists(KEYS.facts(room), KEYS.orders(room)), 0);
});

test('on Redis: a room whose record is refused holds back no other', async (t) => {
  const telemetry = new RecordedTelemetry();
  const store = new RedisStore(redisService, { telemetry, clock: systemClock, random: Math.random });
  const probe = await openRedisProbe();
  const records = new StreamRecords(store, KEYS, { telemetry, clock: systemClock }, () => undefined);
  const rooms = Array.from({ length: 20 }, () => uniqueName('room'));
  const facts = rooms.map((room) => KEYS.facts(room));
  t.after(async () => {
    records.close();
    await store.close();
    await probe.del(...facts, KEYS.marker);
    probe.disconnect();
  });
  await until('ready', () => store.ready);
  await probe.set(facts[0]!, 'no hash');
  for (const room of rooms) records.note(room, { state: 'live' });
  await records.flush();
  assert.equal(await probe.exists(...facts), 20);
  assert.ok(telemetry.logged('debug').includes('stream records not written; they stay pending'));
  await probe.del(facts[0]!);
  await records.flush();
  assert.deepEqual(await probe.hgetall(facts[0]!), { state: 'live' });
});

test('on Redis: no cursor is written before the orders that it stands for', async (t) => {
  const telemetry = new RecordedTelemetry();
  const store = new RedisStore(redisService, { telemetry, clock: systemClock, random: Math.random });
  const probe = await openRedisProbe();
  const records = new StreamRecords(store, KEYS, { telemetry, clock: systemClock }, () => undefined);
  const [refused, other] = [uniqueName('room'), uniqueName('room')];
  const keys = [refused, other].flatMap((room) => [KEYS.facts(room), KEYS.orders(room)]);
  t.after(async () => {
    records.close();
    await store.close();
    await probe.del(...keys, KEYS.marker);
    probe.disconnect();
  });
  await until('ready', () => store.ready);
  await probe.set(KEYS.orders(refused), 'no hash');
  for (const room of [refused, other]) {
    records.order(room, 'a', '1');
    records.note(room, { completeUntil: 1 });
  }
  await records.flush();
  assert.equal(await probe.exists(KEYS.facts(refused)), 0);
  assert.deepEqual(await probe.hgetall(KEYS.facts(other)), { completeUntil: '1' });
  await probe.del(KEYS.orders(refused));
  await records.flush();
  assert.deepEqual(await probe.hgetall(KEYS.orders(refused)), { a: '1' });
  assert.deepEqual(await probe.hgetall(KEYS.facts(refused)), { completeUntil: '1' });
});

test('while Redis is away the newest stays pending, and a room that opens again begins anew', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  const records = new StreamRecords(
    store,
    KEYS,
    { telemetry: new RecordedTelemetry(), clock },
    () => undefined,
  );
  records.order('r', 'old', '1');
  await records.flush();
  store.goAway();
  records.forget('r');
  assert.equal((await records.recall('r')).orders.size, 0, 'forgotten at once');
  records.note('r', { state: 'live' });
  records.order('r', 'new', '1');
  await clock.advanceAsync(1_000);
  const recalling = assert.rejects(records.recall('other'), { code: 'STORE_UNAVAILABLE' });
  await clock.advanceAsync(5_000);
  await recalling;
  store.comeBack();
  await clock.advanceAsync(1_000);
  assert.deepEqual([...(await store.hashAll(KEYS.orders('r')))], [['new', '1']]);
  assert.equal((await store.hashAll(KEYS.facts('r'))).get('state'), 'live');
  records.close();
  assert.equal(clock.pendingCount, 0);
});

test('orders that end while Redis is away: beyond a bound the whole list is written anew', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  const telemetry = new RecordedTelemetry();
  let asked = 0;
  const records: StreamRecords = new StreamRecords(store, KEYS, { telemetry, clock }, () => {
    asked += 1;
    records.order('r', 'open', 'as the owner knows it');
  });
  for (const order of ['lost track of', 'gone', 'open']) records.order('r', order, 'old');
  records.order('quiet', 'its', 'own');
  await records.flush();
  store.goAway();
  records.order('r', 'gone', undefined);
  for (let at = 0; at < 20_000; at += 1) {
    records.order('r', `o${at}`, 'done');
    if (at >= 200) records.order('r', `o${at - 200}`, undefined);
  }
  records.order('quiet', 'its', undefined);
  const held = records['pending'].get('r');
  const sizes = [held?.orders, held?.over].map((part) => part?.size ?? 0);
  assert.ok(Math.max(...sizes) > 0 && Math.max(...sizes) <= 1_000, 'bounded');
  assert.equal(asked, 0);
  store.comeBack();
  await records.flush();
  assert.equal(asked, 1);
  const written = await store.hashAll(KEYS.orders('r'));
  assert.equal(written.size, 201, 'what is open, and the last that ended');
  assert.equal(written.get('open'), 'as the owner knows it');
  assert.ok(written.has('o19999') && !written.has('o19799') && !written.has('lost track of'));
  assert.equal((await store.hashAll(KEYS.orders('quiet'))).size, 0, 'the others are not rewritten');
  records.close();
});

test('an order that ends and opens again while Redis is away is kept, and the other way round', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  const deps = { telemetry: new RecordedTelemetry(), clock };
  const records = new StreamRecords(store, KEYS, deps, () => assert.fail('nothing was lost'));
  for (const order of ['a', 'b']) records.order('r', order, '1');
  await records.flush();
  records.order('r', 'a', undefined);
  records.order('r', 'a', '2');
  records.order('r', 'b', '2');
  records.order('r', 'b', undefined);
  await records.flush();
  assert.deepEqual([...(await store.hashAll(KEYS.orders('r')))], [['a', '2']]);
  records.close();
});

test('an emptied Redis is noticed: at the start as doubt, later as an order to note everything anew', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  let emptied = 0;
  const begin = () =>
    new StreamRecords(store, KEYS, { telemetry: new RecordedTelemetry(), clock }, () => (emptied += 1));
  const first = begin();
  assert.equal((await first.recall('r')).isDoubtful, true);
  await clock.advanceAsync(600_000);
  assert.equal((await first.recall('r')).isDoubtful, false, 'a room that is new by now is new');
  first.close();
  const second = begin();
  assert.equal((await second.recall('r')).isDoubtful, false);
  assert.equal(emptied, 0);
  store.goAway();
  store.comeBack();
  await clock.advanceAsync(0);
  assert.equal(emptied, 0, 'away, but nothing lost');
  store.goAway();
  store.comeBack();
  await store.delete(KEYS.marker);
  store.goAway();
  store.comeBack();
  await clock.advanceAsync(0);
  assert.equal(emptied, 1);
  second.close();
});
