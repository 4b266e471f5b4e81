import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ExecutionReport } from '../domain/account';
import { orderEvent } from '../testing/account-venue';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { MemoryStore } from './memory';
import { OrderCache } from './order-cache';

const DAY = 86_400_000;
const report = (change: Partial<ExecutionReport>): ExecutionReport => orderEvent(change).report;

describe('OrderCache', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let store: MemoryStore;
  let cache: OrderCache;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    store = new MemoryStore(clock);
    cache = new OrderCache(store, { orders: 'orders', lastEvent: 'last' }, { clock, telemetry });
  });

  afterEach(() => {
    cache.close();
    assert.equal(clock.pendingCount, 0);
  });

  const cached = async (field: string) => (await store.hashGet('orders', [field]))[0];
  const lastEvent = async (room: string) => (await store.hashGet('last', [room]))[0];

  test('whose orders are cached', async () => {
    const words =
      'GRID-TP GRIDTP GRID-STAB GRIDSTAB GRID-BO GRIDBO GRID-RO GRIDRO GA-F GAF D-ROA DROA D-SR DSR D-BO DBO D-TP ' +
      'DTP D-MTP DMTP D-MSL DMSL D-RO DRO CMB-BO CMBBO CMB-GR CMBGR CMB-RO CMBRO CMB-H CMBH';
    const ours = words.split(' ').flatMap((word) => [`${word}-a1`, `x-BROKER${word}a1`]);
    const others = ['', 'web_1', 'autoclose-1', 'grid-tp-1', 'D_TP', 'CMB', 'android'];
    for (const newClientOrderId of [...ours, ...others]) cache.remember(report({ newClientOrderId }), 'x');
    await cache.flush();
    for (const id of ours) assert.equal(await cached(id), 'x', id);
    for (const id of others) assert.equal(await cached(id), undefined, id);
  });

  test('liquidations are cached whatever their id', async () => {
    cache.remember(report({ newClientOrderId: 'autoclose-7', liquidation: true }), 'a');
    cache.remember(report({ newClientOrderId: '', orderId: 9, liquidation: true }), 'b');
    await cache.flush();
    assert.deepEqual([await cached('autoclose-7'), await cached('liq_9')], ['a', 'b']);
  });

  test('how long they live', async () => {
    const lives = {
      NEW: DAY,
      PARTIALLY_FILLED: DAY,
      FILLED: 300_000,
      CANCELED: 300_000,
      EXPIRED: 300_000,
      REJECTED: 300_000,
      PENDING_CANCEL: 300_000,
    } as const;
    const seen = new Map<string, number>();
    const set = store.hashSetExpiring.bind(store);
    store.hashSetExpiring = (entry, ttlMs, now) => {
      seen.set(entry.value, ttlMs);
      return set(entry, ttlMs, now);
    };
    for (const orderStatus of Object.keys(lives) as (keyof typeof lives)[]) {
      cache.remember(report({ orderStatus, newClientOrderId: `D-TP-${orderStatus}` }), orderStatus);
    }
    await cache.flush();
    assert.deepEqual(Object.fromEntries(seen), lives);
    clock.jump(300_000);
    await clock.advanceAsync(31_000);
    assert.equal(await cached('D-TP-FILLED'), undefined, 'swept');
    assert.equal(await cached('D-TP-NEW'), 'NEW');
    cache.remember(report({ newClientOrderId: 'D-TP-NEW' }), 'again');
    await cache.flush();
    clock.jump(DAY - 100_000);
    await clock.advanceAsync(31_000);
    assert.equal(await cached('D-TP-NEW'), 'again');
    clock.jump(100_000);
    await clock.advanceAsync(31_000);
    assert.equal(await cached('D-TP-NEW'), undefined);
  });

  test('written within moments; of an outage only the newest stays', async () => {
    cache.remember(report({}), 'NEW');
    await clock.advanceAsync(40);
    assert.equal(await cached('D-TP-1'), 'NEW');
    store.goAway();
    cache.remember(report({}), 'PARTIAL');
    cache.remember(report({ orderStatus: 'FILLED' }), 'FILLED');
    await clock.advanceAsync(1_000);
    store.comeBack();
    await clock.advanceAsync(40);
    assert.equal(await cached('D-TP-1'), 'FILLED');
  });

  test('what changes while it is written is written again', async () => {
    const set = store.hashSetExpiring.bind(store);
    store.hashSetExpiring = async (entry, ttlMs, now) => {
      if (entry.value === 'NEW') cache.remember(report({ orderStatus: 'FILLED' }), 'FILLED');
      await set(entry, ttlMs, now);
    };
    cache.remember(report({}), 'NEW');
    await cache.flush();
    assert.equal(await cached('D-TP-1'), 'FILLED');
  });

  test('a failed write stays pending', async () => {
    const set = store.hashSetExpiring.bind(store);
    store.hashSetExpiring = () => Promise.reject(new Error('refused'));
    cache.remember(report({}), 'NEW');
    await cache.flush();
    store.hashSetExpiring = set;
    await cache.flush();
    assert.equal(await cached('D-TP-1'), 'NEW');
  });

  test('flush waits for the write in progress and writes what came after it', async () => {
    let release = (): void => undefined;
    const set = store.hashSetExpiring.bind(store);
    store.hashSetExpiring = async (entry, ttlMs, now) => {
      store.hashSetExpiring = set;
      await new Promise<void>((resolve) => (release = resolve));
      await set(entry, ttlMs, now);
    };
    cache.remember(report({}), 'a');
    await clock.advanceAsync(20);
    const flushed = cache.flush();
    cache.remember(report({ newClientOrderId: 'D-TP-2' }), 'b');
    release();
    await flushed;
    assert.deepEqual([await cached('D-TP-1'), await cached('D-TP-2')], ['a', 'b']);
  });

  test('the clock of last events rises, and the room vanishes when it is closed', async () => {
    cache.touch('room', 2_000);
    cache.touch('other', 2_000);
    await clock.advanceAsync(1_500);
    assert.equal(await lastEvent('room'), '2000');
    cache.touch('room', 1_000);
    await clock.advanceAsync(1_500);
    assert.equal(await lastEvent('room'), '2000', 'never lowered');
    cache.touch('room', 3_000);
    cache.forget('room');
    await clock.advanceAsync(1_500);
    assert.equal(await lastEvent('room'), undefined);
    assert.equal(await lastEvent('other'), '2000');
  });

  test('a room closed while Redis is away vanishes later, unless it is open again', async () => {
    cache.touch('gone', 1);
    cache.touch('back', 1);
    await clock.advanceAsync(1_500);
    store.goAway();
    cache.forget('gone');
    cache.forget('back');
    cache.touch('back', 5);
    await clock.advanceAsync(1_500);
    store.comeBack();
    await clock.advanceAsync(1_500);
    assert.deepEqual([await lastEvent('gone'), await lastEvent('back')], [undefined, '5']);
  });

  test('bounded while Redis is away; known orders still change, and the loss is told once', async () => {
    store.goAway();
    for (let id = 0; id < 50_010; id += 1) cache.remember(report({ newClientOrderId: `D-TP-${id}` }), 'NEW');
    cache.remember(report({ newClientOrderId: 'D-TP-0', orderStatus: 'FILLED' }), 'FILLED');
    assert.equal(telemetry.logged('error').length, 1);
    assert.equal(cache['orders'].size, 50_000);
    store.comeBack();
    await cache.flush();
    assert.deepEqual([await cached('D-TP-0'), await cached('D-TP-50009')], ['FILLED', undefined]);
  });
});
