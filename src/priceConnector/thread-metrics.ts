/** A metric as the exporter of a thread describes it; only what is needed here. */
interface Metric {
  readonly name: string;
  readonly type: string;
  readonly values: readonly Sample[];
}

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
  readonly value: number;
}

export type Snapshot = readonly unknown[];

interface Thread {
  readonly generation: number;
  readonly snapshot: readonly Metric[];
}

/**
 * Metrics over the lives of a venue's threads: what a dead one had counted stays counted, so that sums
 * never fall, and a thread that misses a report does not vanish for that time.
 */
export class ThreadMetrics {
  private readonly latest = new Map<string, Thread>();
  private retired: readonly Metric[] = [];

  /** @param generation number of the thread among those of its venue */
  report(venue: string, generation: number, snapshot: Snapshot): void {
    const before = this.latest.get(venue);
    if (before && before.generation !== generation) {
      this.retired = sum(this.retired, before.snapshot.filter(isCounting));
    }
    // Made by our own exporter; it only crossed a thread.
    this.latest.set(venue, { generation, snapshot: snapshot as readonly Metric[] });
  }

  /** One snapshot per living thread, and one of all dead ones. */
  snapshots(): readonly Snapshot[] {
    return [this.retired, ...[...this.latest.values()].map(({ snapshot }) => snapshot)];
  }
}

/** Gauges speak of now: a dead thread has none. */
function isCounting({ type }: Metric): boolean {
  return type === 'counter' || type === 'histogram';
}

function sum(a: readonly Metric[], b: readonly Metric[]): readonly Metric[] {
  const byName = new Map(a.map((metric) => [metric.name, metric]));
  for (const metric of b) {
    const known = byName.get(metric.name);
    byName.set(metric.name, known ? { ...metric, values: sumValues(known.values, metric.values) } : metric);
  }
  return [...byName.values()];
}

function sumValues(a: readonly Sample[], b: readonly Sample[]): readonly Sample[] {
  const byLabels = new Map<string, Sample>();
  for (const sample of [...a, ...b]) {
    const key = `${sample.metricName ?? ''}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    const known = byLabels.get(key);
    byLabels.set(key, known ? { ...sample, value: known.value + sample.value } : sample);
  }
  return [...byLabels.values()];
}
