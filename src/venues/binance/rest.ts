import { CoinMClient, MainClient, USDMClient } from 'binance';
import type { MarketKind } from '../../domain/exchange';
import type { Instrument } from '../../domain/instrument';
import { atOnce } from '../at-once';
import type { MarketDescriptor, RestDeps, VenueRest } from '../contract';
import { readInstruments } from './exchange-info';
import { closedCandles, type KlinePage } from './klines';
import { klinesWeight, listWeight } from './limits';
import { restError } from './rest-errors';

type Client = MainClient | USDMClient | CoinMClient;
/** One REST call, deadline and error conversion included. */
type Call = (what: string, weight: number, ask: (client: Client) => Promise<unknown>) => Promise<unknown>;

/** exchangeInfo of the spot market is the largest answer: a few MB. */
const LARGEST_ANSWER_BYTES = 64 * 1_024 * 1_024;

const TIME_PATH: Readonly<Record<MarketKind, string>> = {
  spot: 'api/v3/time',
  linear: 'fapi/v1/time',
  inverse: 'dapi/v1/time',
};

/** Public REST of every Binance market through the vendor's SDK; no credentials involved. */
export function connectRest(deps: RestDeps): VenueRest {
  const callOf = (market: MarketDescriptor): Call => caller(market, deps);
  return {
    instruments: async (market) => {
      const weight = listWeight(market.kind);
      const answer = await callOf(market)('exchangeInfo', weight, (client): Promise<unknown> =>
        client.getExchangeInfo(),
      );
      return readInstruments(market, answer);
    },
    instrumentOfPair,
    candles: (market, query) => {
      const call = callOf(market);
      return closedCandles(market, query, {
        page: (page) =>
          call('klines', klinesWeight(market.kind, page.limit), (client) => askKlines(client, page)),
        serverTime: () => call('time', 1, (client) => askTime(client, market)),
      });
    },
  };
}

/** The backend's pair ids are Binance's own symbols (COIN-M with its `_PERP` or date). */
function instrumentOfPair(
  { exchange }: MarketDescriptor,
  { pair, base, quote }: { pair: string; base: string; quote: string },
): Instrument | undefined {
  return pair === '' ? undefined : { exchange, symbol: pair, venueSymbol: pair, base, quote };
}

function caller(market: MarketDescriptor, deps: RestDeps): Call {
  const baseUrl = deps.rewrite(market.endpoints.rest).replace(/\/+$/, '');
  const inTurn = deps.turns?.(market) ?? atOnce;
  return (what, weight, ask) =>
    inTurn(async () => {
      try {
        return await ask(openClient(market.kind, baseUrl, deps.timeoutMs));
      } catch (thrown) {
        throw restError(`${market.exchange} ${what}`, thrown);
      }
    }, weight);
}

/**
 * One client per call, because only a signal is a deadline for the whole answer: the `timeout` of
 * axios starts anew with every byte. Raw exceptions, because the SDK's own drop the HTTP status.
 */
function openClient(kind: MarketKind, baseUrl: string, timeoutMs: number): Client {
  const options = { baseUrl, parseExceptions: false };
  const signal = AbortSignal.timeout(timeoutMs);
  const request = { signal, timeout: timeoutMs, maxContentLength: LARGEST_ANSWER_BYTES };
  switch (kind) {
    case 'spot':
      return new MainClient(options, request);
    case 'linear':
      return new USDMClient(options, request);
    case 'inverse':
      return new CoinMClient(options, request);
  }
}

function askKlines(client: Client, page: KlinePage): Promise<unknown> {
  return client.getKlines({ ...page });
}

/** Not `getServerTime()`: the spot client's asks the production host whatever `baseUrl` says. */
async function askTime(client: Client, { kind }: MarketDescriptor): Promise<unknown> {
  const answer: unknown = await client.get(TIME_PATH[kind]);
  return answer;
}
