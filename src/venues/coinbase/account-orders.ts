import type { ExecutionReport } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import type { AccountSnapshot, KnownOrder, SnapshotQuery } from '../contract';
import { isLongSilent } from '../long-silent';
import type { AccountCalls } from './account-client';
import { allPages } from './account-pages';
import { isObject, isProduct } from './fields';
import { readListed } from './listed-orders';
import { isId, isSpot } from './orders';
import { bookOf } from './twins';

const ORDERS = '/orders/historical/batch';
const FILLS = '/orders/historical/fills';
const ORDERS_PER_PAGE = '250';
const FILLS_PER_PAGE = '100';
/** The order list is asked for by creation; what is on its way to it may be listed late. */
const LATE_MS = 60_000;
const DAY = 24 * 3_600_000;
/** How far back the lists are read: no end of the venue's memory is documented, and its pages are many. */
const LONGEST_GAP_MS = 7 * DAY;
const MOST_FAULTS = 5;

export type FoundOrders = Pick<AccountSnapshot, 'orders' | 'incomplete' | 'forgotten'>;

/**
 * Open orders; those created since; and of the older ones those that have fills since, and the known ones
 * that no list names: they can only be asked for one by one. No list is by the time of change, so that an order
 * of before that ended without a fill is found only where it is known.
 * @param at venue's time, epoch ms
 */
export async function ordersSince(
  { sinceMs, known }: SnapshotQuery,
  at: number,
  calls: AccountCalls,
): Promise<FoundOrders> {
  const from = Math.max(sinceMs - LATE_MS, at - LONGEST_GAP_MS);
  const look = new Look(at);
  look.add(await list('open orders', { order_status: 'OPEN' }, calls));
  // After the open ones: an order that ends in between is in both lists, and its end counts.
  look.add(await list('new orders', { start_date: isoOf(from) }, calls));
  const asked = new Map(known.map((order) => [String(order.orderId), order]));
  const filled = await filledSince(from, calls);
  if (filled.has(undefined)) look.miss('malformed fill');
  for (const id of new Set([...asked.keys(), ...filled.keys()])) {
    if (id === undefined || look.has(id)) continue;
    look.addSingle(await single(id, calls), asked.get(id) ?? { orderId: id, symbol: filled.get(id) ?? '' });
  }
  if (sinceMs < at - LONGEST_GAP_MS) look.miss('changes of more than 7 days ago');
  return look.result(asked);
}

/** What has been found so far; of one order the state that was read last. */
class Look {
  private readonly found = new Map<string, object>();
  private readonly missing: string[] = [];
  private readonly forgotten: KnownOrder[] = [];
  private nameless = 0;

  constructor(private readonly at: number) {}

  add(orders: readonly object[]): void {
    for (const order of orders) {
      const { order_id: id } = order as { order_id?: unknown };
      if (isOrderId(id)) this.found.set(id, order);
      else this.nameless += 1;
    }
  }

  addSingle(order: object | undefined, asked: KnownOrder | Pick<KnownOrder, 'orderId' | 'symbol'>): void {
    if (order !== undefined) return this.add([order]);
    this.miss(`an order of ${asked.symbol} that the venue does not know any more`);
    // One without an id of the venue was not asked for.
    const isKnown = 'clientOrderId' in asked && isOrderId(asked.orderId);
    if (isKnown && isLongSilent(asked, this.at)) this.forgotten.push(asked);
  }

  has(id: string): boolean {
    return this.found.has(id);
  }

  miss(what: string): void {
    this.missing.push(what);
  }

  result(known: ReadonlyMap<string, KnownOrder>): FoundOrders {
    const readings = [...this.found].map(([id, order]) => ({ id, reading: readListed(order, this.at) }));
    const faults = readings.flatMap(({ reading }) => (reading.kind === 'fault' ? [reading.note] : []));
    for (let count = 0; count < this.nameless; count += 1) faults.push('malformed order');
    const orders = readings
      .flatMap(({ id, reading }) =>
        reading.kind === 'report'
          ? [{ kind: 'order' as const, report: named(reading.report, known.get(id)) }]
          : [],
      )
      .sort((a, b) => a.report.orderTime - b.report.orderTime);
    const gaps = wordsOf([...this.missing, ...faults]);
    const { forgotten } = this;
    return {
      orders,
      ...(gaps !== undefined && { incomplete: gaps }),
      ...(forgotten.length > 0 && { forgotten }),
    };
  }
}

/** The two names of one book are one order: it keeps the name under which it was told first. */
function named(report: ExecutionReport, known: KnownOrder | undefined): ExecutionReport {
  if (known === undefined || known.symbol === report.symbol) return report;
  return bookOf(known.symbol) === bookOf(report.symbol) ? { ...report, symbol: known.symbol } : report;
}

function wordsOf(gaps: readonly string[]): string | undefined {
  if (gaps.length === 0) return undefined;
  const more = gaps.length - MOST_FAULTS;
  return gaps.slice(0, MOST_FAULTS).join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function list(
  what: string,
  query: Readonly<Record<string, string>>,
  { ask }: AccountCalls,
): Promise<readonly object[]> {
  const all = { product_type: 'SPOT', limit: ORDERS_PER_PAGE, ...query };
  return allPages(what, 'orders', all, ORDERS, ask);
}

/** Products by the ids of orders that have a fill since then: an old order is in no other list. */
async function filledSince(
  fromMs: number,
  { ask }: AccountCalls,
): Promise<ReadonlyMap<string | undefined, string>> {
  const query = { start_sequence_timestamp: isoOf(fromMs), limit: FILLS_PER_PAGE };
  const found = new Map<string | undefined, string>();
  for (const fill of await allPages('fills', 'fills', query, FILLS, ask)) {
    const { order_id: id, product_id: product } = fill as { order_id?: unknown; product_id?: unknown };
    // Fills of futures are listed along, and would cost a call each.
    if (!isProduct(product)) found.set(undefined, '');
    else if (isSpot(undefined, product)) found.set(isOrderId(id) ? id : undefined, product);
  }
  return found;
}

/** Undefined: the venue knows it no more, or never did. */
async function single(id: string, { find }: AccountCalls): Promise<object | undefined> {
  if (!isOrderId(id)) return undefined;
  const answer = await find('order', `/orders/historical/${encodeURIComponent(id)}`);
  if (answer === undefined) return undefined;
  const { order } = answer as { order?: unknown };
  if (isObject(order)) return order;
  throw new ConnectorError('REST_BAD_ANSWER', 'coinbase order: not readable');
}

function isOrderId(id: unknown): id is string {
  return isId(id) && id !== '';
}

function isoOf(ms: number): string {
  return new Date(Math.max(0, ms)).toISOString();
}
