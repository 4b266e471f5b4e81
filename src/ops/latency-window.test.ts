import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatencyWindow, quantilesOf } from './latency-window';

const near = (actual: number | undefined, expected: number): void =>
  assert.ok(
    actual !== undefined && actual >= expected && actual <= expected * 1.25,
    `${actual} for ${expected}`,
  );

test('quantiles of the last minute, never better than the truth', () => {
  const window = new LatencyWindow();
  for (let ms = 1; ms <= 1_000; ms += 1) window.observe(ms / 1_000, 0);
  const told = quantilesOf([window], 0);
  near(told?.p50, 0.5);
  near(told?.p99, 0.99);
  assert.equal(told?.count, 1_000);
});

test('nothing observed, nothing told', () => {
  assert.equal(quantilesOf([], 0), undefined);
  assert.equal(quantilesOf([new LatencyWindow()], 5), undefined);
});

test('what is older than a minute is forgotten, slot by slot', () => {
  const window = new LatencyWindow();
  window.observe(10, 0);
  window.observe(0.001, 30_000);
  assert.equal(quantilesOf([window], 59_999)?.count, 2);
  assert.equal(quantilesOf([window], 60_000)?.count, 1);
  near(quantilesOf([window], 60_000)?.p99, 0.001);
  assert.equal(quantilesOf([window], 10_000_000), undefined);
});

test('several windows are told as one', () => {
  const [fast, slow] = [new LatencyWindow(), new LatencyWindow()];
  for (let round = 0; round < 98; round += 1) fast.observe(0.001, 0);
  slow.observe(2, 0);
  slow.observe(2, 0);
  const told = quantilesOf([fast, slow], 0);
  near(told?.p50, 0.001);
  near(told?.p99, 2);
});

test('beyond the bounds: the nearest bucket', () => {
  const window = new LatencyWindow();
  window.observe(0, 0);
  window.observe(-1, 0);
  window.observe(1e9, 0);
  assert.equal(quantilesOf([window], 0)?.count, 3);
  assert.equal(quantilesOf([window], 0)?.p50, 0.0001);
});
