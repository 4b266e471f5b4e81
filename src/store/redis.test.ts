import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { systemClock } from '../ops/clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { openRedisProbe, redisService, uniqueName, until } from '../testing/services';
import { TcpProxy } from '../testing/tcp-proxy';
import type { ChannelMessage } from './ports';
import { RedisStore } from './redis';
import type { RedisSettings } from './redis-link';

async function setUp(t: TestContext, settings: Partial<RedisSettings> = {}) {
  const proxy = await TcpProxy.start(redisService);
  const telemetry = new RecordedTelemetry();
  const store = new RedisStore(
    { ...redisService, host: proxy.host, port: proxy.port, ...settings },
    { telemetry, clock: systemClock, random: Math.random },
  );
  const probe = await openRedisProbe();
  const keys: string[] = [];
  t.after(async () => {
    await store.close();
    await proxy.close();
    if (keys.length > 0) await probe.del(keys);
    probe.disconnect();
  });
  await until('the store is ready', () => store.ready);
  const key = (prefix: string): string => {
    const name = uniqueName(prefix);
    keys.push(name);
    return name;
  };
  return { proxy, telemetry, store, probe, key };
}

const unavailable = (error: unknown): boolean =>
  error instanceof ConnectorError && error.code === 'STORE_UNAVAILABLE';

test('keeps values, hashes and their life times', async (t) => {
  const { store, probe, key } = await setUp(t);
  const plain = key('plain');
  const fading = key('fading');
  const hash = key('hash');

  assert.equal(await store.get(plain), undefined);
  await store.set(plain, 'v€');
  await store.set(fading, 'v', 60_000);
  assert.equal(await store.get(plain), 'v€');
  assert.equal(await probe.pttl(plain), -1);
  assert.ok((await probe.pttl(fading)) > 50_000);

  await store.hashSet(hash, new Map([['a', '1']]));
  assert.equal(await probe.pttl(hash), -1);
  await store.hashSet(hash, new Map([['b', '2']]), 60_000);
  assert.deepEqual(await store.hashGet(hash, ['b', 'none', 'a']), ['2', undefined, '1']);
  assert.ok((await probe.pttl(hash)) > 50_000);
  assert.deepEqual([...(await store.hashAll(hash))].sort(), [
    ['a', '1'],
    ['b', '2'],
  ]);
  await store.hashRemove(hash, ['a', 'none']);
  await store.hashRemove(hash, []);
  assert.deepEqual([...(await store.hashAll(hash))], [['b', '2']]);
  assert.equal((await store.hashAll(key('none'))).size, 0);
  await store.ping();
});

test('a refused command is an error of its own and leaves the link up', async (t) => {
  const { store, key } = await setUp(t);
  const text = key('text');
  await store.set(text, 'not a hash');
  await assert.rejects(store.hashSet(text, new Map([['a', '1']]), 1_000), unavailable);
  await assert.rejects(store.hashGet(text, ['a']), unavailable);
  assert.equal(await store.get(text), 'not a hash');
});

test('changes many hashes at once, and tells which of them it could not', async (t) => {
  const { store, probe, key } = await setUp(t);
  const [changed, emptied, text, fresh] = [key('changed'), key('emptied'), key('text'), key('fresh')];
  await store.hashSet(changed, new Map(Object.entries({ a: '1', b: '2' })));
  await store.hashSet(emptied, new Map([['a', '1']]));
  await store.set(text, 'not a hash');
  const change = { remove: ['a'], set: [], ttlMs: 60_000 };
  const refused = await store.hashChangeAll([
    { ...change, key: changed, set: [['c', '3 €']] },
    { ...change, key: text, set: [['c', '3']] },
    { ...change, key: emptied },
    { ...change, key: fresh, remove: [], set: [['', '']] },
  ]);
  assert.deepEqual([...refused.keys()], [text]);
  assert.ok([...refused.values()].every(unavailable));
  assert.deepEqual(await probe.hgetall(changed), { b: '2', c: '3 €' });
  assert.deepEqual(await probe.hgetall(fresh), { '': '' });
  assert.ok((await probe.pttl(changed)) > 50_000 && (await probe.pttl(fresh)) > 50_000);
  assert.equal(await probe.exists(emptied), 0);
  assert.equal((await store.hashChangeAll([])).size, 0);
});

test('changes of hashes that the link broke under are told as failed', async (t) => {
  const { store, proxy, key } = await setUp(t);
  const keys = [key('one'), key('two')];
  proxy.freeze();
  const changing = store.hashChangeAll(
    keys.map((each) => ({ key: each, remove: [], set: [['a', '1']], ttlMs: 60_000 })),
  );
  proxy.cut();
  const refused = await changing;
  assert.deepEqual([...refused.keys()], keys);
  assert.ok([...refused.values()].every(unavailable));
  await assert.rejects(store.hashChangeAll([]), unavailable);
});

test('publishes a batch in order, whatever characters it holds', async (t) => {
  const { store, probe } = await setUp(t);
  const channel = uniqueName('channel');
  const received: string[] = [];
  await probe.psubscribe(`${channel}*`);
  probe.on('pmessage', (_pattern, name, payload) => received.push(`${name} ${payload}`));
  const messages: ChannelMessage[] = Array.from({ length: 3_000 }, (_, at) => ({
    channel: `${channel}.${at % 7}é`,
    payload: `{"n":${at},"text":"€\r\n${'x'.repeat(at % 300)}"}`,
  }));
  await Promise.all([
    store.publishAll(messages.slice(0, 1_000)),
    store.publishAll([]),
    store.publishAll(messages.slice(1_000)),
    store.ping(),
  ]);
  await until('all arrived', () => received.length >= messages.length);
  assert.deepEqual(
    received,
    messages.map((message) => `${message.channel} ${message.payload}`),
  );
});

test('a batch in doubt is rejected once, and replies stay in step with commands', async (t) => {
  const { store, proxy, key } = await setUp(t);
  const name = key('step');
  const messages = Array.from({ length: 2_000 }, () => ({
    channel: uniqueName('doubt'),
    payload: 'x'.repeat(200),
  }));
  proxy.cutAfter(100_000);
  await assert.rejects(store.publishAll(messages), unavailable);
  assert.equal(store.ready, false);
  await assert.rejects(store.publishAll(messages), unavailable);
  await until('back', () => store.ready);
  await store.publishAll(messages);
  await store.set(name, 'in step');
  assert.equal(await store.get(name), 'in step');
});

test('a batch with a refused command is rejected after all of its replies', async (t) => {
  const { store, probe } = await setUp(t);
  const user = uniqueName('user');
  const password = 'pass:word/@%';
  await probe.call('ACL', 'SETUSER', user, 'on', `>${password}`, '+@all', '~*', 'resetchannels', '&open.*');
  const telemetry = new RecordedTelemetry();
  const limited = new RedisStore(
    { ...redisService, username: user, password },
    { telemetry, clock: systemClock, random: Math.random },
  );
  t.after(async () => {
    await limited.close();
    const admin = await openRedisProbe();
    await admin.call('ACL', 'DELUSER', user);
    admin.disconnect();
  });
  await until('the limited store is ready', () => limited.ready);
  const batch = ['open.1', 'closed.1', 'open.2'].map((channel) => ({ channel, payload: 'p' }));
  await assert.rejects(limited.publishAll(batch), unavailable);
  await limited.publishAll([{ channel: 'open.1', payload: 'p' }]);
  await store.ping();
});

test('fails at once while Redis is away, comes back by itself, logs once per outage', async (t) => {
  const { store, proxy, telemetry } = await setUp(t);
  const changes: boolean[] = [];
  store.onReady(() => changes.push(store.ready));
  assert.deepEqual(changes, [true]);

  await proxy.refuse();
  await until('away', () => !store.ready);
  await assert.rejects(store.get('k'), unavailable);
  await assert.rejects(store.publishAll([{ channel: 'c', payload: 'p' }]), unavailable);
  const target = { target: 'redis' };
  await until('several attempts', () => telemetry.counted('connector_broker_failures_total', target) >= 4);
  assert.equal(telemetry.gauged('connector_broker_connected', target), 0);
  await proxy.accept();
  await until('back', () => store.ready, 4_000);
  assert.deepEqual(changes, [true, false, true]);
  assert.equal(telemetry.logged('warn').length, 1);
  assert.equal(telemetry.gauged('connector_broker_connected', target), 1);
});

test('finds a half-open link, rejects what hung on it and replaces it', async (t) => {
  const { store, proxy } = await setUp(t, { pingPeriodMs: 50, answerTimeoutMs: 150 });
  proxy.freeze();
  await assert.rejects(store.get('k'), unavailable);
  await until('noticed', () => !store.ready);
  proxy.thaw();
  await until('back', () => store.ready);
});

test('subscriptions survive reconnects', async (t) => {
  const { store, proxy, probe } = await setUp(t);
  const [first, second] = [uniqueName('first'), uniqueName('second')];
  const heard: string[] = [];
  await store.subscribe(first, (payload) => heard.push(`1 ${payload}`));
  await store.subscribe(first, (payload) => heard.push(`2 ${payload}`));
  await store.subscribe(second, (payload) => heard.push(`3 ${payload}`));
  for (let round = 0; round < 3; round += 1) {
    proxy.cut();
    await until('subscribed again', async () => {
      const counts = (await probe.pubsub('NUMSUB', first, second)) as (string | number)[];
      return proxy.connections >= 2 && Number(counts[1]) === 1 && Number(counts[3]) === 1;
    });
    heard.length = 0;
    await probe.publish(first, `a${round}`);
    await probe.publish(second, `b${round}`);
    await until('heard', () => heard.length >= 3);
    assert.deepEqual(heard, [`1 a${round}`, `2 a${round}`, `3 b${round}`]);
  }
});

test('a subscription asked for while Redis is away stands once it is back', async (t) => {
  const { store, proxy, probe } = await setUp(t);
  const channel = uniqueName('late');
  await proxy.refuse();
  const heard: string[] = [];
  const standing = store.subscribe(channel, (payload) => heard.push(payload));
  await proxy.accept();
  await standing;
  await probe.publish(channel, 'x');
  await until('heard', () => heard.length > 0);
});

test('close ends a pending subscription and every later call', async (t) => {
  const { store, proxy } = await setUp(t);
  await proxy.refuse();
  const pending = assert.rejects(
    store.subscribe(uniqueName('never'), () => undefined),
    { code: 'STOPPED' },
  );
  await store.close();
  await pending;
  await assert.rejects(store.get('k'), { code: 'STOPPED' });
  await assert.rejects(store.publishAll([{ channel: 'c', payload: 'p' }]), { code: 'STOPPED' });
});

test('a wrong password is reported without being told', async (t) => {
  const telemetry = new RecordedTelemetry();
  const password = 'swordfish-4711';
  const store = new RedisStore(
    { ...redisService, username: 'nobody', password },
    { telemetry, clock: systemClock, random: Math.random },
  );
  t.after(() => store.close());
  await until('refused', () => telemetry.logged('warn').length > 0);
  await assert.rejects(store.ping(), unavailable);
  assert.equal(store.ready, false);
  assert.doesNotMatch(telemetry.allText(), new RegExp(password));
});
