import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregate, createMeter } from '../ops/metrics';
import { ThreadMetrics } from './thread-metrics';

const LABELS = { exchange: 'x', channel: 'ticker' };

async function thread(frames: number): Promise<readonly unknown[]> {
  const meter = createMeter({ defaultMetrics: false });
  meter.count('connector_frames_total', LABELS, frames);
  meter.gauge('connector_outbox_depth', frames);
  meter.observe('connector_gap_seconds', 1.5, LABELS);
  return meter.snapshot();
}

async function lines(metrics: ThreadMetrics): Promise<string> {
  return aggregate(metrics.snapshots());
}

test('a restarted thread goes on counting where the dead one stopped; gauges are those of the living', async () => {
  const metrics = new ThreadMetrics();
  metrics.report('a', 1, await thread(10));
  metrics.report('b', 1, await thread(3));
  metrics.report('a', 1, await thread(12));
  assert.match(await lines(metrics), /connector_frames_total\{exchange="x",channel="ticker"\} 15\n/);
  metrics.report('a', 2, await thread(1));
  metrics.report('a', 3, await thread(2));
  const text = await lines(metrics);
  assert.match(text, /connector_frames_total\{exchange="x",channel="ticker"\} 18\n/);
  assert.match(text, /connector_outbox_depth 5\n/);
  assert.match(text, /connector_gap_seconds_count\{exchange="x",channel="ticker"\} 4\n/);
  assert.match(text, /connector_gap_seconds_bucket\{le="2",exchange="x",channel="ticker"\} 4\n/);
});

test('a thread that misses a report keeps what it last said', async () => {
  const metrics = new ThreadMetrics();
  metrics.report('a', 1, await thread(10));
  metrics.report('b', 1, await thread(3));
  assert.match(await lines(metrics), /connector_frames_total\{exchange="x",channel="ticker"\} 13\n/);
});
