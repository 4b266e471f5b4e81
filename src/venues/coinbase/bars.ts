import { isPositive } from '../../domain/decimal';
import { isAmount, isObject, msOfSeconds } from './fields';
import type { CandleRow } from './wire';

/** An OHLCV row: venue texts, `start` in epoch ms. */
export interface Bar {
  readonly start: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

/** Stream and REST spell their rows alike. */
export function readBar(row: unknown): Bar | undefined {
  if (!isObject(row)) return undefined;
  const { start: startText, open, high, low, close, volume }: CandleRow = row;
  const start = msOfSeconds(startText);
  if (start === undefined || !isAmount(open) || !isAmount(high)) return undefined;
  if (!isAmount(low) || !isAmount(close) || !isAmount(volume)) return undefined;
  return { start, open, high, low, close, volume };
}

/** False before the first trade of a product. */
export function hasPrices({ open, high, low, close }: Bar): boolean {
  return isPositive(open) && isPositive(high) && isPositive(low) && isPositive(close);
}
