import type { KnownOrder, SnapshotQuery } from '../contract';
import { futuresFills, type ToldFills } from './futures-fills';
import { futuresPages } from './futures-pages';
import {
  changedAt,
  DAY,
  forgotten,
  listOf,
  longSilent,
  lookBack,
  nameOf,
  namesIn,
  orderRow,
  type OrderRows,
  type OrderSource,
} from './order-source';

const HOUR = 3_600_000;
/** The done list that needs no paging holds this many, of the last 24 h. */
const RECENT_DONE = 1_000;

export interface FuturesRows extends OrderRows {
  readonly fills: ToldFills;
}

/**
 * Open orders of contracts, then the ended ones (of the last 24 h; after a longer pause, or where that list
 * is full, those created since), then the fills: only they tell the exact average of inverse contracts, and
 * that a position was liquidated. What fills and known orders name beside the lists is asked for by its id.
 * Both markets share all of these.
 * https://www.kucoin.com/docs-new/rest/futures-trading/orders/get-order-list, .../get-recent-closed-orders
 */
export async function futuresRows(
  source: OrderSource,
  { sinceMs, known }: SnapshotQuery,
  isOurs: (venueSymbol: string) => boolean,
): Promise<FuturesRows> {
  const { fromMs, gaps } = lookBack(source, sinceMs);
  const open = await futuresPages(source, 'orders', '/api/v1/orders', { status: 'active' });
  const recent = listOf(
    source,
    'recent orders',
    await source.call('recent orders', '/api/v1/recentDoneOrders'),
  );
  const isShort = recent.length >= RECENT_DONE || fromMs < source.venueNow() - (DAY - HOUR);
  const range = { startAt: String(fromMs) };
  const older = isShort
    ? await futuresPages(source, 'orders', '/api/v1/orders', { status: 'done', ...range })
    : [];
  const ended = [...older, ...recent];
  const awaited = new Set(known.map((order) => nameOf(order)?.id));
  const isAwaited = (row: object): boolean => [...namesIn([row])].some((name) => awaited.has(name));
  const fills = await futuresFills(source, fromMs);
  const named = [...known, ...fills.orders(fromMs, isOurs)];
  const asked = await unlisted(source, [...open, ...ended], named);
  const rows = [...open, ...ended.filter((row) => changedAt(row) >= fromMs || isAwaited(row)), ...asked.rows];
  await fills.complete(rows.filter((row) => isOursIn(row, isOurs)));
  const isKnown = new Set(known);
  const lost = asked.forgotten.filter((order) => isKnown.has(order));
  return { rows, fills, gaps: [...gaps, ...asked.gaps], forgotten: lost };
}

function isOursIn(row: object, isOurs: (venueSymbol: string) => boolean): boolean {
  const { symbol } = row as { symbol?: unknown };
  return typeof symbol === 'string' && isOurs(symbol);
}

async function unlisted(
  source: OrderSource,
  rows: readonly object[],
  orders: readonly KnownOrder[],
): Promise<OrderRows> {
  const names = new Set(namesIn(rows));
  const found: object[] = [];
  const gaps: string[] = [];
  const absent: KnownOrder[] = [];
  for (const order of orders) {
    const name = nameOf(order);
    if (name !== undefined && names.has(name.id)) continue;
    if (name !== undefined) names.add(name.id);
    const row = name && (await orderRow(source, 'futures order', pathOf(name)));
    if (row !== undefined) found.push(row);
    else gaps.push(forgotten(order.symbol));
    if (row === undefined && name !== undefined) absent.push(order);
  }
  return { rows: found, gaps, forgotten: longSilent(source, absent) };
}

function pathOf({ id, isClientId }: { readonly id: string; readonly isClientId: boolean }): string {
  if (!isClientId) return `/api/v1/orders/${encodeURIComponent(id)}`;
  return `/api/v1/orders/byClientOid?${new URLSearchParams({ clientOid: id }).toString()}`;
}
