import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { MemoryStore } from './memory';

test('keeps values, hashes and their life times', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  await store.set('plain', 'v');
  await store.set('fading', 'v', 1_000);
  await store.hashSet('hash', new Map([['a', '1']]), 2_000);
  await store.hashSet('hash', new Map([['b', '2']]));
  clock.advance(1_000);
  assert.equal(await store.get('plain'), 'v');
  assert.equal(await store.get('fading'), undefined);
  assert.deepEqual(await store.hashGet('hash', ['b', 'none', 'a']), ['2', undefined, '1']);
  await assert.rejects(store.get('hash'), { code: 'STORE_UNAVAILABLE' });
  await assert.rejects(store.hashSet('plain', new Map([['a', '1']])), { code: 'STORE_UNAVAILABLE' });
  clock.advance(1_000);
  assert.deepEqual(await store.hashGet('hash', ['a']), [undefined]);
});

test('the keys written longest ago make room', async () => {
  const store = new MemoryStore(new FakeClock(), 2);
  for (const key of ['a', 'b', 'a', 'c']) await store.set(key, key);
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((key) => store.get(key))), ['a', undefined, 'c']);
});

test('publishes in order to subscribers and observers, also after an outage', async () => {
  const store = new MemoryStore(new FakeClock());
  const heard: string[] = [];
  const ready: boolean[] = [];
  store.onReady(() => ready.push(store.ready));
  await store.subscribe('x', (payload) => heard.push(`x ${payload}`));
  store.published(({ channel, payload }) => heard.push(`* ${channel} ${payload}`));
  store.goAway();
  await assert.rejects(store.publishAll([{ channel: 'x', payload: '0' }]), { code: 'STORE_UNAVAILABLE' });
  await assert.rejects(store.ping(), { code: 'STORE_UNAVAILABLE' });
  store.comeBack();
  await store.publishAll([
    { channel: 'x', payload: '1' },
    { channel: 'y', payload: '2' },
  ]);
  assert.deepEqual(heard, ['* x 1', 'x 1', '* y 2']);
  assert.deepEqual(ready, [true, false, true]);
  await store.close();
  await assert.rejects(store.get('a'), { code: 'STOPPED' });
});
