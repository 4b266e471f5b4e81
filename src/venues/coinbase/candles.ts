import { isPositive } from '../../domain/decimal';
import type { Candle, MarketEvent } from '../../domain/events';
import type { Interval } from '../../domain/interval';
import type { Decoded, Topic } from '../contract';
import { isAmount, isObject, isProduct, msOfSeconds } from './fields';
import type { Bar, PublicContext, PublicState, Published } from './state';
import { NO_TOPICS, publishedOf, unknown } from './state';
import { CANDLES } from './topics';
import type { CandleRow, FrameEvent } from './wire';

/** The channel has no other. */
const INTERVAL: Interval = '5m';
const LENGTH_MS = 300_000;
/** How far the clocks of the venue's servers may disagree. */
const SKEW_MS = 60_000;

interface Row {
  readonly product: string;
  readonly bar: Bar;
}

/**
 * Rows of five-minute buckets, in no promised order, without a close flag: a row of a later bucket
 * closes the forming one with the values seen last. Where numbers were missing since, those may not be
 * its last: such a bar is left to REST.
 */
export function decodeCandles(
  events: readonly unknown[],
  time: number,
  context: PublicContext,
): Decoded<MarketEvent> {
  const rows: Row[] = [];
  for (const event of events) {
    const { candles, type }: FrameEvent = isObject(event) ? event : {};
    if (!Array.isArray(candles)) return unknown('candles without rows');
    const readable = (candles as readonly unknown[]).map((row) => readRow(row, time));
    const known = readable.filter((row) => row !== undefined);
    if (type === 'snapshot') distrust(known, context.state);
    rows.push(...known);
  }
  rows.sort((a, b) => a.bar.start - b.bar.start);
  return followed(rows, time, context);
}

/** What was seen before the snapshot of a renewed subscription may be old: only its rows count. */
function distrust(rows: readonly Row[], { bars }: PublicState): void {
  for (const { product } of rows) {
    const forming = bars.get(product);
    if (forming !== undefined) bars.set(product, { bar: forming.bar, gaps: NEVER });
  }
}

const NEVER = -1;

function followed(rows: readonly Row[], time: number, context: PublicContext): Decoded<MarketEvent> {
  const found: Candle[] = [];
  const touched = new Map<string, Published>();
  for (const { product, bar } of rows) {
    const published = publishedOf(product, context);
    if (published === undefined) continue;
    touched.set(product, published);
    const closed = follow(product, bar, context.state);
    if (closed !== undefined) pushCandles(found, published, context, { bar: closed, closed: true, time });
  }
  if (touched.size === 0) return unknown('malformed candles, or of an unlisted product');
  let topics = NO_TOPICS;
  for (const [product, published] of touched) {
    topics = topics.concat(context.state.topicsOf(CANDLES, product));
    const forming = context.state.bars.get(product);
    if (forming === undefined || !isTold(rows, product, forming.bar)) continue;
    pushCandles(found, published, context, { bar: forming.bar, closed: false, time });
  }
  return { kind: 'events', topics, events: found };
}

/** Takes the row over; returns the bar that it closes, if any. */
function follow(product: string, bar: Bar, { bars, gaps }: PublicState): Bar | undefined {
  const forming = bars.get(product);
  if (forming !== undefined && bar.start < forming.bar.start) return undefined;
  // A bucket before the first trade has no prices.
  if (!hasPrices(bar)) return undefined;
  bars.set(product, { bar, gaps });
  const isClosing = forming !== undefined && bar.start > forming.bar.start && forming.gaps === gaps;
  return isClosing ? forming.bar : undefined;
}
