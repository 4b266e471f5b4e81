import { RestClient } from 'okx-api';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor, RestDeps, VenueRest } from '../contract';
import { closedCandles, type CandlePage } from './candle-history';
import { readInstruments, readXPerps } from './instrument-list';
import { isXPerp, splitPair, swapKindOf, swapOf } from './pairs';
import { restError } from './rest-errors';

/** One REST call, deadline and error conversion included. */
type Call = (what: string, ask: (client: RestClient) => Promise<unknown>) => Promise<unknown>;

/** The SPOT list is the largest answer: about 1 MB. */
const LARGEST_ANSWER_BYTES = 32 * 1_024 * 1_024;

/** Public REST of OKX through the vendor's SDK; no credentials involved. */
export function connectRest(deps: RestDeps): VenueRest {
  /** Pair -> X-Perp, of the last list that could be read. */
  let xPerps: ReadonlyMap<string, Instrument> = new Map();

  async function linearInstruments(market: MarketDescriptor, call: Call): Promise<readonly Instrument[]> {
    const [swaps, futures] = await Promise.allSettled([
      call('instruments SWAP', (client) => client.getInstruments({ instType: 'SWAP' })),
      call('instruments FUTURES', (client) => client.getInstruments({ instType: 'FUTURES' })).then((answer) =>
        readXPerps(market, answer),
      ),
    ]);
    if (swaps.status === 'rejected') throw swaps.reason;
    // A failed X-Perp list must not take the swaps away: the last good one stands in until the refresh.
    if (futures.status === 'fulfilled') xPerps = new Map(futures.value.map((one) => [one.symbol, one]));
    return [...readInstruments(market, swaps.value), ...xPerps.values()];
  }

  return {
    instruments: async (market) => {
      const call = caller(market, deps);
      if (market.kind === 'linear') return linearInstruments(market, call);
      const instType = market.kind === 'spot' ? 'SPOT' : 'SWAP';
      const ask = (client: RestClient): Promise<unknown> => client.getInstruments({ instType });
      return readInstruments(market, await call(`instruments ${instType}`, ask));
    },
    instrumentOfPair: (market, { pair, base, quote }) => {
      if (market.kind === 'linear' && isXPerp(pair)) return xPerps.get(pair);
      return instrumentOfPair(market, { pair, base, quote });
    },
    candles: (market, query) => {
      const call = caller(market, deps);
      return closedCandles(query, (page) => call(page.source, (client) => askCandles(client, page)));
    },
  };
}

function instrumentOfPair(
  { exchange, kind }: MarketDescriptor,
  { pair, base, quote }: { pair: string; base: string; quote: string },
): Instrument | undefined {
  if (splitPair(pair).includes('')) return undefined;
  if (kind === 'spot') return { exchange, symbol: pair, venueSymbol: pair, base, quote };
  // Both kinds of swap carry the same `instType`, so a pair of the other kind would cross over.
  if (swapKindOf(pair) !== kind) return undefined;
  return { exchange, symbol: pair, venueSymbol: swapOf(pair), base, quote };
}

function caller({ exchange, endpoints }: MarketDescriptor, { rewrite, timeoutMs }: RestDeps): Call {
  const baseUrl = rewrite(endpoints.rest).replace(/\/+$/, '');
  return async (what, ask) => {
    // One client per call, because only a signal is a deadline for the whole answer: the `timeout` of
    // axios starts anew with every byte. Raw exceptions: the SDK's own drop status and headers.
    const request = {
      signal: AbortSignal.timeout(timeoutMs),
      timeout: timeoutMs,
      maxContentLength: LARGEST_ANSWER_BYTES,
    };
    try {
      return await ask(new RestClient({ baseUrl, parse_exceptions: false }, request));
    } catch (thrown) {
      throw restError(`${exchange} ${what}`, thrown);
    }
  };
}

function askCandles(client: RestClient, { source, ...query }: CandlePage): Promise<unknown> {
  return source === 'candles' ? client.getCandles(query) : client.getHistoricCandles(query);
}
