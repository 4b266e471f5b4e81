import type { MetricName } from './metric-names';

/** Context of a log line. Never put a credential or a raw request into it. */
export type LogContext = Readonly<Record<string, unknown>>;

/** Structured log, handed in by the composition root. */
export interface Log {
  debug(context: LogContext, message: string): void;
  info(context: LogContext, message: string): void;
  warn(context: LogContext, message: string): void;
  error(context: LogContext, message: string): void;
  child(context: LogContext): Log;
}

export type Labels = Readonly<Record<string, string>>;

/** Metrics, handed in by the composition root. Names are those of the catalogue. */
export interface Meter {
  count(name: MetricName, labels?: Labels, by?: number): void;
  gauge(name: MetricName, value: number, labels?: Labels): void;
  observe(name: MetricName, value: number, labels?: Labels): void;
}

export interface Telemetry {
  readonly log: Log;
  readonly meter: Meter;
}
