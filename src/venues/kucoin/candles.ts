import { isPositive } from '../../domain/decimal';
import type { Candle, MarketEvent } from '../../domain/events';
import type { Decoded, Topic } from '../contract';
import { product } from './contracts';
import { epochMs, isAmount, isSymbol, msOfSeconds } from './fields';
import { intervalOfType } from './intervals';
import type { PublicContext } from './state';
import { distrust, MAX_BARS, NO_EVENTS, unknown } from './state';
import type { CandleWire } from './wire';

/** How far the clocks of KuCoin's servers may disagree. */
const SKEW_MS = 60_000;

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
 * older bar is dropped. A bar of which the last row may have been missed (`Rhythm`) is left to REST. `nameAt`:
 * where the symbol begins in the topic.
 */
export function decodeCandle(
  topic: Topic,
  nameAt: number,
  data: CandleWire,
  context: PublicContext,
): Decoded<MarketEvent> {
  const end = topic.lastIndexOf('_');
  const interval = end <= nameAt ? undefined : intervalOfType(topic.slice(end + 1));
  if (interval === undefined) return unknown('candle of an unknown interval');
  const row = data.candles;
  const time = epochMs(data.time);
  const start = isRow(row) ? msOfSeconds(row[0]) : undefined;
  if (time === undefined || start === undefined) return unknown('malformed candle');
  // It would close every real bar until then.
  if (start > time + SKEW_MS) return unknown('candle of the future');
  if (context.state.candleRhythm.hear(time)) distrust(undefined, context.state);
  const series = seriesOf(topic.slice(nameAt, end), row as CandleRow, context);
  if (typeof series === 'string') return unknown(series);
  const { exchange } = context.market;
  const { symbol, volume } = series;
  const [, open, close, high, low] = row as CandleRow;
  const candle: Candle = {
    eventType: 'candle',
    exchange,
    symbol,
    interval,
    start,
    open,
    high,
    low,
    close,
    volume,
    closed: false,
    time,
  };
  return followed(topic, candle, context);
}

/** What the market makes of the symbol and of the last two columns, or a note why it cannot. */
function seriesOf(
  venueSymbol: string,
  [, , , , , fifth, sixth]: CandleRow,
  { market, instruments }: PublicContext,
): { readonly symbol: string; readonly volume: string } | string {
  if (market.kind === 'spot') {
    return isSymbol(venueSymbol) ? { symbol: venueSymbol, volume: fifth } : 'candle of an endless symbol';
  }
  const listed = instruments.byVenueSymbol(venueSymbol);
  if (listed === undefined) return 'candle of an unlisted contract';
  const { symbol, contractSize } = listed;
  // Volumes of inverse contracts stay in contracts.
  if (market.kind === 'inverse') return { symbol, volume: sixth };
  if (contractSize === undefined) return 'candle of a contract of unknown size';
  return { symbol, volume: product(sixth, contractSize) };
}

function isRow(row: unknown): row is CandleRow {
  if (!Array.isArray(row) || row.length < 7) return false;
  for (let at = 1; at <= 6; at += 1) if (!isAmount(row[at])) return false;
  return true;
}

function followed(topic: Topic, candle: Candle, { state }: PublicContext): Decoded<MarketEvent> {
  const topics = [topic];
  const { bars, losses } = state;
  const forming = bars.get(topic);
  // A bar without prices (a symbol that has never traded) is life, but no candle.
  const isStale = forming !== undefined && candle.start < forming.candle.start;
  if (isStale || !hasPrices(candle)) return { kind: 'events', topics, events: NO_EVENTS };
  if (forming === undefined && bars.size >= MAX_BARS) return unknown('candle of one topic too many');
  bars.set(topic, { candle, losses });
  const isClosed = forming !== undefined && forming.candle.start < candle.start && forming.losses === losses;
  if (!isClosed) return { kind: 'events', topics, events: [candle] };
  const closed = { ...forming.candle, closed: true, time: candle.time };
  return { kind: 'events', topics, events: [closed, candle] };
}

function hasPrices({ open, high, low, close }: Candle): boolean {
  return isPositive(open) && isPositive(high) && isPositive(low) && isPositive(close);
}
