import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ConnectorError } from '../domain/errors';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { AdminConfig } from './admin-config';
import { MemoryStore } from './memory';

const KEYS = { enabledExchanges: 'admin:enabled', changes: 'admin:changes' };

describe('AdminConfig', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let store: MemoryStore;
  let seen: (string[] | 'all')[];
  let admin: AdminConfig;

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordedTelemetry();
    store = new MemoryStore(clock);
    seen = [];
    admin = new AdminConfig(store, KEYS, 10_000, { clock, telemetry }, (enabled) =>
      seen.push(enabled ? [...enabled] : 'all'),
    );
  });

  const setList = (list: unknown): Promise<void> =>
    store.set(KEYS.enabledExchanges, typeof list === 'string' ? list : JSON.stringify(list));
  const announce = (): Promise<void> =>
    store.publishAll([{ channel: KEYS.changes, payload: 'not even JSON' }]);

  test('no list: everything is enabled, said once', async () => {
    await admin.start();
    await clock.advanceAsync(60_000);
    assert.deepEqual(seen, ['all']);
  });

  test('the list is known when start resolves', async () => {
    await setList(['binance', 'okx']);
    await admin.start();
    assert.deepEqual(seen, [['binance', 'okx']]);
  });

  test('an empty list enables nothing: it is a list', async () => {
    await setList([]);
    await admin.start();
    assert.deepEqual(seen, [[]]);
  });

  test('a change message is followed at once, whatever its body', async () => {
    await admin.start();
    await setList(['okx']);
    await announce();
    await clock.advanceAsync(0);
    assert.deepEqual(seen, ['all', ['okx']]);
  });

  test('a change without a message is followed within the period; the same list is not told again', async () => {
    await setList(['okx']);
    await admin.start();
    await setList(['bybit']);
    await clock.advanceAsync(9_999);
    assert.equal(seen.length, 1);
    await clock.advanceAsync(1);
    await announce();
    await clock.advanceAsync(30_000);
    assert.deepEqual(seen, [['okx'], ['bybit']]);
  });

  test('a list that is taken away enables everything again', async () => {
    await store.set(KEYS.enabledExchanges, '["okx"]', 15_000);
    await admin.start();
    await clock.advanceAsync(20_000);
    assert.deepEqual(seen, [['okx'], 'all']);
  });

  for (const bad of ['', 'nonsense', '{}', '"binance"', '[1]', 'null']) {
    test(`${bad || 'an empty text'} changes nothing, is logged, and is got over`, async () => {
      await setList(['okx']);
      await admin.start();
      await setList(bad);
      await clock.advanceAsync(10_000);
      assert.deepEqual(seen, [['okx']]);
      assert.deepEqual(telemetry.logged('warn'), ['admin config not read']);
      await setList(['bybit']);
      await clock.advanceAsync(10_000);
      assert.deepEqual(seen, [['okx'], ['bybit']]);
    });
  }

  test('away at the start: start resolves without a list, the first answer counts', async () => {
    store.goAway();
    await admin.start();
    assert.deepEqual(seen, []);
    store.comeBack();
    await clock.advanceAsync(10_000);
    assert.deepEqual(seen, ['all']);
  });

  test('without the subscription polling goes on', async () => {
    store.subscribe = () => Promise.reject(new ConnectorError('STORE_UNAVAILABLE', 'no'));
    await admin.start();
    await clock.advanceAsync(0);
    assert.deepEqual(telemetry.logged('warn'), ['admin config changes not subscribed; polling goes on']);
    await setList(['okx']);
    await clock.advanceAsync(10_000);
    assert.deepEqual(seen, ['all', ['okx']]);
  });

  test('stop ends the polling', async () => {
    await admin.start();
    admin.stop();
    assert.equal(clock.pendingCount, 0);
  });
});
