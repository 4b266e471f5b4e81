import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../testing/fake-clock';
import type { Rate } from '../venues/contract';
import { DialBudget, RateSchedule } from './limits';

const RATES: readonly Rate[] = [
  { count: 2, perMs: 1_000 },
  { count: 5, perMs: 10_000 },
];

/** At most `count` of these times in any window of `perMs`. */
function assertHolds(times: readonly number[], rates: readonly Rate[]): void {
  for (const { count, perMs } of rates) {
    for (const from of times) {
      const inWindow = times.filter((at) => at >= from && at < from + perMs).length;
      assert.ok(inWindow <= count, `${inWindow} within ${perMs} ms from ${from}`);
    }
  }
}

const anyRate = fc.record({
  count: fc.integer({ min: 1, max: 6 }),
  perMs: fc.integer({ min: 1, max: 5_000 }),
});

test('any sequence of wishes, however late it is served, keeps every rate in every window', () => {
  fc.assert(
    fc.property(
      fc.array(anyRate, { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(400), fc.nat(300)), { maxLength: 60 }),
      (rates, wishes) => {
        const schedule = new RateSchedule(rates);
        const times: number[] = [];
        let now = 0;
        for (const [pause, lateness] of wishes) {
          now = schedule.earliest(now + pause) + lateness;
          schedule.take(now);
          times.push(now);
        }
        assertHolds(times, rates);
      },
    ),
  );
});

test('nothing waits while the rates have room', () => {
  const schedule = new RateSchedule(RATES);
  for (const now of [0, 0, 1_000]) {
    assert.equal(schedule.earliest(now), now);
    schedule.take(now);
  }
});

test('a pause holds, and never shortens an earlier one', () => {
  const schedule = new RateSchedule(RATES);
  schedule.pauseUntil(5_000);
  schedule.pauseUntil(3_000);
  assert.equal(schedule.earliest(0), 5_000);
  assert.equal(schedule.earliest(6_000), 6_000);
});

test('no rates, no limits', () => {
  const schedule = new RateSchedule([]);
  schedule.take(0);
  assert.equal(schedule.earliest(0), 0);
});

function budget(): {
  clock: FakeClock;
  dials: DialBudget;
  times: number[];
  enter: (url: string) => () => void;
} {
  const clock = new FakeClock();
  const dials = new DialBudget(clock);
  const times: number[] = [];
  return {
    clock,
    dials,
    times,
    enter: (url) => dials.enter(url, RATES, () => times.push(clock.monotonic())),
  };
}

test('many feeds share the budget of one host, whatever their paths', () => {
  const { clock, times, enter } = budget();
  for (let feed = 0; feed < 12; feed += 1) enter(`wss://a.example/ws/${feed}?token=${feed}`);
  clock.advance(60_000);
  assert.equal(times.length, 12);
  assertHolds(times, RATES);
  assert.equal(clock.pendingCount, 0);
});

test('hosts do not wait for each other', () => {
  const { times, enter } = budget();
  for (const host of ['a', 'b', 'c', 'd']) enter(`wss://${host}.example/ws`);
  assert.deepEqual(times, [0, 0, 0, 0]);
});

test('first come, first served', () => {
  const { clock, dials } = budget();
  const served: number[] = [];
  for (let feed = 0; feed < 6; feed += 1) dials.enter('wss://a.example', RATES, () => served.push(feed));
  clock.advance(60_000);
  assert.deepEqual(served, [0, 1, 2, 3, 4, 5]);
});

test('a pause holds for those who already wait, and they do not storm afterwards', () => {
  const { clock, dials, times, enter } = budget();
  for (let feed = 0; feed < 5; feed += 1) enter('wss://a.example');
  dials.pause('wss://a.example/other', RATES, 60_000);
  clock.advance(59_999);
  assert.deepEqual(times, [0, 0]);
  clock.advance(60_000);
  assert.equal(times.length, 5);
  assertHolds(times, RATES);
});

test('who leaves costs nobody a slot and leaves no timer behind', () => {
  const { clock, times, enter } = budget();
  enter('wss://a.example');
  enter('wss://a.example');
  const leave = [enter('wss://a.example'), enter('wss://a.example')];
  enter('wss://a.example');
  for (const go of leave) go();
  clock.advance(1_000);
  assert.deepEqual(times, [0, 0, 1_000]);
  enter('wss://a.example');
  const last = enter('wss://a.example');
  last();
  assert.equal(clock.pendingCount, 0);
});
