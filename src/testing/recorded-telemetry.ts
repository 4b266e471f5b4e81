import type { MetricName } from '../domain/metric-names';
import type { Labels, Log, LogContext, Telemetry } from '../domain/telemetry';

interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly context: LogContext;
  readonly message: string;
}

/** Telemetry that remembers: what was logged, counted and measured. */
export class RecordedTelemetry implements Telemetry {
  readonly lines: Line[] = [];
  private readonly counters = new Map<string, number>();
  private readonly gauges = new Map<string, number>();
  readonly log: Log = this.logWith({});
  readonly meter = {
    count: (name: MetricName, labels?: Labels, by = 1): void => {
      const key = keyOf(name, labels);
      this.counters.set(key, (this.counters.get(key) ?? 0) + by);
    },
    gauge: (name: MetricName, value: number, labels?: Labels): void => {
      this.gauges.set(keyOf(name, labels), value);
    },
    observe: (name: MetricName, _value: number, labels?: Labels): void => this.meter.count(name, labels),
  };

  /** Sum of a counter, or number of observations of a histogram. */
  counted(name: MetricName, labels?: Labels): number {
    return this.counters.get(keyOf(name, labels)) ?? 0;
  }

  gauged(name: MetricName, labels?: Labels): number | undefined {
    return this.gauges.get(keyOf(name, labels));
  }

  logged(level: Line['level']): readonly string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }

  /** Everything that left through the log, as one text: for asserting that a secret is not in it. */
  allText(): string {
    return JSON.stringify(this.lines);
  }

  private logWith(base: LogContext): Log {
    const write =
      (level: Line['level']) =>
      (context: LogContext, message: string): void =>
        void this.lines.push({ level, context: { ...base, ...context }, message });
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (context) => this.logWith({ ...base, ...context }),
    };
  }
}

function keyOf(name: string, labels: Labels = {}): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => a.localeCompare(b));
  return name + JSON.stringify(sorted);
}
