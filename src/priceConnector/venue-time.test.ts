import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { FakeClock } from '../testing/fake-clock';
import { VenueTime } from './venue-time';

describe('VenueTime', () => {
  let clock: FakeClock;
  let time: VenueTime;

  beforeEach(() => {
    clock = new FakeClock();
    time = new VenueTime(clock);
  });

  const offset = (): number => time.now() - clock.now();

  test('our time until a frame has come', () => {
    assert.equal(time.now(), clock.now());
    clock.advance(5_000);
    assert.equal(offset(), 0);
  });

  for (const offsetMs of [-7_000, 0, 4_000]) {
    test(`the first frame decides: ${offsetMs} ms`, () => {
      time.observe(clock.now() + offsetMs);
      assert.equal(offset(), offsetMs);
      clock.advance(60_000);
      assert.equal(offset(), offsetMs, 'it goes on with our clock');
    });
  }

  test('the fastest frame is the best witness', () => {
    for (const delayMs of [300, 40, 900]) time.observe(clock.now() - delayMs);
    assert.ok(offset() <= -40 && offset() > -60, `${offset()}`);
  });

  test('one slow frame hardly counts; a lasting shift is followed', () => {
    time.observe(clock.now());
    time.observe(clock.now() - 10_000);
    assert.ok(offset() >= -100, `${offset()}`);
    for (let i = 0; i < 2_000; i += 1) time.observe(clock.now() - 10_000);
    assert.ok(offset() < -9_900, `${offset()}`);
  });

  test('our own clock is set back: the estimate follows with the next frame', () => {
    const venueNow = clock.now();
    time.observe(venueNow);
    clock.jump(-60_000);
    time.observe(venueNow);
    assert.equal(time.now(), venueNow);
  });
});
