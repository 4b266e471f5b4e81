import type { Env } from './child';

/** A figure beside what the baseline asks of it. */
export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly figure: string;
  readonly isMet: boolean;
}

/** Column -> cell; every row has the same columns. */
export type Row = Readonly<Record<string, string | number>>;

export interface Report {
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
}

export interface BenchContext {
  /** Where Redis and RabbitMQ are. */
  readonly env: Env;
  /** Length of one measurement, where the bench does not need a length of its own. */
  readonly windowMs: number;
  /** Ticker updates per second of the throughput rows. */
  readonly rates: readonly number[];
}

export interface Bench {
  readonly title: string;
  run(context: BenchContext): Promise<Report>;
}

export function atMost(what: string, figure: number, limit: number, unit: string): Goal {
  return {
    what,
    goal: `<= ${limit} ${unit}`,
    figure: `${figure.toFixed(digitsOf(figure))} ${unit}`,
    isMet: figure <= limit,
  };
}

export function atLeast(what: string, figure: number, limit: number, unit: string): Goal {
  return {
    what,
    goal: `>= ${limit} ${unit}`,
    figure: `${figure.toFixed(digitsOf(figure))} ${unit}`,
    isMet: figure >= limit,
  };
}

/** Three significant digits, roughly: more would be noise. */
export function digitsOf(value: number): number {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 100) return 0;
  return size >= 10 ? 1 : 2;
}

/** Of an unsorted list; NaN where there is nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
