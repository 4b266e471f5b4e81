import type { Instrument } from '../../domain/instrument';
import type { RestDeps, VenueRest } from '../contract';
import { closedCandles } from './candle-history';
import { isProduct } from './fields';
import { openHttp } from './http';
import { listProducts } from './product-list';
import { bookOf } from './twins';

/**
 * Public REST; needs no key. https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api
 */
export function connectRest(deps: RestDeps): VenueRest {
  /** Product behind each symbol, of the last list that could be read. */
  let books: ReadonlyMap<string, string> = new Map();

  return {
    instruments: async (market) => {
      const listed = await listProducts(market, openHttp(market, deps));
      books = new Map(listed.map(({ symbol, venueSymbol }) => [symbol, venueSymbol]));
      return listed;
    },
    instrumentOfPair: ({ exchange }, { pair, base, quote }): Instrument | undefined => {
      if (!isProduct(pair)) return undefined;
      const venueSymbol = books.get(pair) ?? bookOf(pair);
      return { exchange, symbol: pair, venueSymbol, base, quote };
    },
    candles: async (market, query) => closedCandles(query, openHttp(market, deps)),
  };
}
