import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { MemoryStore } from '../store/memory';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { Notices } from './notices';

describe('Notices', () => {
  let clock: FakeClock;
  let telemetry: RecordedTelemetry;
  let store: MemoryStore;
  let heard: Record<string, unknown>[];
  let notices: Notices;

  beforeEach(() => {
    clock = new FakeClock(1_751_277_600_000);
    telemetry = new RecordedTelemetry();
    store = new MemoryStore(clock);
    heard = [];
    listen();
    notices = new Notices(store, { role: 'all', pid: 7, sequence: 1 }, { clock, telemetry });
  });

  let unhear: () => void;
  const listen = (): void => {
    unhear = store.published(({ channel, payload }) => {
      assert.equal(channel, 'serviceLog');
      heard.push(JSON.parse(payload) as Record<string, unknown>);
    });
  };
  const bootId = 'all-7-1751277600000-1';
  const boots = (): unknown[] => heard.filter((notice) => 'restart' in notice);
  const beacons = (): unknown[] => heard.filter((notice) => 'priceConnectorAlive' in notice);

  test('the boot notice once, the beacon with it and every minute, both with one boot id', async () => {
    notices.announce();
    await clock.advanceAsync(0);
    assert.deepEqual(boots(), [{ restart: 'priceConnector', bootId }]);
    assert.deepEqual(beacons(), [{ priceConnectorAlive: { bootId, role: 'all' } }]);
    await clock.advanceAsync(180_000);
    assert.deepEqual([boots().length, beacons().length], [1, 4]);
  });

  test('the beacon never holds the word restart', async () => {
    notices.announce();
    await clock.advanceAsync(60_000);
    assert.ok(beacons().every((beacon) => !JSON.stringify(beacon).includes('restart')));
  });

  test('Redis away: the boot notice waits for it, and for its other clients; then it is told once', async () => {
    store.goAway();
    notices.announce();
    await clock.advanceAsync(10_500);
    store.comeBack();
    await clock.advanceAsync(2_900);
    assert.equal(boots().length, 0);
    await clock.advanceAsync(30_000);
    assert.equal(boots().length, 1);
    assert.equal(telemetry.counted('connector_notices_total', { kind: 'restart', outcome: 'published' }), 1);
  });

  test('nobody listens: the boot notice is repeated until somebody does', async () => {
    unhear();
    notices.announce();
    await clock.advanceAsync(5_500);
    assert.equal(telemetry.counted('connector_notices_total', { kind: 'restart', outcome: 'unheard' }), 6);
    listen();
    await clock.advanceAsync(30_000);
    assert.equal(boots().length, 1);
  });

  test('a stall says where, what and since when', async () => {
    notices.stall({ exchange: 'okx', kind: 'candle', staleSeconds: 61 });
    await clock.advanceAsync(0);
    assert.deepEqual(heard, [
      { watchdogStall: { exchange: 'okx', kind: 'candle', staleSeconds: 61, role: 'all' } },
    ]);
  });

  test('a stall that Redis does not take is counted, not repeated: the watch tells again', async () => {
    store.goAway();
    notices.stall({ exchange: 'okx', kind: 'price', staleSeconds: 61 });
    await clock.advanceAsync(0);
    store.comeBack();
    await clock.advanceAsync(60_000);
    const failed = { kind: 'watchdogStall', outcome: 'failed' };
    assert.deepEqual([heard.length, telemetry.counted('connector_notices_total', failed)], [0, 1]);
    assert.equal(clock.pendingCount, 0);
  });

  for (const [when, waitMs] of [
    ['at once', 0],
    ['between two tries', 1_500],
  ] as const) {
    test(`stop ${when} while Redis is away: nothing is tried any more, no timer is left`, async () => {
      store.goAway();
      notices.announce();
      if (waitMs > 0) await clock.advanceAsync(waitMs);
      notices.stop();
      await clock.advanceAsync(0);
      store.comeBack();
      await clock.advanceAsync(120_000);
      assert.deepEqual([heard, clock.pendingCount], [[], 0]);
    });
  }
});
