import { z } from 'zod';
import type { ExchangeId } from '../domain/exchange';
import type { Store } from '../store/ports';
import type { InstrumentCache } from './catalogue';

const TTL_MS = 30 * 24 * 3_600_000;

const Stored = z.array(
  z.object({
    exchange: z.string(),
    symbol: z.string(),
    venueSymbol: z.string(),
    base: z.string(),
    quote: z.string(),
    contractSize: z.string().exactOptional(),
  }),
);

/** The last good instrument list of each exchange, in the store. */
export function instrumentCache(store: Store, keyOf: (exchange: ExchangeId) => string): InstrumentCache {
  return {
    async load(exchange) {
      const text = await store.get(keyOf(exchange));
      return text === undefined ? undefined : Stored.parse(JSON.parse(text));
    },
    save: (exchange, instruments) => store.set(keyOf(exchange), JSON.stringify(instruments), TTL_MS),
  };
}
