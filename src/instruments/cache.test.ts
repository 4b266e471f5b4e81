import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Instrument } from '../domain/instrument';
import { MemoryStore } from '../store/memory';
import { FakeClock } from '../testing/fake-clock';
import type { InstrumentCache } from './catalogue';
import { instrumentCache } from './cache';

const DAY = 24 * 3_600_000;
const spot: Instrument = {
  exchange: 'okx',
  symbol: 'BTC-USDT',
  venueSymbol: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
};
const swap: Instrument = { ...spot, venueSymbol: 'BTC-USDT-SWAP', contractSize: '0.01' };

describe('instrumentCache', () => {
  let clock: FakeClock;
  let store: MemoryStore;
  let cache: InstrumentCache;

  beforeEach(() => {
    clock = new FakeClock();
    store = new MemoryStore(clock);
    cache = instrumentCache(store, (exchange) => `list:${exchange}`);
  });

  test('what was saved is loaded, per exchange', async () => {
    await cache.save('okx', [spot, swap]);
    assert.deepEqual(await cache.load('okx'), [spot, swap]);
    assert.equal(await cache.load('okxLinear'), undefined);
  });

  test('a list is kept for thirty days', async () => {
    await cache.save('okx', [spot]);
    clock.advance(30 * DAY - 1);
    assert.deepEqual(await cache.load('okx'), [spot]);
    clock.advance(1);
    assert.equal(await cache.load('okx'), undefined);
  });

  for (const text of ['', 'nonsense', '{}', '[{}]', '[{"exchange":"okx","symbol":1}]', 'null']) {
    test(`${text || 'an empty text'} is refused: it would subscribe to nonsense`, async () => {
      await store.set('list:okx', text);
      await assert.rejects(cache.load('okx'));
    });
  }

  test('keys of an older or newer version are left out', async () => {
    await store.set('list:okx', JSON.stringify([{ ...spot, tickSize: '0.1' }]));
    assert.deepEqual(await cache.load('okx'), [spot]);
  });

  test('a store that is away is the caller’s matter', async () => {
    store.goAway();
    await assert.rejects(cache.load('okx'), { code: 'STORE_UNAVAILABLE' });
    await assert.rejects(cache.save('okx', [spot]), { code: 'STORE_UNAVAILABLE' });
  });
});
