import type { KnownOrder, SnapshotQuery } from '../contract';
import { isLongSilent } from '../long-silent';
import { linesOf } from './account-mode';
import type { ListedOrderWire } from './account-wire';
import { isBlank } from './amounts';
import { isObject } from './fields';
import { findOrder, type OrderBook } from './known-orders';
import type { OrderEvent, ReadOrder } from './order-facts';
import { listsOf, readPages, type OrderList } from './order-lists';
import type { Unproven } from './wire';

export interface FoundOrders {
  /** Oldest change first. An order may be told twice. */
  readonly orders: readonly OrderEvent[];
  /** What could not be looked at, in words for an operator. */
  readonly gaps: readonly string[];
  readonly forgotten: readonly KnownOrder[];
}

const DAY = 86_400_000;
/**
 * Ended orders are listed by their creation, newest first, and 90 days of them are too many to read at every
 * reconnect. They are read back to so long before the gap: what is older and was open is known to the caller,
 * and asked for by its id.
 */
const LOOKBACK_MS = 3 * DAY;
/** What the lists reach back to: https://www.bitget.com/api-doc/uta/trade/Get-Order-History for the latter. */
const KEPT_DAYS = { classic: 90, unified: 30 } as const;
const MOST_NAMES = 10;

/** Open orders, orders that changed since, and what became of the known ones. */
export async function findOrders(book: OrderBook, query: SnapshotQuery, nowMs: number): Promise<FoundOrders> {
  const finder = new OrderFinder(book, query);
  for (const line of linesOf(book.kind)) {
    for (const list of listsOf(line, book.mode)) await finder.readList(list);
  }
  for (const known of query.known) await finder.lookForKnown(known, nowMs);
  return finder.found(nowMs);
}

class OrderFinder {
  private readonly orders: OrderEvent[] = [];
  private readonly seen = new Set<string>();
  private readonly faults: string[] = [];
  private readonly cut: string[] = [];
  /** Symbols of orders that nothing tells of. */
  private readonly lost = new Set<string>();
  private readonly forgotten: KnownOrder[] = [];
  /** Listed, and to be told by their ids: the list is incomplete about them. */
  private readonly undated = new Set<string>();
  /** Of these the end is news however old it is. */
  private readonly known: ReadonlySet<string>;

  constructor(
    private readonly book: OrderBook,
    private readonly query: SnapshotQuery,
  ) {
    this.known = new Set(query.known.map(nameOf));
  }

  async readList(list: OrderList): Promise<void> {
    const extent = await readPages(this.book.ask, list, async (rows) => {
      let oldest: OrderEvent | undefined;
      for (const row of rows) oldest = (await this.take(row, list)) ?? oldest;
      return list.isEnded && oldest !== undefined && this.isBeyond(oldest);
    });
    if (extent === 'cut') this.cut.push(`there are more ${list.what} than are read`);
  }

  async lookForKnown(known: KnownOrder, nowMs: number): Promise<void> {
    const isAbsent = (await this.look(known)) === 'no such order';
    if (isAbsent && !this.undated.has(nameOf(known)) && isLongSilent(known, nowMs))
      this.forgotten.push(known);
  }

  found(nowMs: number): FoundOrders {
    // Stable: of equal times, the open state stays before the end.
    const orders = this.orders.sort((a, b) => a.report.orderTime - b.report.orderTime);
    const gaps = [...this.retention(nowMs), ...this.cut, ...this.unread(), ...this.untold()];
    return { orders, gaps, forgotten: this.forgotten };
  }

  /** Asked for by its id, where no list told of it. */
  private async look(known: KnownOrder): Promise<'no such order' | undefined> {
    if (this.seen.has(nameOf(known))) return undefined;
    const found = await findOrder(this.book, known);
    const order = typeof found === 'object' ? this.read(found) : undefined;
    if (order) this.keep(order);
    else this.lost.add(known.symbol);
    return found === 'no such order' ? found : undefined;
  }

  private async take(row: unknown, list: OrderList): Promise<OrderEvent | undefined> {
    const order = this.read(list.read(row));
    if (order === undefined) return undefined;
    if (isUndated(row, order)) {
      for (const name of namesOf(order.report)) this.undated.add(name);
      await this.look(knownOf(order));
    } else if (!list.isEnded || this.isNews(order)) this.keep(order);
    return order;
  }

  /** An order of an unknown status stays as it is known, until the venue says something known of it. */
  private read(reading: ReadOrder): OrderEvent | undefined {
    if (reading.kind === 'order') return reading;
    this.faults.push(reading.note);
    return undefined;
  }

  private isNews({ report }: OrderEvent): boolean {
    return report.orderTime >= this.query.sinceMs || namesOf(report).some((name) => this.known.has(name));
  }

  private isBeyond({ report }: OrderEvent): boolean {
    return report.creationTime < this.query.sinceMs - LOOKBACK_MS;
  }

  private keep(order: OrderEvent): void {
    for (const name of namesOf(order.report)) this.seen.add(name);
    this.orders.push(order);
  }

  private retention(nowMs: number): readonly string[] {
    const days = KEPT_DAYS[this.book.mode.generation];
    return nowMs - this.query.sinceMs > days * DAY ? [`the venue lists ended orders of ${days} days`] : [];
  }

  private unread(): readonly string[] {
    const [first] = this.faults;
    return first === undefined ? [] : [`unreadable orders: ${this.faults.length} (${first})`];
  }

  private untold(): readonly string[] {
    if (this.lost.size === 0) return [];
    const symbols = [...this.lost];
    const more = symbols.length > MOST_NAMES ? ' and more' : '';
    return [
      `known orders that the venue does not tell of: ${symbols.slice(0, MOST_NAMES).join(', ')}${more}`,
    ];
  }
}

/** The list of open spot orders may leave out when an order changed: of a fill that time is news. */
function isUndated(row: unknown, { report }: OrderEvent): boolean {
  const { cTime, uTime } = (isObject(row) ? row : {}) as Unproven<ListedOrderWire>;
  return report.orderStatus === 'PARTIALLY_FILLED' && !isBlank(cTime) && isBlank(uTime);
}

function knownOf({ report }: OrderEvent): KnownOrder {
  const { symbol, orderId, newClientOrderId: clientOrderId } = report;
  return { symbol, orderId, clientOrderId };
}

/** The client id stands in where the venue's own was never heard. */
function nameOf({ orderId, clientOrderId }: KnownOrder): string {
  return String(orderId) === '' ? `client ${clientOrderId}` : String(orderId);
}

function namesOf({ orderId, newClientOrderId }: OrderEvent['report']): readonly string[] {
  const own = String(orderId);
  return newClientOrderId === '' ? [own] : [own, `client ${newClientOrderId}`];
}
