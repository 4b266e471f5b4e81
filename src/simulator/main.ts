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
    port: numberOf('port', values.port),
    symbols: numberOf('symbols', values.symbols),
    warp: numberOf('warp', values.warp),
    seed: numberOf('seed', values.seed),
    ...(values.venues === undefined ? {} : { venues: values.venues.split(',') }),
  });
  process.stdout.write(`VENUE_ENDPOINTS=${simulator.overrides()}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void simulator.close());
}

function numberOf(name: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new RangeError(`--${name} must be a number, not ${text}`);
  return Number(text);
}

void main();
