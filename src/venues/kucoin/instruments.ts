import { z } from 'zod';
import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor } from '../contract';
import { amountOf } from './fields';
import { currencyOf, publishedSymbol } from './symbols';

/**
 * {"symbol":"BTC-USDT","baseCurrency":"BTC","quoteCurrency":"USDT","market":"USDS","enableTrading":true, ...}
 * https://www.kucoin.com/docs-new/rest/spot-trading/market-data/get-all-symbols
 */
const SpotSymbol = z.object({
  symbol: z.string().min(1).max(64),
  baseCurrency: z.string().min(1),
  quoteCurrency: z.string().min(1),
  enableTrading: z.boolean(),
});

/**
 * {"symbol":"XBTUSDTM","baseCurrency":"XBT","quoteCurrency":"USDT","settleCurrency":"USDT",
 *  "multiplier":0.001,"isInverse":false,"status":"Open","expireDate":null, ...}
 * https://www.kucoin.com/docs-new/rest/futures-trading/market-data/get-all-symbols
 */
const Contract = z.object({
  symbol: z.string().min(1).max(64),
  baseCurrency: z.string().min(1),
  quoteCurrency: z.string().min(1),
  multiplier: z.number(),
  isInverse: z.boolean(),
  status: z.string(),
});

type Contract = z.infer<typeof Contract>;

/**
 * The instruments of an answer that can be traded now. A single odd entry is left out; an answer
 * without one readable entry is refused.
 */
export function readInstruments(market: MarketDescriptor, answer: unknown): readonly Instrument[] {
  return market.kind === 'spot' ? spotInstruments(market, answer) : contracts(market, answer);
}

function spotInstruments(market: MarketDescriptor, answer: unknown): readonly Instrument[] {
  const { exchange } = market;
  return readable(market, answer, SpotSymbol)
    .filter(({ enableTrading }) => enableTrading)
    .map(({ symbol, baseCurrency, quoteCurrency }) => ({
      exchange,
      symbol,
      venueSymbol: symbol,
      base: baseCurrency,
      quote: quoteCurrency,
    }));
}

function contracts(market: MarketDescriptor, answer: unknown): readonly Instrument[] {
  return readable(market, answer, Contract)
    .filter(({ status, isInverse }) => status === 'Open' && isInverse === (market.kind === 'inverse'))
    .flatMap((contract) => toInstrument(market, contract) ?? []);
}

/** Without a size no volume can be told: such a contract is left out. */
function toInstrument({ exchange }: MarketDescriptor, contract: Contract): Instrument | undefined {
  const { symbol, baseCurrency, quoteCurrency, multiplier } = contract;
  // The sign marks inverse contracts: -1 is one unit of the quote.
  const contractSize = multiplier === 0 ? undefined : amountOf(Math.abs(multiplier));
  return contractSize === undefined
    ? undefined
    : {
        exchange,
        symbol: publishedSymbol(symbol),
        venueSymbol: symbol,
        base: currencyOf(baseCurrency),
        quote: quoteCurrency,
        contractSize,
      };
}

function readable<T>(market: MarketDescriptor, answer: unknown, shape: z.ZodType<T>): readonly T[] {
  const bad = (problem: string): ConnectorError =>
    new ConnectorError('REST_BAD_ANSWER', `${market.exchange} symbols: ${problem}`);
  if (!Array.isArray(answer)) throw bad('no list');
  const entries = (answer as readonly unknown[]).flatMap((entry) => {
    const read = shape.safeParse(entry);
    return read.success ? [read.data] : [];
  });
  if (entries.length === 0) throw bad('no readable entry');
  return entries;
}
