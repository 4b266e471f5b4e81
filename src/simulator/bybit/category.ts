import type { MarketModel, VenueHost } from '../kit';
import { symbolsOf } from './symbols';

/** Product lines of Bybit V5, each with its own public path. */
export type CategoryName = 'spot' | 'linear' | 'inverse';

export interface Category {
  readonly name: CategoryName;
  /** Published exchange id. */
  readonly exchange: string;
  readonly model: MarketModel;
}

const EXCHANGES: Readonly<Record<CategoryName, string>> = {
  spot: 'bybit',
  linear: 'bybitLinear',
  inverse: 'bybitInverse',
};

export const CATEGORIES: readonly CategoryName[] = ['spot', 'linear', 'inverse'];

export function openCategory(host: VenueHost, name: CategoryName): Category {
  const exchange = EXCHANGES[name];
  return { name, exchange, model: host.market(exchange, symbolsOf(name, host.symbolCount)) };
}
