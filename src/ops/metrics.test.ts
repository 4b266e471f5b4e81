import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRICS } from '../domain/metric-names';
import type { MetricName } from '../domain/metric-names';
import type { Exporter } from './metrics';
import { aggregate, createMeter } from './metrics';

const LABELS = { exchange: 'bybit', channel: 'ticker' };

function meterWith(misuses: string[] = []): Exporter {
  return createMeter({ defaultMetrics: false, onMisuse: (problem) => misuses.push(problem) });
}

/** The samples of a Prometheus text, by name with labels. */
function samples(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

test('every metric of the catalogue can be written and is exported with its help', async () => {
  const misuses: string[] = [];
  const meter = meterWith(misuses);
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const labels = Object.fromEntries(METRICS[name].labels.map((label) => [label, 'x']));
    if (METRICS[name].type === 'counter') meter.count(name, labels);
    else if (METRICS[name].type === 'gauge') meter.gauge(name, 1, labels);
    else meter.observe(name, 1, labels);
  }
  const text = await meter.text();
  assert.deepEqual(misuses, []);
  for (const [name, { help, type }] of Object.entries(METRICS)) {
    assert.ok(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}`), name);
  }
});

test('counts add up over exports, gauges show the last value, histograms fill their buckets', async () => {
  const meter = meterWith();
  meter.count('connector_frames_total', LABELS);
  meter.count('connector_frames_total', { channel: 'ticker', exchange: 'bybit' }, 4);
  assert.equal(
    samples(await meter.text()).get('connector_frames_total{exchange="bybit",channel="ticker"}'),
    5,
  );
  meter.count('connector_frames_total', LABELS, 2);
  meter.count('connector_outbox_refused_total');
  meter.gauge('connector_outbox_depth', 7);
  meter.gauge('connector_outbox_depth', 3);
  meter.observe('connector_gap_seconds', 0.4, LABELS);
  meter.observe('connector_gap_seconds', 9, LABELS);
  const values = samples(await meter.text());
  assert.equal(values.get('connector_frames_total{exchange="bybit",channel="ticker"}'), 7);
  assert.equal(values.get('connector_outbox_refused_total'), 1);
  assert.equal(values.get('connector_outbox_depth'), 3);
  assert.equal(values.get('connector_gap_seconds_bucket{le="0.5",exchange="bybit",channel="ticker"}'), 1);
  assert.equal(values.get('connector_gap_seconds_bucket{le="10",exchange="bybit",channel="ticker"}'), 2);
  assert.equal(values.get('connector_gap_seconds_sum{exchange="bybit",channel="ticker"}'), 9.4);
});

test('wrong labels, kinds and values are told once per metric and change nothing', async () => {
  const misuses: string[] = [];
  const meter = meterWith(misuses);
  meter.count('connector_frames_total', { exchange: 'bybit' });
  meter.count('connector_frames_total', { ...LABELS, symbol: 'BTCUSDT' });
  meter.count('connector_events_total', LABELS, -1);
  meter.observe('connector_gap_seconds', NaN, LABELS);
  meter.gauge('connector_dials_total', 1, { ...LABELS, outcome: 'opened' });
  assert.deepEqual(misuses, [
    'metric connector_frames_total: labels {exchange} instead of {exchange, channel}',
    'metric connector_events_total: counter with value -1',
    'metric connector_gap_seconds: histogram with value NaN',
    'metric connector_dials_total: gauge with value 1',
  ]);
  assert.deepEqual(
    [...samples(await meter.text()).keys()].filter((key) => key.includes('exchange=')),
    [],
  );
});

test('the number of label sets is bounded', async () => {
  const misuses: string[] = [];
  const meter = meterWith(misuses);
  for (let n = 0; n < 5_000; n += 1) meter.count('connector_candle_requests_total', { outcome: `o${n}` });
  const text = await meter.text();
  assert.equal(
    [...samples(text).keys()].filter((key) => key.startsWith('connector_candle_requests_total{')).length,
    2_000,
  );
  assert.deepEqual(misuses, ['metric connector_candle_requests_total: more than 2000 label sets']);
});

test('snapshots of threads become one text: sums, the earliest truth and the latest time', async () => {
  const [one, two] = [meterWith(), meterWith()];
  for (const [meter, connected, at] of [
    [one, 1, 100],
    [two, 0, 200],
  ] as const) {
    meter.count('connector_frames_total', LABELS, 3);
    meter.gauge('connector_outbox_depth', 5);
    meter.gauge('connector_broker_connected', connected, { target: 'redis' });
    meter.gauge('connector_last_data_timestamp_seconds', at, LABELS);
    meter.observe('connector_confirm_latency_seconds', 0.004);
  }
  two.count('connector_frames_total', { ...LABELS, channel: 'candle' });
  const process = createMeter({ defaultMetrics: true });
  // As they come out of a thread.
  const snapshots = structuredClone(await Promise.all([process, one, two].map((meter) => meter.snapshot())));
  const values = samples(await aggregate(snapshots));
  assert.equal(values.get('connector_frames_total{exchange="bybit",channel="ticker"}'), 6);
  assert.equal(values.get('connector_frames_total{exchange="bybit",channel="candle"}'), 1);
  assert.equal(values.get('connector_outbox_depth'), 10);
  assert.equal(values.get('connector_broker_connected{target="redis"}'), 0);
  assert.equal(values.get('connector_last_data_timestamp_seconds{exchange="bybit",channel="ticker"}'), 200);
  assert.equal(values.get('connector_confirm_latency_seconds_bucket{le="0.005"}'), 2);
  assert.equal(values.get('connector_confirm_latency_seconds_count'), 2);
  assert.ok((values.get('process_resident_memory_bytes') ?? 0) > 1_000_000);
});
