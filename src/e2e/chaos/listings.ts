import { rewriter } from '../../config';
import { parseEndpoints } from '../../config/endpoints';
import type { Simulator } from '../../simulator';
import { allVenues } from '../../venues/registry';

/** Published symbol by `exchange venueSymbol`: every instrument that the connector itself finds at the venues. */
export type Listings = ReadonlyMap<string, string>;

/** `venues`: default all that the simulator serves. */
export async function listingsOf(simulator: Simulator, venues?: readonly string[]): Promise<Listings> {
  const rewrite = rewriter(parseEndpoints(simulator.overrides()));
  const names = new Map<string, string>();
  for (const adapter of allVenues()) {
    const { venue, markets } = adapter.descriptor;
    const served = markets.filter(({ exchange }) => exchange in simulator.markets);
    if (served.length === 0 || venues?.includes(venue) === false) continue;
    const rest = adapter.connectRest({ rewrite, timeoutMs: 10_000 });
    for (const one of served) {
      for (const { venueSymbol, symbol } of await rest.instruments(one)) {
        names.set(`${one.exchange} ${venueSymbol}`, symbol);
      }
    }
  }
  return names;
}
