import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextDelay } from './backoff';

const policy = { floorMs: 200, baseMs: 1_000, capMs: 60_000, factor: 2 };

for (const [attempt, least, most] of [
  [0, 200, 1_000],
  [1, 200, 2_000],
  [5, 200, 32_000],
  [6, 200, 60_000],
  [7, 200, 60_000],
  [10_000, 200, 60_000],
] as const) {
  test(`attempt ${attempt} waits between ${least} and ${most} ms`, () => {
    assert.equal(
      nextDelay(policy, attempt, () => 0),
      least,
    );
    assert.equal(
      nextDelay(policy, attempt, () => 1),
      most,
    );
  });
}

test('the jitter survives at the cap: clients of one outage do not return in step', () => {
  const draws = Array.from({ length: 100 }, (_, index) => nextDelay(policy, 50, () => index / 100));
  assert.equal(new Set(draws).size, 100);
  assert.ok(Math.max(...draws) - Math.min(...draws) > 55_000);
});

test('any attempt and any luck stay between floor and cap', () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (attempt, luck) => {
      const delay = nextDelay(policy, attempt, () => luck);
      assert.ok(Number.isInteger(delay) && delay >= policy.floorMs && delay <= policy.capMs);
    }),
  );
});

test('a base below the floor still waits for the floor', () => {
  assert.equal(
    nextDelay({ ...policy, baseMs: 10 }, 0, () => 0.9),
    200,
  );
});
