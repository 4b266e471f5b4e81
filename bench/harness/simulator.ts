/** The venues, in a process of their own: `simulator.ts '{"venues":["okx"],"symbols":500}'`. */
import type { SimulatorSettings } from '../../src/simulator';
import { startSimulator } from '../../src/simulator';

async function main(): Promise<void> {
  const simulator = await startSimulator(JSON.parse(process.argv[2] ?? '{}') as SimulatorSettings);
  process.once('SIGTERM', () => void simulator.close());
  process.stdout.write(`VENUE_ENDPOINTS=${simulator.overrides()}\n`);
}

void main();
