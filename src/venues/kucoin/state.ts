import type { Candle, MarketEvent } from '../../domain/events';
import type { DecodeContext, Decoded, Topic } from '../contract';
import type { MergedTicker } from './merged-ticker';

/** State of one connection. */
export interface PublicState {
  /** By the venue's symbol. */
  readonly tickers: Map<string, MergedTicker>;
  /** The forming bar of each candle topic. */
  readonly bars: Map<Topic, Candle>;
}

export type PublicContext = DecodeContext<PublicState>;

/** Far above what KuCoin lists (1,300 pairs) or a connection carries: only a hostile peer gets there. */
export const MAX_TICKERS = 20_000;
export const MAX_BARS = 5_000;

export const NO_EVENTS: readonly MarketEvent[] = [];

export function unknown(note: string): Decoded<never> {
  return { kind: 'unknown', note };
}
