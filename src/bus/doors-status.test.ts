import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeterTally } from '../ops/meter-tally';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { userEventsStatus } from './doors-status';

test('the queue of account events is told only while it is known', () => {
  const tally = new MeterTally(new RecordedTelemetry().meter, new FakeClock());
  const tell = (waiting: number, consumers: number, limit: number): void => {
    tally.gauge('connector_user_events_waiting', waiting);
    tally.gauge('connector_user_events_consumers', consumers);
    tally.gauge('connector_user_events_limit', limit);
  };
  assert.equal(userEventsStatus(tally), undefined);
  tell(3, 1, 10);
  assert.deepEqual(userEventsStatus(tally), { waiting: 3, consumers: 1, limit: 10 });
  tell(0, 0, 0);
  assert.equal(userEventsStatus(tally), undefined);
});
