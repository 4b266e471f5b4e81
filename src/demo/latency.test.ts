import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createMeter } from '../ops/metrics';
import type { WorkerReport } from '../priceConnector/messages';
import { publishLatency } from './latency';

const NAME = 'connector_publish_latency_seconds';

/** Cumulative counts by upper bound, as Prometheus tells them. */
const report = (
  buckets: Readonly<Record<string, number>>,
  labels: object = { door: 'redis' },
): WorkerReport => ({
  metrics: [
    {
      name: NAME,
      values: Object.entries(buckets).map(([le, value]) => ({
        labels: { le: le === '+Inf' ? le : Number(le), ...labels },
        value,
      })),
    },
  ],
  brokerReady: true,
  storeReady: true,
});

describe('publishLatency', () => {
  for (const [name, buckets, quantile, expectedMs] of [
    ['within the first bucket, from zero', { 0.001: 10, 0.002: 10, '+Inf': 10 }, 0.5, 0.5],
    ['at a bound', { 0.001: 5, 0.002: 10, '+Inf': 10 }, 0.5, 1],
    ['between two bounds', { 0.001: 5, 0.003: 15, '+Inf': 15 }, 2 / 3, 2],
    ['beyond the last bound: the last bound', { 0.001: 1, '+Inf': 100 }, 0.99, 1],
    ['the highest', { 0.001: 5, 0.002: 10, '+Inf': 10 }, 1, 2],
    ['empty buckets are passed', { 0.001: 0, 0.002: 0, 0.004: 4, '+Inf': 4 }, 0.5, 3],
  ] as const) {
    test(name, () => {
      const [actual] = publishLatency([report(buckets)], [quantile]);
      assert.ok(actual !== undefined && Math.abs(actual - expectedMs) < 1e-9, `${actual} ms`);
    });
  }

  test('nothing observed: unknown, not zero', () => {
    assert.deepEqual(publishLatency([], [0.5, 0.99]), [undefined, undefined]);
    assert.deepEqual(publishLatency([report({ 0.001: 0, '+Inf': 0 })], [0.5]), [undefined]);
  });

  test('workers are added up; other doors and other metrics do not count', () => {
    const fast = report({ 0.001: 90, 0.01: 90, '+Inf': 90 });
    const slow = report({ 0.001: 0, 0.01: 10, '+Inf': 10 });
    const rabbit = report({ 0.001: 0, 0.01: 1_000, '+Inf': 1_000 }, { door: 'rabbit' });
    const other = {
      ...fast,
      metrics: [{ name: 'connector_frames_total', values: [{ labels: {}, value: 9 }] }],
    };
    const [p50, p99] = publishLatency([fast, slow, rabbit, other], [0.5, 0.99]);
    assert.ok(p50 !== undefined && p50 < 1, `${p50}`);
    assert.ok(p99 !== undefined && p99 > 9 && p99 < 10, `${p99}`);
  });

  test('reads what a worker’s meter really reports', async () => {
    const meter = createMeter();
    for (let i = 0; i < 100; i += 1) {
      meter.observe(NAME, 0.0015, { exchange: 'binance', door: 'redis', kind: 'ticker' });
      meter.observe(NAME, 4, { exchange: 'binance', door: 'rabbit', kind: 'ticker' });
    }
    const metrics = await meter.snapshot();
    const [p50] = publishLatency([{ metrics, brokerReady: true, storeReady: true }], [0.5]);
    assert.ok(p50 !== undefined && p50 > 1 && p50 < 2, `${p50}`);
  });
});
