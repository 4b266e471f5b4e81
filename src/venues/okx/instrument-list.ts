import { z } from 'zod';
import { isPositive } from '../../domain/decimal';
import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor } from '../contract';
import { pairOf, splitPair } from './pairs';

/**
 * {"instType":"SWAP","instId":"BTC-USDT-SWAP","instFamily":"BTC-USDT","ctType":"linear",
 *  "ctVal":"0.01","ctValCcy":"BTC","settleCcy":"USDT","baseCcy":"","quoteCcy":"","state":"live",
 *  "ruleType":"normal", ...}
 * Spot rows fill `baseCcy` and `quoteCcy` instead of the contract fields; rows of listings that have
 * not opened yet may lack either.
 * https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments
 */
const ListedInstrument = z.object({
  instId: z.string().min(1).max(64),
  state: z.string(),
  baseCcy: z.string().optional(),
  quoteCcy: z.string().optional(),
  ctType: z.string().optional(),
  ctVal: z.string().optional(),
  ruleType: z.string().optional(),
});

type ListedInstrument = z.infer<typeof ListedInstrument>;

/** Spot pairs, or the swaps of one kind, that can be traded now. */
export function readInstruments(market: MarketDescriptor, answer: unknown): readonly Instrument[] {
  const isOfMarket = (one: ListedInstrument): boolean =>
    market.kind === 'spot' || (one.ctType === market.kind && one.instId.endsWith('-SWAP'));
  return readRows(market, answer)
    .filter(isOfMarket)
    .flatMap((one) => toInstrument(market, one));
}

/**
 * The EU's X-Perps: perpetuals in the dress of a future that expires in years. Channels take only the
 * dated id, the backend knows only the family. While one contract is replaced by the next, the later
 * one counts.
 */
export function readXPerps(market: MarketDescriptor, answer: unknown): readonly Instrument[] {
  const byPair = new Map<string, Instrument>();
  for (const one of readRows(market, answer)) {
    if (one.ruleType !== 'xperp' || pairOf(one.instId) === one.instId) continue;
    for (const instrument of toInstrument(market, one)) {
      const known = byPair.get(instrument.symbol);
      if (known === undefined || known.venueSymbol < instrument.venueSymbol) {
        byPair.set(instrument.symbol, instrument);
      }
    }
  }
  return [...byPair.values()];
}

/** A single odd row is left out; an answer without one readable row is refused. */
function readRows({ exchange }: MarketDescriptor, answer: unknown): readonly ListedInstrument[] {
  const rows = Array.isArray(answer) ? (answer as readonly unknown[]) : undefined;
  const listed = (rows ?? [])
    .map((row) => ListedInstrument.safeParse(row))
    .flatMap((row) => (row.success ? [row.data] : []));
  // An empty list may be true (no X-Perps); a list of strangers may not.
  if (rows === undefined || (rows.length > 0 && listed.length === 0)) {
    throw new ConnectorError('REST_BAD_ANSWER', `${exchange} instruments: no readable instrument`);
  }
  // The words for everything else (suspend, preopen, rebase, post_only, ...) grow in number.
  return listed.filter(({ state }) => state === 'live');
}

function toInstrument({ exchange, kind }: MarketDescriptor, listed: ListedInstrument): readonly Instrument[] {
  const { instId: venueSymbol, baseCcy = '', quoteCcy = '', ctVal } = listed;
  const symbol = pairOf(venueSymbol);
  const [base, quote] = kind === 'spot' ? [baseCcy, quoteCcy] : splitPair(symbol);
  if (base === '' || quote === '') return [];
  const instrument = { exchange, symbol, venueSymbol, base, quote };
  if (kind === 'spot') return [instrument];
  // Without the size of a contract no amount of the instrument can be understood.
  return isPositive(ctVal) ? [{ ...instrument, contractSize: ctVal }] : [];
}
