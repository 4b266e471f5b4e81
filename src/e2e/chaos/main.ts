/** `npm run chaos -- --seed 1..20 [--seconds 30] [--no-prices]`: seeded faults on real servers and processes. */
import { parseArgs } from 'node:util';
import type { Outcome } from './run';
import { problemsOf, run } from './run';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function seedsOf(text: string): readonly number[] {
  const [from = NaN, to = from] = text.split('..').map(Number);
  if (!(from > 0) || !(to >= from)) throw new Error('--seed: a number or a range, e.g. 7 or 1..20');
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

function rowOf(seed: number, outcome: Outcome): string {
  const { faults, orders, changes, told, reconciled, lost, outOfOrder, deltasTwice } = outcome;
  const { candles, candlesMissing, candlesWrong, deaf, settledAfterMs, repeats, mostMb, violations } =
    outcome;
  const cells = [seed, faults.length, orders, changes, told, reconciled, lost.length, outOfOrder.length];
  const more = [
    deltasTwice.length,
    candles,
    candlesMissing.length,
    candlesWrong.length,
    deaf,
    repeats,
    settledAfterMs,
    mostMb,
    violations.length,
  ];
  return [...cells, ...more].map((cell) => String(cell).padStart(10)).join('');
}

const HEAD = ['seed', 'faults', 'orders', 'changes', 'told', 'by REST', 'lost', 'disorder', 'deltas2x']
  .concat(['candles', 'missing', 'wrong', 'deaf', 'repeats', 'settle ms', 'RSS MB', 'limits'])
  .map((cell) => cell.padStart(10))
  .join('');

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '30' },
      'no-prices': { type: 'boolean', default: false },
      logs: { type: 'string' },
    },
  });
  const rows: string[] = [];
  let failures = 0;
  for (const seed of seedsOf(values.seed)) {
    print(`seed ${seed}`);
    const hasPrices = !values['no-prices'];
    const { seconds, logs } = values;
    const options = { seed, seconds: Number(seconds), hasPrices, say: print };
    const outcome = await run({ ...options, ...(logs !== undefined && { logs }) });
    rows.push(rowOf(seed, outcome));
    const problems = problemsOf(outcome);
    if (problems.length > 0) failures += 1;
    for (const problem of problems.slice(0, 20)) print(`  ! ${problem}`);
  }
  print([HEAD, ...rows].join('\n'));
  print(failures === 0 ? 'nothing lost' : `${failures} seeds failed; each is played again by its --seed`);
  return failures === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : 'chaos failed'}\n`);
    process.exit(1);
  },
);
