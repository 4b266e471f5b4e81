/**
 * `npm run bench [-- --only throughput,decode --seconds 6 --rates 1000,20000]`: the market rows of the
 * goals, measured on real servers through the built process. Compare the ratios within a run: machines differ.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { array } from './array';
import { close } from './close';
import { decode } from './decode';
import type { Bench, BenchContext } from './harness/bench';
import type { Env } from './harness/child';
import { printReport, writeReport } from './harness/report';
import { ROOT } from './harness/stage';
import { subscribe } from './subscribe';
import { throughput } from './throughput';
import { venues } from './venues';

const BENCHES: Readonly<Record<string, Bench>> = { throughput, decode, array, close, subscribe, venues };

interface Services {
  readonly env: Env;
  stop(): Promise<void>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: Object.keys(BENCHES).join(',') },
      rates: { type: 'string', default: '1000,20000,60000' },
      seconds: { type: 'string', default: '8' },
    },
  });
  const chosen = values.only.split(',').map(named);
  console.log('building ...');
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs')]);
  const { provideServices } = (await import(join(ROOT, 'scripts/services.mjs'))) as {
    provideServices(options: { need: string[] }): Promise<Services>;
  };
  const services = await provideServices({ need: ['redis', 'rabbit'] });
  try {
    await runAll(chosen, {
      env: services.env,
      windowMs: Number(values.seconds) * 1_000,
      rates: values.rates.split(',').map(Number),
    });
  } finally {
    await services.stop();
  }
}

async function runAll(chosen: readonly (readonly [string, Bench])[], context: BenchContext): Promise<void> {
  for (const [name, bench] of chosen) {
    const startedAt = new Date();
    const report = await bench.run(context);
    printReport(`${name}: ${bench.title}`, report);
    const file = writeReport(join(ROOT, 'bench/results'), name, startedAt, report);
    console.log(`  ${((Date.now() - startedAt.getTime()) / 1_000).toFixed(0)} s; written to ${file}`);
  }
}

function named(name: string): readonly [string, Bench] {
  const bench = BENCHES[name];
  if (!bench) throw new RangeError(`--only: no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`);
  return [name, bench];
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
