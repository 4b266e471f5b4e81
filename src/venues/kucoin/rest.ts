import { ConnectorError } from '../../domain/errors';
import type { ExchangeId } from '../../domain/exchange';
import type { Instrument } from '../../domain/instrument';
import type { CandleQuery, MarketDescriptor, RestDeps } from '../contract';
import type { KucoinRest } from './bullet';
import { readToken } from './bullet';
import { epochMs } from './fields';
import type { Http } from './http';
import { openHttp } from './http';
import { readInstruments } from './instruments';
import { granularityOf, intervalsOf, typeOf } from './intervals';
import { futuresRows, spotRows } from './kline-rows';
import { closedCandles, noSuchCandles, type KlineSource } from './klines';
import { venueSymbolOf } from './symbols';

/** Of 1,500 (spot): room for the neighbours that inclusive bounds bring. */
const SPOT_PAGE = { bars: 1_000, mostRows: 1_500 };
/** Of 500, and 200 in older documents, which the servers may still be at. */
const FUTURES_PAGE = { bars: 190, mostRows: 500 };

/** Public REST of the three markets; no credentials involved. */
export function connectRest(deps: RestDeps): KucoinRest {
  /** Contracts by published symbol, of the last list that could be read. */
  const contracts = new Map<ExchangeId, ReadonlyMap<string, Instrument>>();
  let tokens = 0;

  return {
    instruments: async (market) => {
      const path = market.kind === 'spot' ? '/api/v2/symbols' : '/api/v1/contracts/active';
      const listed = readInstruments(market, await openHttp(market, deps).ask('symbols', path));
      if (market.kind !== 'spot') {
        contracts.set(market.exchange, new Map(listed.map((one) => [one.symbol, one])));
      }
      return listed;
    },
    instrumentOfPair: (market, pair) => instrumentOfPair(market, pair, contracts.get(market.exchange)),
    candles: async (market, query) => {
      const known = contracts.get(market.exchange)?.get(query.instrument.symbol);
      return closedCandles(query, sourceOf(market, query, openHttp(market, deps), known));
    },
    publicToken: async (market) => {
      const http = openHttp(market, deps);
      const answer = await http.ask('token', '/api/v1/bullet-public', { method: 'POST' });
      tokens += 1;
      return readToken(market, answer, tokens, http.isPlain);
    },
  };
}

/**
 * Contracts come from the venue's list, because only that tells their size, without which volumes
 * cannot be told in base units. Before it was read there is nothing to give: the caller then takes the
 * list itself. A pair that is missing on it may be a new listing: it is named by its pattern.
 */
function instrumentOfPair(
  { exchange, kind }: MarketDescriptor,
  { pair, base, quote }: { pair: string; base: string; quote: string },
  listed: ReadonlyMap<string, Instrument> | undefined,
): Instrument | undefined {
  if (pair === '') return undefined;
  if (kind === 'spot') return { exchange, symbol: pair, venueSymbol: pair, base, quote };
  if (listed === undefined) return undefined;
  return listed.get(pair) ?? { exchange, symbol: pair, venueSymbol: venueSymbolOf(pair, base), base, quote };
}

function sourceOf(
  market: MarketDescriptor,
  query: CandleQuery,
  http: Http,
  known: Instrument | undefined,
): KlineSource {
  if (!intervalsOf(market.kind).includes(query.interval)) throw noSuchCandles(query);
  const serverTime = async (): Promise<number> =>
    readTime(market, await http.ask('time', '/api/v1/timestamp'));
  return market.kind === 'spot'
    ? { ...spotSource(market, query, http), serverTime }
    : { ...futuresSource(market, query, http, known), serverTime };
}

function spotSource(
  { exchange }: MarketDescriptor,
  { instrument, interval }: CandleQuery,
  http: Http,
): Omit<KlineSource, 'serverTime'> {
  return {
    pageBars: SPOT_PAGE.bars,
    page: async (fromMs, toMs) => {
      const search = new URLSearchParams({
        symbol: instrument.venueSymbol,
        type: typeOf(interval) ?? '',
        startAt: String(Math.floor(fromMs / 1_000)),
        endAt: String(Math.ceil(toMs / 1_000)),
      });
      const answer = await http.ask('klines', `/api/v1/market/candles?${search.toString()}`);
      return spotRows(exchange, answer, SPOT_PAGE.mostRows);
    },
  };
}

function futuresSource(
  { exchange, kind }: MarketDescriptor,
  { instrument, interval }: CandleQuery,
  http: Http,
  known: Instrument | undefined,
): Omit<KlineSource, 'serverTime'> {
  const contractSize = instrument.contractSize ?? known?.contractSize;
  if (kind === 'linear' && contractSize === undefined) {
    throw new ConnectorError('REST_FAILED', `${exchange} klines: the contract's size is not known yet`);
  }
  return {
    pageBars: FUTURES_PAGE.bars,
    page: async (fromMs, toMs) => {
      const search = new URLSearchParams({
        symbol: instrument.venueSymbol,
        granularity: String(granularityOf(interval) ?? ''),
        from: String(fromMs),
        to: String(toMs),
      });
      const answer = await http.ask('klines', `/api/v1/kline/query?${search.toString()}`);
      const size = kind === 'linear' ? contractSize : undefined;
      return futuresRows(exchange, answer, FUTURES_PAGE.mostRows, size);
    },
  };
}

/** 1546837113087 */
function readTime({ exchange }: MarketDescriptor, answer: unknown): number {
  const time = epochMs(answer);
  if (time === undefined) throw new ConnectorError('REST_BAD_ANSWER', `${exchange} time: no time`);
  return time;
}
