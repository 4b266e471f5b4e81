import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { Redis } from 'ioredis';
import { systemClock } from '../ops/clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { openRedisProbe, redisService, uniqueName, until } from '../testing/services';
import { FieldExpiry } from './field-expiry';
import { RedisStore } from './redis';

const NOW = 1_700_000_000_000;

async function setUp(t: TestContext) {
  const telemetry = new RecordedTelemetry();
  const store = new RedisStore({ ...redisService }, { telemetry, clock: systemClock, random: Math.random });
  const probe = await openRedisProbe();
  const key = uniqueName('orders');
  t.after(async () => {
    await store.close();
    await probe.del(key, `connector:expiry:${key}`);
    probe.disconnect();
  });
  await until('the store is ready', () => store.ready);
  const isNative = ((await probe.call('COMMAND', 'INFO', 'HPEXPIRE')) as unknown[])[0] !== null;
  return { store, probe, key, telemetry, isNative };
}

test('fields live as long as they were given, each for itself', async (t) => {
  const { store, probe, key, isNative, telemetry } = await setUp(t);
  const set = (field: string, value: string, ttlMs: number, now: number) =>
    store.hashSetExpiring({ key, field, value }, ttlMs, now);
  await Promise.all([set('short', 'a', 300_000, NOW), set('long', 'b', 86_400_000, NOW)]);
  await set('renewed', 'c', 300_000, NOW);
  await set('renewed', 'd', 86_400_000, NOW + 1);
  assert.deepEqual(await probe.hgetall(key), { short: 'a', long: 'b', renewed: 'd' });
  assert.ok(telemetry.logged('info').some((line) => /hash fields/.test(line)));
  if (isNative) {
    const [ttl] = (await probe.call('HPTTL', key, 'FIELDS', 1, 'short')) as number[];
    assert.ok(ttl !== undefined && ttl > 290_000 && ttl <= 300_000);
    return;
  }
  await store.hashSweep(key, NOW + 299_999);
  assert.equal(await probe.hlen(key), 3);
  await store.hashSweep(key, NOW + 300_000);
  assert.deepEqual(await probe.hgetall(key), { long: 'b', renewed: 'd' });
  await store.hashSweep(key, NOW + 86_400_001);
  assert.equal(await probe.exists(key, `connector:expiry:${key}`), 0);
});

test('a sweep takes any number of fields, and a hash that vanished does not disturb it', async (t) => {
  const { store, probe, key, isNative } = await setUp(t);
  if (isNative) return t.skip('this server expires fields itself');
  const fields = Array.from({ length: 2_500 }, (_, at) => `f${at}`);
  await Promise.all(fields.map((field) => store.hashSetExpiring({ key, field, value: 'x' }, 10, NOW)));
  await store.hashSweep(key, NOW + 10);
  assert.equal(await probe.exists(key), 0);
  await store.hashSetExpiring({ key, field: 'f', value: 'x' }, 10, NOW);
  await probe.del(key);
  await store.hashSweep(key, NOW + 10);
  assert.equal(await probe.exists(`connector:expiry:${key}`), 0);
});

test('a failed write leaves neither half', async (t) => {
  const { store, probe, key } = await setUp(t);
  await probe.set(key, 'text');
  await assert.rejects(store.hashSetExpiring({ key, field: 'f', value: 'x' }, 10, NOW), {
    code: 'STORE_UNAVAILABLE',
  });
  assert.equal(await probe.get(key), 'text');
});

test('servers that know field expiry are asked to do it', async () => {
  const said: unknown[][] = [];
  let fails = true;
  const chain = {
    hset: (...args: unknown[]) => (said.push(['hset', ...args]), chain),
    call: (...args: unknown[]) => (said.push(args), chain),
    exec: () => Promise.resolve(fails ? [[null, 1], [new Error('unknown command')]] : [[null, 1]]),
  };
  const redis = {
    multi: () => chain,
    call: (...args: unknown[]) => (said.push(args), Promise.resolve([['hpexpire', -6]])),
    eval: () => assert.fail('swept by the server'),
  } as unknown as Redis;
  const expiry = new FieldExpiry(new RecordedTelemetry());
  const set = () => expiry.set(redis, { key: 'k', field: 'f', value: 'v' }, 5_000, NOW);
  await assert.rejects(set(), /unknown command/);
  fails = false;
  await set();
  await set();
  await expiry.sweep(redis, 'k', NOW);
  const ask = ['COMMAND', 'INFO', 'HPEXPIRE'];
  const write = [
    ['hset', 'k', 'f', 'v'],
    ['HPEXPIRE', 'k', 5_000, 'FIELDS', 1, 'f'],
  ];
  // Asked anew after the failure: another server may have taken over.
  assert.deepEqual(
    said.filter(([word]) => word !== 'hset'),
    [ask, write[1], ask, write[1], write[1]],
  );
});

test('scores rise and never fall; a withdrawn member is gone', async (t) => {
  const { store, probe, key } = await setUp(t);
  await store.raise(key, new Map());
  await store.raise(key, new Map([['room', 5]]));
  await store.raise(key, new Map([['room', 3], ['other', 1]])); // prettier-ignore
  assert.equal(await probe.zscore(key, 'room'), '5');
  await store.raise(key, new Map([['room', 1_700_000_000_123]]));
  assert.equal(await probe.zscore(key, 'room'), '1700000000123');
  await store.withdraw(key, 'room');
  await store.withdraw(key, 'room');
  assert.deepEqual(await probe.zrange(key, '0', '-1'), ['other']);
});
