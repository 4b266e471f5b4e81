import { z } from 'zod';
import { decimalText } from '../../domain/decimal';
import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor } from '../contract';
import { isCoinMargined } from './symbols';

/**
 * {"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT",
 *  "isSpotTradingAllowed":true, ...}]}
 * COIN-M: {"symbol":"BTCUSD_PERP","contractStatus":"TRADING","contractSize":100,"baseAsset":"BTC", ...}
 * https://developers.binance.com/docs/derivatives/coin-margined-futures/market-data/rest-api/Exchange-Information
 */
const ExchangeInfo = z.object({ symbols: z.array(z.unknown()) });

const ListedSymbol = z.object({
  symbol: z.string().min(1).max(64),
  baseAsset: z.string().min(1),
  quoteAsset: z.string().min(1),
  status: z.string().optional(),
  contractStatus: z.string().optional(),
  isSpotTradingAllowed: z.boolean().optional(),
  contractSize: z.number().positive().optional(),
});

type ListedSymbol = z.infer<typeof ListedSymbol>;

/**
 * The instruments of an exchangeInfo answer that can be traded now.
 * A single odd entry is left out; an answer without one readable entry is refused.
 */
export function readInstruments(market: MarketDescriptor, answer: unknown): readonly Instrument[] {
  const info = ExchangeInfo.safeParse(answer);
  if (!info.success) throw badAnswer(market, 'no symbol list');
  const listed = info.data.symbols
    .map((entry) => ListedSymbol.safeParse(entry))
    .flatMap((entry) => (entry.success ? [entry.data] : []));
  if (listed.length === 0) throw badAnswer(market, 'no readable symbol');
  return listed.filter((one) => isTradable(market, one)).map((one) => toInstrument(market, one));
}

function isTradable({ kind }: MarketDescriptor, listed: ListedSymbol): boolean {
  if ((listed.contractStatus ?? listed.status) !== 'TRADING') return false;
  if (kind === 'spot') return listed.isSpotTradingAllowed !== false;
  // Since the UM-CM integration of 2026-06-30 either host may speak of both products.
  return isCoinMargined(listed.symbol) === (kind === 'inverse');
}

function toInstrument({ exchange, kind }: MarketDescriptor, listed: ListedSymbol): Instrument {
  const { symbol, baseAsset: base, quoteAsset: quote } = listed;
  const instrument = { exchange, symbol, venueSymbol: symbol, base, quote };
  const contractSize = kind === 'spot' ? undefined : contractSizeOf(listed);
  return contractSize === undefined ? instrument : { ...instrument, contractSize };
}

/** Quote units per COIN-M contract; USD-M counts its quantities in base coin and names no size. */
function contractSizeOf({ contractSize }: ListedSymbol): string | undefined {
  return contractSize === undefined ? '1' : decimalText(contractSize);
}

function badAnswer({ exchange }: MarketDescriptor, problem: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${exchange} exchangeInfo: ${problem}`);
}
