import { z } from 'zod';
import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor } from '../contract';
import type { InstType } from './topics';

/**
 * {"symbol":"BTCUSDT","baseCoin":"BTC","quoteCoin":"USDT","status":"online", ...}
 * {"symbol":"BTCPERP","baseCoin":"BTC","quoteCoin":"USDC","symbolType":"perpetual","symbolStatus":"normal", ...}
 * https://www.bitget.com/api-doc/spot/market/Get-Symbols
 * https://www.bitget.com/api-doc/contract/market/Get-All-Symbols-Contracts
 */
const Listed = z.object({
  symbol: z.string().min(1).max(64),
  baseCoin: z.string().min(1),
  quoteCoin: z.string().min(1),
  status: z.string().optional(),
  symbolStatus: z.string().optional(),
});

type Listed = z.infer<typeof Listed>;

/** The pairs or contracts of one product line that can be traded now. */
export function readInstruments(
  { exchange }: MarketDescriptor,
  instType: InstType,
  rows: unknown,
): readonly Instrument[] {
  return readRows(exchange, rows)
    .filter((one) => isTradable(one, instType))
    .map((one) => ({
      exchange,
      symbol: one.symbol,
      venueSymbol: one.symbol,
      base: one.baseCoin,
      quote: quoteOf(one, instType),
    }));
}

/** A single odd row is left out; an answer without one readable row is refused. */
function readRows(exchange: string, rows: unknown): readonly Listed[] {
  const all = Array.isArray(rows) ? (rows as readonly unknown[]) : undefined;
  const listed = (all ?? [])
    .map((row) => Listed.safeParse(row))
    .flatMap((row) => (row.success ? [row.data] : []));
  // An empty list may be true of a product line; a list of strangers may not.
  if (all === undefined || (all.length > 0 && listed.length === 0)) {
    throw new ConnectorError('REST_BAD_ANSWER', `${exchange} instruments: no readable instrument`);
  }
  return listed;
}

/** Other words: offline, gray, halt; listed, maintain, limit_open, restrictedAPI, off. */
function isTradable({ status, symbolStatus }: Listed, instType: InstType): boolean {
  return instType === 'SPOT' ? status === 'online' : symbolStatus === 'normal';
}

/** In the linear market the quote coin tells the product line: it must be the one that listed the contract. */
function quoteOf({ quoteCoin }: Listed, instType: InstType): string {
  if (instType === 'USDC-FUTURES') return 'USDC';
  return instType === 'USDT-FUTURES' ? 'USDT' : quoteCoin;
}
