import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Goal, Report, Row } from './bench';
import { digitsOf } from './bench';

export function printReport(title: string, { rows, goals }: Report): void {
  console.log(`\n${title}`);
  printTable(rows);
  if (goals.length > 0) printTable(goals.map(goalRow));
}

function goalRow({ what, goal, figure, isMet }: Goal): Row {
  return { goal: what, asked: goal, here: figure, ' ': isMet ? 'met' : 'MISSED' };
}

function printTable(rows: readonly Row[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column] ?? '')))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  for (const line of lines) console.log(`  ${line.map((text, at) => padded(text, at, widths)).join('  ')}`);
  console.log('');
}

/** Names to the left, figures to the right. */
function padded(text: string, at: number, widths: readonly number[]): string {
  const width = widths[at] ?? 0;
  return at === 0 ? text.padEnd(width) : text.padStart(width);
}

function cell(value: string | number): string {
  if (typeof value === 'string') return value;
  return Number.isFinite(value) ? value.toFixed(digitsOf(value)) : '-';
}

/** The machine and its load at the beginning stand beside the figures: they are worth nothing without. */
export function writeReport(directory: string, name: string, startedAt: Date, report: Report): string {
  const file = join(directory, `${startedAt.toISOString().replace(/[:.]/g, '-')}-${name}.json`);
  mkdirSync(directory, { recursive: true });
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model, load: loadavg() };
  writeFileSync(file, JSON.stringify({ bench: name, at: startedAt, machine, ...report }, null, 2));
  return file;
}
