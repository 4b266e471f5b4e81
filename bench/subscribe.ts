/** From the start of the process until every symbol of every market has ticked on Redis, venue by venue. */
import type { Instrument } from '../src/domain/instrument';
import type { VenueAdapter } from '../src/venues/contract';
import { allVenues } from '../src/venues/registry';
import type { Bench, Goal, Row } from './harness/bench';
import type { Env } from './harness/child';
import { pause } from './harness/child';
import { FirstTicks } from './harness/first-ticks';
import { instrumentsOf } from './harness/instruments';
import { leastOf } from './harness/minimum';
import { PriceProcess, Venues } from './harness/stage';

/** Per market; the larger ones of the real venues list 300 to 900. */
const SYMBOLS = 500;
const LIMIT_MS = 90_000;
/** Beyond the minimum: the process starts, lists are read, a first value comes up to one push period later. */
const GRACE_MS = 4_000;

export const subscribe: Bench = {
  title: `all tickers after the start, ${SYMBOLS} symbols per market; minimum: by the descriptor's limits alone`,
  async run({ env }) {
    const rows: Row[] = [];
    const goals: Goal[] = [];
    for (const adapter of allVenues()) {
      const row = await measure(adapter, env);
      rows.push(row);
      goals.push({
        what: `${row.venue}: every symbol has ticked`,
        goal: `<= ${(row['minimum s'] + GRACE_MS / 1_000).toFixed(1)} s`,
        figure: `${row['all ticked s'].toFixed(1)} s`,
        isMet: row.missing === 0 && row['all ticked s'] <= row['minimum s'] + GRACE_MS / 1_000,
      });
    }
    return { rows, goals };
  },
};

async function measure(adapter: VenueAdapter, env: Env) {
  const { venue, markets } = adapter.descriptor;
  const simulated = await Venues.start({ venues: [venue], symbols: SYMBOLS });
  const instruments = new Map<string, readonly Instrument[]>();
  for (const market of markets) {
    instruments.set(market.exchange, await instrumentsOf({ adapter, market }, simulated.endpoints));
  }
  const ticks = await FirstTicks.open(env);
  const startedAt = performance.now();
  const selectors = [...new Set(markets.map(({ selector }) => selector))].join(',');
  const price = await PriceProcess.start(env, simulated.endpoints, { PRICE_CONNECTOR_EXCHANGES: selectors });
  const lacking = (): number =>
    [...instruments].reduce(
      (sum, [exchange, list]) => sum + Math.max(0, list.length - ticks.count(exchange)),
      0,
    );
  while (lacking() > 0 && performance.now() - startedAt < LIMIT_MS) await pause(50);
  const lastNew = Math.max(...markets.map(({ exchange }) => ticks.lastNewAt(exchange) ?? NaN));
  const missing = lacking();
  const least = leastOf(adapter, instruments);
  const violations = await simulated.control.violations();
  await Promise.all([price.stop(), ticks.close()]);
  await simulated.stop();
  return {
    venue,
    symbols: [...instruments.values()].reduce((sum, list) => sum + list.length, 0),
    connections: least.connections,
    requests: least.requests,
    'minimum s': least.ms / 1_000,
    'all ticked s': (lastNew - startedAt) / 1_000,
    missing,
    'limits broken': violations.length,
  };
}
