import { isPositive } from '../../domain/decimal';
import type { Candle, MarketEvent } from '../../domain/events';
import type { Interval } from '../../domain/interval';
import type { Decoded, Topic } from '../contract';
import { isAmount, isObject, isProduct, msOfSeconds } from './fields';
import type { Bar, PublicContext, PublicState, Published } from './state';
import { publishedOf, unknown } from './state';
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
    for (const one of candles as readonly unknown[]) {
      const row = readRow(one, time);
      if (row === undefined) continue;
      if (type === 'snapshot') distrust(row.product, context.state);
      rows.push(row);
    }
  }
  rows.sort((a, b) => a.bar.start - b.bar.start);
  return follow(rows, time, context);
}

/** What was seen before the snapshot of a renewed subscription may be old: only its rows count. */
function distrust(product: string, { bars }: PublicState): void {
  const forming = bars.get(product);
  if (forming !== undefined) bars.set(product, { bar: forming.bar, gaps: NEVER });
}

const NEVER = -1;

interface Touched {
  readonly published: Published;
  /** The frame tells the forming bar. */
  hasNews: boolean;
}

function follow(rows: readonly Row[], time: number, context: PublicContext): Decoded<MarketEvent> {
  const { state } = context;
  const events: Candle[] = [];
  const touched = new Map<string, Touched>();
  for (const { product, bar } of rows) {
    const found = touch(touched, product, context);
    const forming = state.bars.get(product);
    if (found === undefined || !isNews(bar, forming?.bar)) continue;
    found.hasNews = true;
    state.bars.set(product, { bar, gaps: state.gaps });
    if (forming === undefined || forming.bar.start === bar.start || forming.gaps !== state.gaps) continue;
    pushCandles(events, found.published, context, {
      interval: INTERVAL,
      bar: forming.bar,
      closed: true,
      time,
    });
  }
  const topics: Topic[] = [];
  for (const [product, { published, hasNews }] of touched) {
    for (const topic of state.topicsOf(CANDLES, product)) topics.push(topic);
    const bar = hasNews ? state.bars.get(product)?.bar : undefined;
    if (bar) pushCandles(events, published, context, { interval: INTERVAL, bar, closed: false, time });
  }
  return topics.length === 0
    ? unknown('malformed candles, or of an unlisted product')
    : { kind: 'events', topics, events };
}

function touch(touched: Map<string, Touched>, product: string, context: PublicContext): Touched | undefined {
  const known = touched.get(product);
  if (known !== undefined) return known;
  const published = publishedOf(product, context);
  if (published === undefined) return undefined;
  const found = { published, hasNews: false };
  touched.set(product, found);
  return found;
}

/** Older buckets are closed long since; one before the first trade has no prices. */
function isNews(bar: Bar, forming: Bar | undefined): boolean {
  if (forming !== undefined && bar.start < forming.start) return false;
  return isPositive(bar.open) && isPositive(bar.high) && isPositive(bar.low) && isPositive(bar.close);
}

/** Adds the candle under each published symbol. */
export function pushCandles(
  events: Candle[],
  { own, twin }: Published,
  { market: { exchange } }: PublicContext,
  told: {
    readonly interval: Interval;
    readonly bar: Bar;
    readonly closed: boolean;
    readonly time: number;
  },
): void {
  const { interval, bar, closed, time } = told;
  const { start, open, high, low, close, volume } = bar;
  for (const symbol of [own, twin]) {
    if (symbol === undefined) continue;
    events.push({
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
      closed,
      time,
    });
  }
}

function readRow(row: unknown, time: number): Row | undefined {
  if (!isObject(row)) return undefined;
  const fields: CandleRow = row;
  const start = msOfSeconds(fields.start);
  // A bar of the future would close every real one until then.
  if (start === undefined || start % LENGTH_MS !== 0 || start > time + SKEW_MS) return undefined;
  const { product_id: product, open, high, low, close, volume } = fields;
  if (!isProduct(product) || !isAmount(volume)) return undefined;
  if (!isAmount(open) || !isAmount(high) || !isAmount(low) || !isAmount(close)) return undefined;
  return { product, bar: { start, open, high, low, close, volume } };
}
