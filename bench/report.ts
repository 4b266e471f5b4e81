export interface Row {
  readonly candidate: 'floor' | 'ours';
  /** Ticker updates per second that were asked of the venue. */
  readonly rate: number;
  readonly sentPerSecond: number;
  readonly receivedPerSecond: number;
  readonly cpuMsPer1k: number;
  readonly p50: number;
  readonly p99: number;
  readonly rssMb: number;
  readonly batchesPerSecond: number;
}

const COLUMNS = [
  '',
  'asked/s',
  'sent/s',
  'delivered/s',
  'of sent',
  'CPU ms/1k',
  'p50 ms',
  'p99 ms',
  'RSS MB',
  'batches/s',
];

export function printTable(rows: readonly Row[]): void {
  const lines = [COLUMNS, ...rows.map(cells)];
  for (const line of lines) console.log(line.map((cell) => cell.padStart(11)).join(' '));
  console.log('\nours / floor, same run:');
  for (const rate of new Set(rows.map((row) => row.rate))) console.log(ratio(rows, rate));
}

function cells(row: Row): string[] {
  return [
    row.candidate,
    String(row.rate),
    row.sentPerSecond.toFixed(0),
    row.receivedPerSecond.toFixed(0),
    `${((100 * row.receivedPerSecond) / row.sentPerSecond).toFixed(1)} %`,
    row.cpuMsPer1k.toFixed(1),
    row.p50.toFixed(0),
    row.p99.toFixed(0),
    row.rssMb.toFixed(0),
    row.batchesPerSecond.toFixed(0),
  ];
}

function ratio(rows: readonly Row[], rate: number): string {
  const floor = rows.find((row) => row.rate === rate && row.candidate === 'floor');
  const ours = rows.find((row) => row.rate === rate && row.candidate === 'ours');
  if (!floor || !ours) return '';
  const times = (a: number, b: number): string => (b === 0 ? 'n/a' : (a / b).toFixed(2));
  return (
    `  ${String(rate).padStart(7)}/s: CPU ${times(ours.cpuMsPer1k, floor.cpuMsPer1k)}x,` +
    ` p50 ${times(ours.p50, floor.p50)}x, p99 ${times(ours.p99, floor.p99)}x`
  );
}
