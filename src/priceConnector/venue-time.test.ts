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

  describe('a frame of the future', () => {
    const DAY = 86_400_000;

    test('is not believed, and the estimate stays', () => {
      time.observe(clock.now());
      assert.equal(time.observe(clock.now() + 30 * DAY), false);
      assert.equal(offset(), 0);
    });

    test('not even as the first one', () => {
      assert.equal(time.observe(clock.now() + 30 * DAY), false);
      assert.equal(offset(), 0);
      assert.equal(time.observe(clock.now() - 40), true);
      assert.equal(offset(), -40);
    });

    test('the limit is a minute ahead of the clock that the venue was measured to have', () => {
      const behind = new VenueTime(clock, { ms: 120_000 });
      assert.equal(behind.observe(clock.now() + 180_001), false);
      assert.equal(behind.observe(clock.now() + 180_000), true);
    });

    test('wrong ones between good ones never add up', () => {
      for (let i = 0; i < 100; i += 1) {
        time.observe(clock.now());
        for (let wrong = 0; wrong < 4; wrong += 1) time.observe(clock.now() + 30 * DAY);
      }
      assert.equal(offset(), 0);
    });
  });

  test('our clock is set back by an hour: believed once several frames in a row say so', () => {
    time.observe(clock.now());
    clock.jump(-3_600_000);
    const believed = [1, 2, 3, 4, 5, 6].map(() => time.observe(clock.now() + 3_600_000));
    assert.deepEqual(believed, [false, false, false, false, true, true]);
    assert.equal(offset(), 3_600_000);
  });

  test('and is right again: the estimate comes back with it', () => {
    for (let i = 0; i < 5; i += 1) time.observe(clock.now() + 3_600_000);
    assert.equal(offset(), 3_600_000);
    for (let i = 0; i < 5; i += 1) assert.equal(time.observe(clock.now()), true);
    assert.equal(offset(), 0);
  });

  test('a venue whose clock runs fast is followed', () => {
    for (let i = 0; i < 100; i += 1) assert.equal(time.observe(clock.now() + i * 30_000), true);
  });
});
