import type { Candle, MarketEvent } from '../../domain/events';
import type { Interval } from '../../domain/interval';
import type { Decoded, Topic } from '../contract';
import { pushCandles } from './candles';
import { isAmount, isObject, isPrice, isProduct, isSnapshot, rowsOf } from './fields';
import type { MinuteSeries, Trade } from './minute-bars';
import { addTrade, closeUntil, formingBar, newSeries } from './minute-bars';
import type { PublicContext, Published, PublicState } from './state';
import { barren, publishedOf } from './state';
import { TRADES } from './topics';
import type { TradeRow } from './wire';

const INTERVAL: Interval = '1m';
/** How far the clocks of the venue's servers may disagree. */
const SKEW_MS = 60_000;

interface Batch {
  readonly trades: Trade[];
  hasSnapshot: boolean;
}

/** Trades of some products, newest first -> the minutes that they close, and the forming ones. */
export function decodeTrades(
  events: readonly unknown[],
  time: number,
  context: PublicContext,
): Decoded<MarketEvent> {
  const batches = new Map<string, Batch>();
  let rowCount = 0;
  for (const event of events) {
    for (const row of rowsOf(event, 'trades')) {
      rowCount += 1;
      gather(batches, row, isSnapshot(event), time, context);
    }
  }
  const found: Candle[] = [];
  const topics: Topic[] = [];
  for (const [product, batch] of batches) {
    const published = publishedOf(product, context);
    if (published === undefined) continue;
    for (const topic of context.state.topicsOf(TRADES, product)) topics.push(topic);
    const series = accept(product, batch, time, context);
    pushClosed(found, series, published, time, context);
    const bar = formingBar(series);
    if (bar) pushCandles(found, published, context, { interval: INTERVAL, bar, closed: false, time });
  }
  return topics.length === 0 ? barren(rowCount, 'trades') : { kind: 'events', topics, events: found };
}

/** Minutes that ended without a later trade. `now`: venue time. */
export function closeMinutes(now: number, context: PublicContext): readonly Candle[] {
  const found: Candle[] = [];
  for (const [product, series] of context.state.minutes) {
    if (series.bars.length === 0 || series.gaps !== context.state.gaps) continue;
    const published = publishedOf(product, context);
    if (published !== undefined) pushClosed(found, series, published, now, context);
  }
  return found;
}

function pushClosed(
  found: Candle[],
  series: MinuteSeries,
  published: Published,
  time: number,
  context: PublicContext,
): void {
  for (const bar of closeUntil(series, time)) {
    pushCandles(found, published, context, { interval: INTERVAL, bar, closed: true, time });
  }
}

/** Ids decide the order: the rows come newest first. */
function accept(
  product: string,
  { trades, hasSnapshot }: Batch,
  time: number,
  context: PublicContext,
): MinuteSeries {
  trades.sort((a, b) => a.id - b.id);
  const series = continued(product, trades, hasSnapshot, time, context);
  for (const trade of trades) addTrade(series, trade);
  return series;
}

/**
 * The series goes on unless something was missed. A new one knows what its snapshot reaches back to;
 * without a snapshot it knows what comes from now on.
 */
function continued(
  product: string,
  trades: readonly Trade[],
  hasSnapshot: boolean,
  time: number,
  { state }: PublicContext,
): MinuteSeries {
  const known = state.minutes.get(product);
  const oldest = trades[0];
  const reachesBack =
    !hasSnapshot || (oldest !== undefined && known !== undefined && oldest.id <= known.lastId + 1);
  if (known !== undefined && known.gaps === state.gaps && reachesBack) return known;
  const completeFrom = hasSnapshot && oldest !== undefined ? oldest.time : time;
  const fresh = newSeries(time, completeFrom, state.gaps);
  // What was told once is not told again, and trades before a gap are not counted twice.
  if (known !== undefined) fresh.closedUpTo = Math.max(fresh.closedUpTo, known.closedUpTo);
  state.minutes.set(product, fresh);
  return fresh;
}

function gather(
  batches: Map<string, Batch>,
  row: unknown,
  isOfSnapshot: boolean,
  now: number,
  { state }: PublicContext,
): void {
  const fields: TradeRow = isObject(row) ? row : {};
  const { product_id: product } = fields;
  const trade = readTrade(fields, now, state);
  if (trade === undefined || !isProduct(product)) return;
  const batch = batches.get(product);
  if (batch === undefined) batches.set(product, { trades: [trade], hasSnapshot: isOfSnapshot });
  else {
    batch.trades.push(trade);
    batch.hasSnapshot ||= isOfSnapshot;
  }
}

function readTrade(
  { trade_id: id, price, size, time: timeText }: TradeRow,
  now: number,
  { tradeTimestamps }: PublicState,
): Trade | undefined {
  const time = tradeTimestamps.read(timeText);
  // A trade of the future would open a minute that nothing closes until then.
  if (time === undefined || time > now + SKEW_MS || !isId(id)) return undefined;
  if (!isPrice(price) || !isAmount(size)) return undefined;
  return { id: Number(id), price, size, time };
}

/** Numbers as text. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,15}$/.test(value);
}
