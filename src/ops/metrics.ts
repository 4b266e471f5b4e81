import { isMainThread } from 'node:worker_threads';
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricName } from '../domain/metric-names';
import type { MetricShape } from '../domain/metric-shape';
import { METRICS } from '../domain/metric-names';
import type { Labels, Meter } from '../domain/telemetry';
import { Series } from './series';

export interface Exporter extends Meter {
  /** Prometheus text format, version 0.0.4. */
  text(): Promise<string>;
  /** Plain data for `aggregate`, which may cross threads. */
  snapshot(): Promise<readonly unknown[]>;
}

export interface MeterOptions {
  /** Memory, CPU, event loop of the process. Default: in the main thread only, so that nothing counts twice. */
  readonly defaultMetrics?: boolean;
  /**
   * A wrong label set or value, told once per metric; the measurement is dropped. A mistake in counting
   * must not end a feed. Default: a warning of the process.
   */
  readonly onMisuse?: (problem: string) => void;
}

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** How the threads' values become one; all others are sums. */
const AGGREGATORS: Partial<Record<MetricName, 'min' | 'max'>> = {
  // 1 only while every thread is connected.
  connector_broker_connected: 'min',
  connector_last_data_timestamp_seconds: 'max',
};

type Kind = (typeof METRICS)[MetricName]['type'];
type Write = (value: number, labels: Labels | undefined) => void;

/** The metrics of this thread, by the catalogue of the domain. */
export function createMeter(options: MeterOptions = {}): Exporter {
  const registry = new Registry();
  if (options.defaultMetrics ?? isMainThread) collectDefaultMetrics({ register: registry });
  const misuse = tellOnce(options.onMisuse ?? warnProcess);
  const writers = new Map<MetricName, Write>();
  for (const name of metricNames()) writers.set(name, writerOf(name, registry, misuse));

  const write = (kind: Kind, name: MetricName, value: number, labels: Labels | undefined): void => {
    const isFit = METRICS[name].type === kind && Number.isFinite(value);
    if (isFit && (kind !== 'counter' || value >= 0)) writers.get(name)?.(value, labels);
    else misuse(name, `${kind} with value ${value}`);
  };
  return {
    count: (name, labels, by = 1) => write('counter', name, by, labels),
    gauge: (name, value, labels) => write('gauge', name, value, labels),
    observe: (name, value, labels) => write('histogram', name, value, labels),
    text: () => registry.metrics(),
    snapshot: () => registry.getMetricsAsJSON(),
  };
}

/** One Prometheus text from the snapshots of several threads of this process. */
export function aggregate(snapshots: readonly (readonly unknown[])[]): Promise<string> {
  // They were made by `snapshot`, and crossed nothing but our own threads.
  const typed = snapshots as unknown as MetricObjectWithValues<MetricValue<string>>[][];
  return AggregatorRegistry.aggregate(typed).metrics();
}

function writerOf(
  name: MetricName,
  registry: Registry,
  misuse: (name: string, problem: string) => void,
): Write {
  const { type, help, labels, buckets }: MetricShape = METRICS[name];
  const series = <T>(create: (labels: Labels) => T): Series<T> =>
    new Series(labels, create, (problem) => misuse(name, problem));
  const common: Common = {
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    aggregator: AGGREGATORS[name] ?? 'sum',
  };
  switch (type) {
    case 'counter':
      return counterWriter(common, series);
    case 'gauge':
      return gaugeWriter(common, series);
    case 'histogram': {
      const histogram = new Histogram({ ...common, ...(buckets && { buckets: [...buckets] }) });
      const children = series((values) => histogram.labels({ ...values }));
      return (value, values) => children.of(values)?.observe(value);
    }
  }
}

interface Common {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
  readonly aggregator: 'sum' | 'min' | 'max';
}

interface Cell {
  readonly labels: Labels;
  value: number;
}

type MakeSeries = <T>(create: (labels: Labels) => T) => Series<T>;

/** The library hashes its labels at every call; a cell is one addition, told to the library when it is asked. */
function counterWriter(common: Common, series: MakeSeries): Write {
  const cells = series((labels): Cell => ({ labels, value: 0 }));
  const counter = new Counter({
    ...common,
    collect: () => {
      for (const cell of cells) {
        counter.inc({ ...cell.labels }, cell.value);
        cell.value = 0;
      }
    },
  });
  return (by, labels) => {
    const cell = cells.of(labels);
    if (cell) cell.value += by;
  };
}

function gaugeWriter(common: Common, series: MakeSeries): Write {
  const cells = series((labels): Cell => ({ labels, value: 0 }));
  const gauge = new Gauge({
    ...common,
    collect: () => {
      for (const cell of cells) gauge.set({ ...cell.labels }, cell.value);
    },
  });
  return (value, labels) => {
    const cell = cells.of(labels);
    if (cell) cell.value = value;
  };
}

function metricNames(): readonly MetricName[] {
  return Object.keys(METRICS) as MetricName[];
}

function tellOnce(tell: (problem: string) => void): (name: string, problem: string) => void {
  const told = new Set<string>();
  return (name, problem) => {
    if (told.has(name)) return;
    told.add(name);
    tell(`metric ${name}: ${problem}`);
  };
}

function warnProcess(problem: string): void {
  process.emitWarning(problem, { code: 'METRIC_MISUSE' });
}
