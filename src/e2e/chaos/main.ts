/**
 * `npm run chaos -- --seed 1..20 [--seconds 30] [--no-prices]`: seeded faults on real servers and processes.
 * `--calm`: trading without faults, which shows that what a seed finds missing is not the suite's own. `--only 'main: killed'`:
 * faults with these words only. `--patience 60`: seconds that missing events have to come. `--logs folder`.
 */
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
  const { faults, orders, changes, told, reconciled, lost, unseen, outOfOrder, deltasTwice } = outcome;
  const { candles, candlesMissing, candlesWrong, deaf, settledAfterMs, repeats, mostMb, violations } =
    outcome;
  const cells = [
    seed,
    faults.length,
    orders,
    changes,
    told,
    reconciled,
    lost.length,
    unseen,
    outOfOrder.length,
  ];
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

const HEAD = [
  'seed',
  'faults',
  'orders',
  'changes',
  'told',
  'by REST',
  'lost',
  'unseen',
  'disorder',
  'deltas2x',
]
  .concat(['candles', 'missing', 'wrong', 'deaf', 'repeats', 'settle ms', 'RSS MB', 'limits'])
  .map((cell) => cell.padStart(10))
  .join('');

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '30' },
      'no-prices': { type: 'boolean', default: false },
      calm: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      patience: { type: 'string', default: '150' },
      logs: { type: 'string' },
    },
  });
  const rows: string[] = [];
  let failures = 0;
  for (const seed of seedsOf(values.seed)) {
    print(`seed ${seed}`);
    const hasPrices = !values['no-prices'];
    const { seconds, logs, only, calm: isCalm } = values;
    const patienceMs = Number(values.patience) * 1_000;
    const options = { seed, seconds: Number(seconds), hasPrices, isCalm, only, patienceMs, say: print };
    const outcome = await run({ ...options, ...(logs !== undefined && { logs }) });
    rows.push(rowOf(seed, outcome));
    // A night of seeds that is cut short has said something.
    print(`  ${outcome.lost.length} lost, settled after ${outcome.settledAfterMs} ms`);
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
