import type { Candle, MarketEvent } from '../../domain/events';
import type { DecodeContext, Decoded, Topic } from '../contract';
import { Rhythm } from '../rhythm';
import type { MergedTicker } from './merged-ticker';

/** State of one connection. */
export interface PublicState {
  /** By the venue's symbol. */
  readonly tickers: Map<string, MergedTicker>;
  /** The forming bar of each candle topic. */
  readonly bars: Map<Topic, FormingBar>;
  /** Of the candle frames. */
  readonly candleRhythm: Rhythm;
  /** How often frames were unreadable, or missing as it seems. What was told before may lack its last word. */
  losses: number;
}

export interface FormingBar {
  readonly candle: Candle;
  /** `PublicState.losses` when it was told. */
  readonly losses: number;
}

export function newState(): PublicState {
  return { tickers: new Map(), bars: new Map(), candleRhythm: new Rhythm(), losses: 0 };
}

const NEVER = -1;

/** A frame could not be read: it may have held the last row of the topic's bar, or of any where it names none. */
export function distrust(topic: unknown, state: PublicState): void {
  if (typeof topic !== 'string') {
    state.losses += 1;
    return;
  }
  const forming = state.bars.get(topic);
  if (forming !== undefined) state.bars.set(topic, { candle: forming.candle, losses: NEVER });
}

export type PublicContext = DecodeContext<PublicState>;

/** Far above what KuCoin lists (1,300 pairs) or a connection carries: only a hostile peer gets there. */
export const MAX_TICKERS = 20_000;
export const MAX_BARS = 5_000;

export const NO_EVENTS: readonly MarketEvent[] = [];

export function unknown(note: string): Decoded<never> {
  return { kind: 'unknown', note };
}
