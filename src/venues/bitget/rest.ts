import { RestClientV2, type FuturesKlineInterval, type FuturesProductTypeV2 } from 'bitget-api';
import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { CandleQuery, MarketDescriptor, RestDeps, VenueRest } from '../contract';
import { closedCandles, type CandlePage, type RestAnswer } from './candle-history';
import { epochMs, isObject } from './fields';
import { readInstruments } from './instrument-list';
import { granularityOf } from './intervals';
import { restError } from './rest-errors';
import { instTypeOf, marginCoinOf, type InstType } from './topics';
import type { RestWire, Unproven } from './wire';

/** One REST call, deadline, check of the envelope and error conversion included. */
type Call = (what: string, ask: (client: RestClientV2) => Promise<unknown>) => Promise<RestAnswer>;

type SpotKlineInterval = Parameters<RestClientV2['getSpotCandles']>[0]['granularity'];
type Futures = Extract<InstType, FuturesProductTypeV2>;

/** The contract list is the largest answer: about 600 KB. */
const LARGEST_ANSWER_BYTES = 32 * 1_024 * 1_024;

/** Public REST of Bitget (V2) through the vendor's SDK; no credentials involved. */
export function connectRest(deps: RestDeps): VenueRest {
  /** USDC-margined contracts of the last list that could be read. */
  let usdcContracts: readonly Instrument[] | undefined;

  async function linearInstruments(market: MarketDescriptor, call: Call): Promise<readonly Instrument[]> {
    const [usdt, usdc] = await Promise.allSettled([
      contracts(market, 'USDT-FUTURES', call),
      contracts(market, 'USDC-FUTURES', call),
    ]);
    if (usdt.status === 'rejected') throw usdt.reason;
    // A failed list must not take contracts away that are known, nor leave them out for a whole refresh.
    if (usdc.status === 'fulfilled') usdcContracts = usdc.value;
    else if (usdcContracts === undefined) throw usdc.reason;
    return [...usdt.value, ...usdcContracts];
  }

  return {
    instruments: async (market) => {
      const call = caller(market, deps);
      if (market.kind === 'linear') return linearInstruments(market, call);
      if (market.kind === 'inverse') return contracts(market, 'COIN-FUTURES', call);
      const { data } = await call('symbols', (client) => client.getSpotSymbolInfo());
      return readInstruments(market, 'SPOT', data);
    },
    instrumentOfPair: (market, { pair, base, quote }) => {
      if (pair === '') return undefined;
      const { exchange, kind } = market;
      const coin = kind === 'linear' ? marginCoinOf(pair, quote) : quote;
      return { exchange, symbol: pair, venueSymbol: pair, base, quote: coin };
    },
    candles: async (market, query) => {
      const call = caller(market, deps);
      const ask = candleQuestion(market, query);
      return closedCandles(query, (page) => call(page.source, (client) => ask(client, page)));
    },
  };
}

async function contracts(
  market: MarketDescriptor,
  productType: Futures,
  call: Call,
): Promise<readonly Instrument[]> {
  const { data } = await call(`contracts ${productType}`, (client) =>
    client.getFuturesContractConfig({ productType }),
  );
  return readInstruments(market, productType, data);
}

function candleQuestion(
  { exchange, kind }: MarketDescriptor,
  { instrument, interval }: CandleQuery,
): (client: RestClientV2, page: CandlePage) => Promise<unknown> {
  const granularity = granularityOf(interval, kind);
  if (granularity === undefined) {
    throw new ConnectorError('COMMAND_INVALID', `${exchange} has no ${interval} candles`, { retry: 'never' });
  }
  const symbol = instrument.venueSymbol;
  const productType = instTypeOf(kind, instrument.quote);
  if (productType === 'SPOT') {
    return (client, page) => askSpot(client, symbol, granularity as SpotKlineInterval, page);
  }
  return (client, { source, ...range }) => {
    const query = { symbol, productType, granularity: granularity as FuturesKlineInterval, ...range };
    return source === 'candles' ? client.getFuturesCandles(query) : client.getFuturesHistoricCandles(query);
  };
}

/** Spot history takes no `startTime`: its `limit` bars end at `endTime`. */
function askSpot(
  client: RestClientV2,
  symbol: string,
  granularity: SpotKlineInterval,
  { source, startTime, endTime, limit }: CandlePage,
): Promise<unknown> {
  const query = { symbol, granularity, endTime, limit };
  return source === 'candles'
    ? client.getSpotCandles({ ...query, startTime })
    : client.getSpotHistoricCandles(query);
}

function caller({ exchange, endpoints }: MarketDescriptor, { rewrite, timeoutMs }: RestDeps): Call {
  const baseUrl = rewrite(endpoints.rest).replace(/\/+$/, '');
  return async (what, ask) => {
    // One client per call, because only a signal is a deadline for the whole answer: the `timeout` of
    // axios starts anew with every byte. Raw exceptions: the SDK's own hold its options.
    const network = {
      signal: AbortSignal.timeout(timeoutMs),
      timeout: timeoutMs,
      maxContentLength: LARGEST_ANSWER_BYTES,
    };
    try {
      const answer = await ask(new RestClientV2({ baseUrl, parseExceptions: false }, network));
      return readEnvelope(`${exchange} ${what}`, answer);
    } catch (thrown) {
      throw restError(`${exchange} ${what}`, thrown);
    }
  };
}

/** The SDK hands on whatever came with HTTP 200, a proxy's page included. */
function readEnvelope(what: string, answer: unknown): RestAnswer {
  const { code, requestTime, data } = (isObject(answer) ? answer : {}) as Unproven<RestWire>;
  const time = epochMs(requestTime);
  if (code === '00000' && time !== undefined) return { requestTime: time, data };
  throw new ConnectorError('REST_BAD_ANSWER', `${what}: not an answer of the API`);
}
