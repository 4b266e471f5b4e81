import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { VenueClock } from './venue-clock';

function setUp() {
  const clock = new FakeClock();
  const telemetry = new RecordedTelemetry();
  const venue = new VenueClock('tiny', { clock, telemetry });
  let asked = 0;
  const serverTime =
    (offsetMs: number, takesMs = 0) =>
    () => {
      asked += 1;
      clock.advance(takesMs / 2);
      const theirs = clock.now() + offsetMs;
      clock.advance(takesMs / 2);
      return Promise.resolve(theirs);
    };
  return { clock, telemetry, venue, serverTime, asked: () => asked };
}

test('the offset is that of the middle of the request', async () => {
  const { clock, venue, serverTime, telemetry } = setUp();
  assert.equal(venue.now(), clock.now());
  await venue.sync(serverTime(-7_000, 400));
  assert.equal(venue.now() - clock.now(), -7_000);
  assert.equal(telemetry.gauged('connector_clock_offset_seconds', { venue: 'tiny' }), -7);
});

test('time spent waiting for a turn is no time of the request', async () => {
  const { clock, venue, serverTime } = setUp();
  let sentAt = -Infinity;
  const waitsItsTurn = (): Promise<number> => {
    clock.advance(30_000);
    sentAt = clock.now();
    return serverTime(2_000, 400)();
  };
  await venue.sync(waitsItsTurn, () => sentAt);
  assert.equal(venue.now() - clock.now(), 2_000);
});

test('measured again when old or distrusted, once for all who ask', async () => {
  const { clock, venue, serverTime, asked } = setUp();
  await Promise.all([venue.sync(serverTime(1)), venue.sync(serverTime(1)), venue.sync(serverTime(1))]);
  assert.equal(asked(), 1);
  clock.advance(599_000);
  await venue.sync(serverTime(1));
  assert.equal(asked(), 1);
  clock.advance(1_000);
  await venue.sync(serverTime(1));
  assert.equal(asked(), 2);
  venue.distrust();
  await venue.sync(serverTime(5_000));
  assert.equal(asked(), 3);
  assert.equal(venue.now() - clock.now(), 5_000);
});

test('a failure leaves the estimate and is tried again', async () => {
  const { clock, venue, serverTime, telemetry, asked } = setUp();
  await venue.sync(serverTime(3_000));
  venue.distrust();
  await venue.sync(() => Promise.reject(new Error('down')));
  assert.equal(venue.now() - clock.now(), 3_000);
  assert.equal(telemetry.logged('warn').length, 1);
  await venue.sync(serverTime(4_000));
  assert.equal(asked(), 2);
  assert.equal(venue.now() - clock.now(), 4_000);
});
