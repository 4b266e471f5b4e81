import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { ClockOffset } from './clock-offset';
import { VenueLatency } from './venue-latency';

let clock: FakeClock;
let telemetry: RecordedTelemetry;
/** How long each answer takes, ms; `undefined` fails. */
let trips: (number | undefined)[];
let asked: number;

beforeEach(() => {
  clock = new FakeClock(1_000_000);
  telemetry = new RecordedTelemetry();
  trips = [];
  asked = 0;
});

/** A venue whose clock is 250 ms ahead and whose answer takes its whole time on the way back. */
function measured(): ClockOffset {
  return new ClockOffset(
    'tiny',
    async () => {
      asked += 1;
      const trip = trips.shift();
      if (trip === undefined) throw new Error('down');
      const theirs = clock.now() + 250;
      clock.advance(trip);
      return Promise.resolve(theirs);
    },
    { clock, telemetry },
  );
}

test('the quickest of several answers is taken', async () => {
  trips = [400, 90, 10, 1_000, 60];
  const offset = measured();
  offset.start();
  offset.start();
  assert.equal(offset.ms, undefined);
  await clock.advanceAsync(8_000);
  assert.equal(asked, 5);
  assert.equal(offset.ms, 245);
  assert.equal(telemetry.gauged('connector_clock_offset_seconds', { venue: 'tiny' }), 0.245);
  offset.stop();
  assert.equal(clock.pendingCount, 0);
});

test('measured again after ten minutes; a failure keeps the estimate and waits a minute', async () => {
  trips = [10, 10, 10, 10, 10];
  const offset = measured();
  offset.start();
  await clock.advanceAsync(8_000);
  await clock.advanceAsync(600_000);
  assert.equal(asked, 6);
  assert.equal(offset.ms, 245);
  trips = [20, 20, 20, 20, 20];
  await clock.advanceAsync(63_000);
  assert.equal(asked, 11);
  assert.equal(offset.ms, 240);
  offset.stop();
});

test('an answer that took too long tells nothing; a venue that does not tell its time is not asked', async () => {
  trips = [5_000];
  const slow = measured();
  slow.start();
  await clock.advanceAsync(3_000);
  assert.equal(slow.ms, undefined);
  slow.stop();
  const silent = new ClockOffset('tiny', undefined, { clock, telemetry });
  silent.start();
  assert.equal(clock.pendingCount, 0);
});

test('age of tickers: by the venue’s clock, sampled, never below zero, never nonsense', () => {
  const offset: { ms: number | undefined } = { ms: undefined };
  const observed: number[] = [];
  const meter = { ...telemetry.meter, observe: (_name: string, value: number) => observed.push(value) };
  const latency = new VenueLatency('tiny', offset, { log: telemetry.log, meter });
  latency.observe(1_000, 1_000);
  offset.ms = 250;
  latency.observe(1_000_250, 1_000_010);
  latency.observe(1_000_250, 1_000_020);
  latency.observe(1_000_500, 1_000_040);
  latency.observe(1_000_500, 1_200_040);
  assert.deepEqual(observed, [0.01, 0]);
});
