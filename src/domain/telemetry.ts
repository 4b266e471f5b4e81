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

/** The last frames of one connection, kept for whoever must find out what a venue said. */
export interface Tape {
  /** Hot path. `at`: epoch ms. */
  frame(text: string, at: number): void;
  /** Keeps what is on the tape for good, at most once a minute for each reason. */
  dump(reason: string): void;
}

export interface Recorder {
  /** `secrets`: texts that must not be kept, whatever frame they stand in. `about`: what a replay must know. */
  tape(labels: Labels, secrets: readonly string[], about: (frames: string) => object): Tape;
}

/** The same telemetry, whose log lines all name what they are about. */
export function telemetryAbout(telemetry: Telemetry, context: LogContext): Telemetry {
  return { ...telemetry, log: telemetry.log.child(context) };
}

export interface Telemetry {
  readonly log: Log;
  readonly meter: Meter;
  /** Absent: nothing is recorded. */
  readonly recorder?: Recorder;
}
