import type { AccountEvent } from '../../domain/account';
import type { Account, KnownOrder, SnapshotQuery } from '../contract';
import { isLongSilent } from '../long-silent';
import { WEIGHT } from './account-limits';
import { findOrder, type Answer } from './known-orders';
import { readPages, type AskPage } from './order-lists';
import { readOrder } from './orders';
import { instTypesOf, type InstType } from './private-topics';
import type { Call } from './signed-call';
import { ARCHIVED_MS, UNFILLED_MS, unheardCancel } from './unheard-cancels';

type Order = Extract<AccountEvent, { readonly kind: 'order' }>;

export interface OrderSource {
  readonly account: Account;
  readonly call: Call;
  /** The venue's time, epoch ms. */
  readonly now: () => number;
}

export interface FoundOrders {
  /** Oldest change first. */
  readonly orders: readonly Order[];
  /** What could not be looked at, in words for an operator. */
  readonly gaps: readonly string[];
  readonly forgotten: readonly KnownOrder[];
}

type List = 'open' | 'ended' | 'archived';

/** What is listed: https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-history-last-7-days */
const ENDED_MS = 7 * 86_400_000;
const MOST_NAMES = 10;

/**
 * Open orders, then the ended ones: an order that ends in between is in both lists, and in neither the
 * other way round. Lists of ended orders filter by creation only, so all of them is read; what they have
 * forgotten is asked for by its id.
 */
export async function findOrders(source: OrderSource, query: SnapshotQuery): Promise<FoundOrders> {
  const finder = new OrderFinder(source, query);
  for (const instType of instTypesOf(source.account)) {
    for (const list of listsFor(source.now() - query.sinceMs)) await finder.readList(instType, list);
  }
  for (const known of query.known) await finder.look(known);
  return finder.found();
}

function listsFor(gapMs: number): readonly List[] {
  return gapMs > ENDED_MS ? ['open', 'ended', 'archived'] : ['open', 'ended'];
}

class OrderFinder {
  private readonly orders: Order[] = [];
  private readonly seen = new Set<string>();
  private readonly faults: string[] = [];
  private readonly cut: string[] = [];
  /** Symbols of known orders that nothing tells of. */
  private readonly lost = new Set<string>();
  private readonly forgotten: KnownOrder[] = [];
  /** Of these the end is news however old it is. */
  private readonly known: ReadonlySet<string>;

  constructor(
    private readonly source: OrderSource,
    private readonly query: SnapshotQuery,
  ) {
    this.known = new Set(query.known.map(nameOf));
  }

  async readList(instType: InstType, list: List): Promise<void> {
    const what = `${list} orders ${instType}`;
    const { account, call } = this.source;
    const ask = askerOf(call, what, instType, list);
    const extent = await readPages(`${account.market.exchange} ${what}`, ask, (rows) => {
      for (const row of rows) {
        const order = this.read(row);
        if (order && (list === 'open' || this.isNews(order))) this.keep(order);
      }
    });
    if (extent === 'cut') this.cut.push(`there are more ${what} than are read`);
  }

  /** Asked for by its id, where no list told of it. */
  async look(known: KnownOrder): Promise<void> {
    if (this.seen.has(nameOf(known))) return;
    const { account, call } = this.source;
    const answer = await findOrder(call, account.market, this.query.instruments, known);
    const order = answer.kind === 'row' ? this.read(answer.row) : this.presumed(known, answer.kind);
    if (order) this.keep(order);
    else this.lost.add(known.symbol);
  }

  found(): FoundOrders {
    // Stable: of equal times, the open state stays before the end.
    const orders = this.orders.sort((a, b) => a.report.orderTime - b.report.orderTime);
    const gaps = [...this.retention(), ...this.cut, ...this.unread(), ...this.untold()];
    return { orders, gaps, forgotten: this.forgotten };
  }

  /** What became of an order that the venue does not tell of, where only one thing can have. */
  private presumed(known: KnownOrder, kind: Exclude<Answer['kind'], 'row'>): Order | undefined {
    const nowMs = this.source.now();
    const report = kind === 'no such order' ? unheardCancel(known, nowMs) : undefined;
    if (report) return { kind: 'order', report };
    // Of what changed lately a cancel would still be known: the venue is late.
    const isLate = kind === 'no such order' && known.last && known.last.at > nowMs - UNFILLED_MS;
    if (kind !== 'nothing' && !isLate && isLongSilent(known, nowMs)) this.forgotten.push(known);
    return undefined;
  }

  private read(row: unknown): Order | undefined {
    const { market } = this.source.account;
    const reading = readOrder(row, { market, instruments: this.query.instruments });
    if (reading.kind === 'fault') this.faults.push(reading.note);
    return reading.kind === 'report' ? { kind: 'order', report: reading.report } : undefined;
  }

  private isNews({ report }: Order): boolean {
    return report.orderTime >= this.query.sinceMs || namesOf(report).some((name) => this.known.has(name));
  }

  private keep(order: Order): void {
    for (const name of namesOf(order.report)) this.seen.add(name);
    this.orders.push(order);
  }

  private retention(): readonly string[] {
    const gapMs = this.source.now() - this.query.sinceMs;
    if (gapMs > ARCHIVED_MS) return ['the venue keeps ended orders for 3 months'];
    return gapMs > UNFILLED_MS ? ['the venue keeps orders cancelled without a fill for 2 hours'] : [];
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

/** The client id stands in where the venue's own was never heard. */
function nameOf({ orderId, clientOrderId }: KnownOrder): string {
  return String(orderId) === '' ? `client ${clientOrderId}` : String(orderId);
}

function namesOf({ orderId, newClientOrderId }: Order['report']): readonly string[] {
  const own = String(orderId);
  return newClientOrderId === '' ? [own] : [own, `client ${newClientOrderId}`];
}

function askerOf(call: Call, what: string, instType: InstType, list: List): AskPage {
  switch (list) {
    case 'open':
      return (page) =>
        call({ what, weight: WEIGHT.openOrders }, (client) => client.getOrderList({ instType, ...page }));
    case 'ended':
      return (page) =>
        call({ what, weight: WEIGHT.endedOrders }, (client) => client.getOrderHistory({ instType, ...page }));
    case 'archived':
      return (page) =>
        call({ what, weight: WEIGHT.archivedOrders }, (client) =>
          client.getOrderHistoryArchive({ instType, ...page }),
        );
  }
}
