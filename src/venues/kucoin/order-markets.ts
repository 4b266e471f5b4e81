import type { InstrumentIndex } from '../../domain/instrument';
import type { MarketDescriptor } from '../contract';
import { currencyOf, publishedSymbol } from './symbols';

export interface OrderContext {
  readonly market: MarketDescriptor;
  readonly instruments: InstrumentIndex;
}

/** Margined in a stable coin, whatever the expiry. */
const LINEAR = /USD[TC]M/;
const STABLE_COINS: ReadonlySet<string> = new Set(['USDT', 'USDC']);

/**
 * The pair, where the order is one of the market's: both kinds of contracts share their topics. The list
 * alone could not tell: it forgets what is suspended or delisted, whose orders still end.
 */
export function pairOf(venueSymbol: string, { market, instruments }: OrderContext): string | undefined {
  const listed = instruments.byVenueSymbol(venueSymbol)?.symbol;
  if (market.kind === 'spot') return listed ?? venueSymbol;
  if (listed !== undefined) return listed;
  const isLinear = LINEAR.test(venueSymbol);
  return isLinear === (market.kind === 'linear') ? publishedSymbol(venueSymbol) : undefined;
}

/** The asset, where the market's contracts settle in the currency. */
export function assetOf(currency: string, { market, instruments }: OrderContext): string | undefined {
  if (market.kind === 'spot') return currency;
  const asset = currencyOf(currency);
  const isLinear = STABLE_COINS.has(asset);
  if (market.kind === 'inverse') return isLinear ? undefined : asset;
  return isLinear || instruments.all().some(({ quote }) => quote === asset) ? asset : undefined;
}
