import type { Candle, MarketEvent } from '../../domain/events';
import type { Interval } from '../../domain/interval';
import type { Decoded, Topic } from '../contract';
import type { Bar } from './bars';
import { hasPrices, readBar } from './bars';
import { isProduct, isSnapshot, rowsOf } from './fields';
import type { FormingBar, PublicContext, Published, PublicState } from './state';
import { barren, publishedOf } from './state';
import { CANDLES } from './topics';
import type { CandleRow } from './wire';

/** The channel has no other. */
const SHAPE = { interval: '5m' } as const;
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
  let rowCount = 0;
  for (const event of events) {
    for (const one of rowsOf(event, 'candles')) {
      rowCount += 1;
      const row = readRow(one, time);
      if (row === undefined) continue;
      if (isSnapshot(event)) distrust(row.product, context.state);
      rows.push(row);
    }
  }
  rows.sort((a, b) => a.bar.start - b.bar.start);
  return follow(rows, time, context) ?? barren(rowCount, 'candles');
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

/** Undefined: no row of a listed product. */
function follow(
  rows: readonly Row[],
  time: number,
  context: PublicContext,
): Decoded<MarketEvent> | undefined {
  const { state } = context;
  const touched = new Map<string, Touched>();
  const events = takeOver(rows, touched, time, context);
  const topics: Topic[] = [];
  for (const [product, { published, hasNews }] of touched) {
    for (const topic of state.topicsOf(CANDLES, product)) topics.push(topic);
    const bar = hasNews ? state.bars.get(product)?.bar : undefined;
    if (bar) pushCandles(events, published, context, { ...SHAPE, bar, closed: false, time });
  }
  return topics.length === 0 ? undefined : { kind: 'events', topics, events };
}

/** Makes the newest row of each product its forming bar; returns what is closed by that. */
function takeOver(
  rows: readonly Row[],
  touched: Map<string, Touched>,
  time: number,
  context: PublicContext,
): Candle[] {
  const { state } = context;
  const events: Candle[] = [];
  for (const { product, bar } of rows) {
    const found = touch(touched, product, context);
    const forming = state.bars.get(product);
    if (found === undefined || !isNews(bar, forming?.bar)) continue;
    found.hasNews = true;
    state.bars.set(product, { bar, gaps: state.gaps });
    const closed = closedBy(bar, forming, state);
    if (closed) pushCandles(events, found.published, context, { ...SHAPE, bar: closed, closed: true, time });
  }
  return events;
}

/** The bar that a later one closes; undefined where its last values may have been missed. */
function closedBy(bar: Bar, forming: FormingBar | undefined, { gaps }: PublicState): Bar | undefined {
  const isClosed = forming !== undefined && bar.start > forming.bar.start && forming.gaps === gaps;
  return isClosed ? forming.bar : undefined;
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
  return (forming === undefined || bar.start >= forming.start) && hasPrices(bar);
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
  const bar = readBar(row);
  if (bar === undefined) return undefined;
  // A bar of the future would close every real one until then.
  if (bar.start % LENGTH_MS !== 0 || bar.start > time + SKEW_MS) return undefined;
  const { product_id: product } = row as CandleRow;
  return isProduct(product) ? { product, bar } : undefined;
}
