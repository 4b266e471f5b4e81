import type { TickerBook } from '../bus/render';
import type { VenueDescriptor } from '../venues/contract';
import type { PriceRole } from './market';

export type CandleMode = 'auto' | 'closed' | 'live';

/** What a family needs to know, plain data: it travels to the worker thread. */
export interface PriceSettings {
  readonly role: PriceRole;
  readonly candleMode: CandleMode;
  readonly tickerBook: TickerBook;
  readonly tickerBatchMs: number;
  readonly tickerCacheMs: number;
  readonly instrumentRefreshMs: number;
  readonly stallMs: number;
  /** Empty: no exchange service, the venues' own lists are used. */
  readonly exchangeServiceUrl: string;
}

export function closedOnly(mode: CandleMode, descriptor: VenueDescriptor): boolean {
  if (mode === 'auto') return descriptor.closedCandlesOnly === true;
  return mode === 'closed';
}
