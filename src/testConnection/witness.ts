import type { MetricName } from '../domain/metric-names';
import type { Labels, Meter } from '../domain/telemetry';

export interface WitnessListener {
  onDialed(outcome: string): void;
  onDisconnected(reason: string): void;
  /** Venue's clock minus ours. */
  onClockOffset(offsetMs: number): void;
}

/** Hears what the connector counts of the account's connection. */
export function witness(listener: WitnessListener): Meter {
  return {
    count: (name: MetricName, labels?: Labels) => {
      if (labels?.['channel'] !== 'account') return;
      if (name === 'connector_dials_total') listener.onDialed(labels['outcome'] ?? '');
      if (name === 'connector_disconnects_total') listener.onDisconnected(labels['reason'] ?? '');
    },
    gauge: (name: MetricName, value: number) => {
      if (name === 'connector_clock_offset_seconds') listener.onClockOffset(value * 1_000);
    },
    observe: () => undefined,
  };
}
