import type { WorkerReport } from '../priceConnector/messages';

interface Bucket {
  /** Upper bound in seconds. */
  readonly bound: number;
  /** Observations up to the bound. */
  readonly count: number;
}

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

const METRIC = 'connector_publish_latency_seconds';

/** Quantiles (ms) from the receipt of a frame to its publishing on the Redis door, over all workers. */
export function publishLatency(
  reports: Iterable<WorkerReport>,
  quantiles: readonly number[],
): readonly (number | undefined)[] {
  const counts = new Map<number, number>();
  for (const { metrics } of reports) {
    for (const metric of metrics as readonly { name: string; values: readonly Sample[] }[]) {
      if (metric.name === METRIC) addBuckets(counts, metric.values);
    }
  }
  const buckets = [...counts].map(([bound, count]) => ({ bound, count })).sort((a, b) => a.bound - b.bound);
  return quantiles.map((quantile) => quantileOf(buckets, quantile));
}

function addBuckets(counts: Map<number, number>, values: readonly Sample[]): void {
  for (const { labels, value } of values) {
    const { le, door } = labels;
    if (le === undefined || door !== 'redis') continue;
    const bound = le === '+Inf' ? Infinity : Number(le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
}

/** Interpolated within the bucket, as Prometheus does. */
function quantileOf(buckets: readonly Bucket[], quantile: number): number | undefined {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return undefined;
  const rank = quantile * total;
  let below: Bucket = { bound: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank) {
      if (bucket.bound === Infinity) return below.bound * 1_000;
      const share = bucket.count === below.count ? 1 : (rank - below.count) / (bucket.count - below.count);
      return (below.bound + share * (bucket.bound - below.bound)) * 1_000;
    }
    below = bucket;
  }
  return undefined;
}
