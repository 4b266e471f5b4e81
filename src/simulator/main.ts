import { parseArgs } from 'node:util';
import { startSimulator } from './index';

/** `npx tsx src/simulator/main.ts --port 9100 --symbols 500 --warp 30 --seed 1 --venues binance` */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9100' },
      symbols: { type: 'string', default: '30' },
      warp: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      venues: { type: 'string' },
    },
  });
  const simulator = await startSimulator({
    port: Number(values.port),
    symbols: Number(values.symbols),
    warp: Number(values.warp),
    seed: Number(values.seed),
    ...(values.venues === undefined ? {} : { venues: values.venues.split(',') }),
  });
  process.stdout.write(`VENUE_ENDPOINTS=${simulator.overrides()}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void simulator.close());
}

void main();
