import { isPositive } from '../../domain/decimal';
import type { Candle, MarketEvent } from '../../domain/events';
import type { Instrument } from '../../domain/instrument';
import type { Decoded, Topic } from '../contract';
import { product } from './contracts';
import { epochMs, isAmount, isSymbol, msOfSeconds } from './fields';
import { intervalOfType } from './intervals';
import type { PublicContext } from './state';
import { MAX_BARS, NO_EVENTS, unknown } from './state';
import type { CandleWire } from './wire';

type CandleRow = readonly [
  start: unknown,
  open: string,
  close: string,
  high: string,
  low: string,
  fifth: string,
  sixth: string,
];

/**
 * One row per frame, without a close flag: the first frame of a newer bar closes the one before, an
 * older bar is dropped. `nameAt`: where the symbol begins in the topic.
 */
export function decodeCandle(
  topic: Topic,
  nameAt: number,
  data: CandleWire,
  context: PublicContext,
): Decoded<MarketEvent> {
  const end = topic.lastIndexOf('_');
  const interval = end < nameAt ? undefined : intervalOfType(topic.slice(end + 1));
  if (interval === undefined) return unknown('candle of an unknown interval');
  const time = epochMs(data.time);
  if (time === undefined || !isRow(data.candles)) return unknown('malformed candle');
  const start = msOfSeconds(data.candles[0]);
  if (start === undefined) return unknown('malformed candle');
  const venueSymbol = topic.slice(nameAt, end);
  const listed = context.instruments.byVenueSymbol(venueSymbol);
  const volume = volumeOf(data.candles, listed, context);
  const symbol = context.market.kind === 'spot' ? venueSymbol : listed?.symbol;
  if (symbol === undefined || !isSymbol(symbol)) return unknown('candle of an unlisted symbol');
  if (volume === undefined) return unknown('candle of a contract of unknown size');
  const [, open, close, high, low] = data.candles;
  const { exchange } = context.market;
  const kind = { eventType: 'candle', exchange, symbol, interval } as const;
  return followed(topic, { ...kind, start, open, high, low, close, volume, closed: false, time }, context);
}

function isRow(row: unknown): row is CandleRow {
  if (!Array.isArray(row) || row.length < 7) return false;
  for (let at = 1; at <= 6; at += 1) if (!isAmount(row[at])) return false;
  return true;
}

/** Base volume; contracts on inverse markets. */
function volumeOf(
  [, , , , , fifth, sixth]: CandleRow,
  listed: Instrument | undefined,
  { market }: PublicContext,
): string | undefined {
  if (market.kind === 'spot') return fifth;
  if (market.kind === 'inverse') return sixth;
  const contractSize = listed?.contractSize;
  return contractSize === undefined ? undefined : product(sixth, contractSize);
}

function followed(topic: Topic, candle: Candle, { state }: PublicContext): Decoded<MarketEvent> {
  const topics = [topic];
  const { bars } = state;
  const open = bars.get(topic);
  // A bar without prices (a symbol that has never traded) is life, but no candle.
  const isStale = open !== undefined && candle.start < open.start;
  if (isStale || !hasPrices(candle)) return { kind: 'events', topics, events: NO_EVENTS };
  if (open === undefined && bars.size >= MAX_BARS) return unknown('candle of one topic too many');
  bars.set(topic, candle);
  if (open === undefined || open.start === candle.start) return { kind: 'events', topics, events: [candle] };
  const closed = { ...open, closed: true, time: candle.time };
  return { kind: 'events', topics, events: [closed, candle] };
}

function hasPrices({ open, high, low, close }: Candle): boolean {
  return isPositive(open) && isPositive(high) && isPositive(low) && isPositive(close);
}
