import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRICS } from '../domain/metric-names';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { MeterTally, TALLIED } from './meter-tally';

const ticker = { exchange: 'binance', channel: 'ticker' };
const candle = { exchange: 'binance', channel: 'candle' };

function opened(): { tally: MeterTally; telemetry: RecordedTelemetry } {
  const telemetry = new RecordedTelemetry();
  return { tally: new MeterTally(telemetry.meter, new FakeClock()), telemetry };
}

test('everything is passed on', () => {
  const { tally, telemetry } = opened();
  tally.count('connector_frames_total', ticker, 3);
  tally.count('connector_commands_total', { queue: 'q', outcome: 'done' });
  tally.gauge('connector_outbox_depth', 4);
  tally.observe('connector_confirm_latency_seconds', 1);
  assert.equal(telemetry.counted('connector_frames_total', ticker), 3);
  assert.equal(telemetry.counted('connector_commands_total', { queue: 'q', outcome: 'done' }), 1);
  assert.equal(telemetry.gauged('connector_outbox_depth'), 4);
  assert.equal(telemetry.counted('connector_confirm_latency_seconds'), 1);
});

test('sums by any part of the labels', () => {
  const { tally } = opened();
  tally.count('connector_frames_total', ticker, 3);
  tally.count('connector_frames_total', candle);
  tally.count('connector_frames_total', { exchange: 'okx', channel: 'ticker' }, 5);
  assert.equal(tally.total('connector_frames_total'), 9);
  assert.equal(tally.total('connector_frames_total', { exchange: 'binance' }), 4);
  assert.equal(tally.total('connector_frames_total', candle), 1);
  assert.equal(tally.total('connector_frames_total', { exchange: 'none' }), 0);
});

test('quantiles by any part of the labels', () => {
  const { tally } = opened();
  const labels = { exchange: 'binance', door: 'redis', kind: 'ticker' };
  tally.observe('connector_publish_latency_seconds', 0.001, labels);
  tally.observe('connector_publish_latency_seconds', 9, { ...labels, door: 'rabbit' });
  assert.equal(tally.quantiles('connector_publish_latency_seconds', { exchange: 'binance' })?.count, 2);
  assert.equal(tally.quantiles('connector_publish_latency_seconds', { door: 'redis' })?.count, 1);
  assert.equal(tally.quantiles('connector_publish_latency_seconds', { exchange: 'okx' }), undefined);
});

test('what is not shown is not kept', () => {
  const { tally } = opened();
  tally.count('connector_conflated_total', { exchange: 'a', door: 'redis', kind: 'ticker' });
  assert.ok(!TALLIED.includes('connector_conflated_total'));
  assert.equal(tally.total('connector_conflated_total'), 0);
  assert.ok(TALLIED.every((name) => name in METRICS));
});
