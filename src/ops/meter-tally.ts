import { METRICS, type MetricName } from '../domain/metric-names';
import type { Quantiles, Tally } from '../domain/status';
import type { Labels, Meter } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import { LatencyWindow, quantilesOf } from './latency-window';
import { Series } from './series';

interface Kept<T> {
  readonly labels: Labels;
  readonly content: T;
}

/** What the page reads back; others cost nothing. */
export const TALLIED: readonly MetricName[] = [
  'connector_frames_total',
  'connector_events_total',
  'connector_unknown_frames_total',
  'connector_dials_total',
  'connector_disconnects_total',
  'connector_rotations_total',
  'connector_stalls_total',
  'connector_refused_topics_total',
  'connector_published_total',
  'connector_backfilled_candles_total',
  'connector_backfill_failures_total',
  'connector_outbox_refused_total',
  'connector_outbox_republished_total',
  'connector_broker_failures_total',
  'connector_worker_restarts_total',
  'connector_user_events_total',
  'connector_user_events_waiting',
  'connector_user_events_consumers',
  'connector_user_events_limit',
  'connector_venue_latency_seconds',
  'connector_publish_latency_seconds',
  'connector_confirm_latency_seconds',
];

/** A meter that passes everything on and remembers what the status page shows: one source, two readers. */
export class MeterTally implements Meter, Tally {
  private readonly sums = new Map<MetricName, Series<Kept<{ value: number }>>>();
  private readonly windows = new Map<MetricName, Series<Kept<LatencyWindow>>>();

  constructor(
    private readonly inner: Meter,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {
    // A wrong label set is told by the meter behind.
    const misuse = (): void => undefined;
    for (const name of TALLIED) {
      const { type, labels: names } = METRICS[name];
      if (type === 'histogram') {
        const make = (labels: Labels): Kept<LatencyWindow> => ({ labels, content: new LatencyWindow() });
        this.windows.set(name, new Series(names, make, misuse));
      } else {
        const make = (labels: Labels): Kept<{ value: number }> => ({ labels, content: { value: 0 } });
        this.sums.set(name, new Series(names, make, misuse));
      }
    }
  }

  count(name: MetricName, labels?: Labels, by = 1): void {
    this.inner.count(name, labels, by);
    const kept = this.sums.get(name)?.of(labels);
    if (kept) kept.content.value += by;
  }

  gauge(name: MetricName, value: number, labels?: Labels): void {
    this.inner.gauge(name, value, labels);
    const kept = this.sums.get(name)?.of(labels);
    if (kept) kept.content.value = value;
  }

  observe(name: MetricName, value: number, labels?: Labels): void {
    this.inner.observe(name, value, labels);
    this.windows.get(name)?.of(labels)?.content.observe(value, this.clock.monotonic());
  }

  total(name: MetricName, match: Labels = {}): number {
    let sum = 0;
    for (const { content } of matching(this.sums.get(name), match)) sum += content.value;
    return sum;
  }

  quantiles(name: MetricName, match: Labels = {}): Quantiles | undefined {
    const windows = [...matching(this.windows.get(name), match)].map(({ content }) => content);
    return quantilesOf(windows, this.clock.monotonic());
  }
}

function* matching<T>(series: Iterable<Kept<T>> | undefined, match: Labels): Iterable<Kept<T>> {
  const wanted = Object.entries(match);
  for (const kept of series ?? []) {
    if (wanted.every(([name, value]) => kept.labels[name] === value)) yield kept;
  }
}
