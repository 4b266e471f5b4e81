import { rewriter } from '../../src/config';
import { parseEndpoints } from '../../src/config/endpoints';
import type { Instrument } from '../../src/domain/instrument';
import type { VenueRest } from '../../src/venues/contract';
import type { KnownMarket } from '../../src/venues/registry';

export function restOf({ adapter }: Pick<KnownMarket, 'adapter'>, endpoints: string): VenueRest {
  return adapter.connectRest({ rewrite: rewriter(parseEndpoints(endpoints)), timeoutMs: 10_000 });
}

/** What the simulated venue lists in a market. */
export function instrumentsOf(known: KnownMarket, endpoints: string): Promise<readonly Instrument[]> {
  return restOf(known, endpoints).instruments(known.market);
}
