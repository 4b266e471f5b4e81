import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Rhythm } from './rhythm';

const START = 1_769_731_200_000;

/** Frames every `everyMs`; returns the rhythm and the time of the last. */
function steady(everyMs: number, frames = 200): [Rhythm, number] {
  const rhythm = new Rhythm();
  let time = START - everyMs;
  for (let frame = 0; frame < frames; frame += 1) assert.equal(rhythm.hear((time += everyMs)), false);
  return [rhythm, time];
}

describe('rhythm', () => {
  test('after a few frames nobody knows what is usual', () => {
    const [rhythm, last] = steady(10, 20);
    assert.equal(rhythm.hear(last + 3_600_000), false);
    const [known, newest] = steady(10, 21);
    assert.equal(known.hear(newest + 3_600_000), true);
  });

  test('a busy connection: two seconds are usual, more are a break', () => {
    const [usual, last] = steady(10);
    assert.equal(usual.hear(last + 2_000), false);
    const [broken] = steady(10);
    assert.equal(broken.hear(last + 2_200), true);
    assert.equal(broken.hear(last + 2_210), false, 'over');
  });

  test('one break does not hide the next', () => {
    const [rhythm, last] = steady(100);
    assert.equal(rhythm.hear(last + 8_000), true);
    assert.equal(rhythm.hear(last + 16_000), true);
  });

  test('a quiet connection may pause for longer, in proportion', () => {
    const [usual, last] = steady(3_000);
    assert.equal(usual.hear(last + 10_000), false);
    const [broken] = steady(3_000);
    assert.equal(broken.hear(last + 12_000), true);
  });

  test('frames in bursts: what counts is how long they stay away', () => {
    const rhythm = new Rhythm();
    let time = START;
    for (let burst = 0; burst < 50; burst += 1) {
      time += 5_000;
      for (let frame = 0; frame < 40; frame += 1) assert.equal(rhythm.hear(time), false);
    }
    assert.equal(rhythm.hear(time + 16_000), false);
    assert.equal(rhythm.hear(time + 76_000), true);
  });

  test('a connection that becomes quiet is believed after a while', () => {
    const [rhythm, last] = steady(10);
    let time = last;
    for (let frame = 0; frame < 300; frame += 1) rhythm.hear((time += 5_000));
    assert.equal(rhythm.hear(time + 15_000), false);
  });

  test('frames with old times are no steps back', () => {
    const [rhythm, last] = steady(100);
    assert.equal(rhythm.hear(last - 600_000), false);
    assert.equal(rhythm.hear(last + 100), false);
    assert.equal(rhythm.hear(last + 9_000), true);
  });

  test('a time of the far future: until then nothing is known', () => {
    const [rhythm, last] = steady(100);
    assert.equal(rhythm.hear(last + 1e12), true);
    assert.equal(rhythm.hear(last + 9_000), false);
  });
});
