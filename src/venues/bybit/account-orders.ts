import type { ExecutionReport } from '../../domain/account';
import type { MarketKind } from '../../domain/exchange';
import type { KnownOrder } from '../contract';
import { isLongSilent } from '../long-silent';
import type { Ask } from './account-client';
import type { AccountKind } from './account-kind';
import { closedQuery } from './account-kind';
import { readPages } from './account-pages';
import { FoundOrders } from './found-orders';

const DAY = 86_400_000;
/** A query of the past spans 7 days at most. */
const LONGEST_SPAN_MS = 7 * DAY;
/** Older changes are not looked for: by then nobody waits for them. */
const FURTHEST_BACK_MS = 30 * DAY;
/** https://bybit-exchange.github.io/docs/v5/order/order-list */
const UNFILLED_KEPT_MS = DAY;
const ORDERS_PER_PAGE = 50;
const FILLS_PER_PAGE = 100;

export interface OrderQuery {
  readonly market: MarketKind;
  readonly account: AccountKind;
  /** Epoch ms, venue time. */
  readonly sinceMs: number;
  readonly nowMs: number;
  /** What the caller holds for open. */
  readonly known: readonly KnownOrder[];
}

export interface OrderLook {
  /** Oldest change first. */
  readonly reports: readonly ExecutionReport[];
  /** What could not be looked at, in words. */
  readonly notes: readonly string[];
  readonly forgotten: readonly KnownOrder[];
}

/**
 * Every open order, every order changed since, and what became of the known ones.
 *
 * Open ones first: an order that closes meanwhile is then told twice, never missed. Of closed ones the
 * venue lists the newest 500 (lost when it restarts) and a history (which lags, and pages by creation);
 * what was filled or known but stands in neither is asked for by its id.
 * https://bybit-exchange.github.io/docs/v5/order/open-order
 */
export async function readOrders(ask: Ask, query: OrderQuery): Promise<OrderLook> {
  const { market, account, nowMs } = query;
  const since = Math.max(query.sinceMs, nowMs - FURTHEST_BACK_MS);
  const found = new FoundOrders(market);
  for (const note of retentionNotes(nowMs - query.sinceMs)) found.note(note);
  found.keepList(await current(ask, market, 0));
  const closed = closedQuery(account, market);
  if (closed !== undefined) found.keepList(await current(ask, market, closed));
  for (const span of spansOf(since, nowMs)) {
    found.keepList(await history(ask, market, span));
    for (const fill of await fillsOf(ask, market, span)) {
      if (!found.has(fill.orderId)) found.keep(await orderById(ask, market, fill));
    }
  }
  const { fates, forgotten } = await fatesOf(ask, query, found);
  return { reports: found.since(since, fates), notes: found.notes, forgotten };
}

/** What became of the known orders; those that no list names are asked for one by one. */
async function fatesOf(ask: Ask, { known, market, nowMs }: OrderQuery, found: FoundOrders) {
  const fates = new Set<string>();
  const forgotten: KnownOrder[] = [];
  for (const order of known) {
    const rows = found.has(order.orderId) ? [] : await orderById(ask, market, order);
    const [fate = String(order.orderId)] = found.keep(rows).ids;
    if (found.has(fate)) {
      fates.add(fate);
      continue;
    }
    found.note(`the venue does not tell of an order of ${order.symbol} that was open`);
    if (rows.length === 0 && isLongSilent(order, nowMs)) forgotten.push(order);
  }
  return { fates, forgotten };
}

function retentionNotes(gapMs: number): readonly string[] {
  return [
    ...(gapMs > UNFILLED_KEPT_MS ? ['the venue keeps orders that ended without a fill for 24 hours'] : []),
    ...(gapMs > FURTHEST_BACK_MS ? ['only the last 30 days were looked at'] : []),
  ];
}

/** Orders as the venue's memory has them; linear ones only per settlement coin. */
async function current(ask: Ask, category: MarketKind, openOnly: 0 | 1 | 2): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for (const coin of category === 'linear' ? [{ settleCoin: 'USDT' }, { settleCoin: 'USDC' }] : [{}]) {
    const limit = ORDERS_PER_PAGE;
    const found = await readPages(ask, (client, page) =>
      client.getActiveOrders({ category, ...coin, openOnly, limit, ...page }),
    );
    rows.push(...found);
  }
  return rows;
}

interface Span {
  readonly startTime: number;
  readonly endTime: number;
}

function history(ask: Ask, category: MarketKind, span: Span): Promise<readonly unknown[]> {
  return readPages(ask, (client, page) =>
    client.getHistoricOrders({ category, ...span, limit: ORDERS_PER_PAGE, ...page }),
  );
}

function spansOf(since: number, now: number): readonly Span[] {
  const spans: Span[] = [];
  for (let startTime = since; startTime <= now; startTime += LONGEST_SPAN_MS) {
    spans.push({ startTime, endTime: Math.min(now, startTime + LONGEST_SPAN_MS - 1) });
  }
  return spans;
}

type Fill = Pick<KnownOrder, 'symbol'> & { readonly orderId: string };

/** Settlements and funding are executions as well, but of no order. */
const FILL_TYPES: ReadonlySet<unknown> = new Set(['Trade', 'BustTrade', 'AdlTrade']);

/** {"symbol":"ETHPERP","orderId":"8c065341-7b52-4ca9-ac2c-37e31ac55c94","execType":"Trade","execTime":"1672282722429"} */
async function fillsOf(ask: Ask, category: MarketKind, span: Span): Promise<readonly Fill[]> {
  const rows = await readPages(ask, (client, page) =>
    client.getExecutionList({ category, ...span, limit: FILLS_PER_PAGE, ...page }),
  );
  return rows.filter(isFill);
}

function isFill(row: unknown): row is Fill {
  if (!isObject(row)) return false;
  const { orderId, symbol, execType } = row as Readonly<Record<string, unknown>>;
  return typeof orderId === 'string' && typeof symbol === 'string' && FILL_TYPES.has(execType);
}

/** In the venue's memory or in its history; nowhere is possible, as the answers lag. */
async function orderById(
  ask: Ask,
  category: MarketKind,
  order: Fill | KnownOrder,
): Promise<readonly unknown[]> {
  const { symbol } = order;
  const orderId = String(order.orderId);
  // A client id may be used again once its order has ended: it names an order only where nothing else does.
  const name =
    orderId !== '' || !('clientOrderId' in order) ? { orderId } : { orderLinkId: order.clientOrderId };
  const rows = await readPages(ask, (client) => client.getActiveOrders({ category, symbol, ...name }));
  if (rows.length > 0) return rows;
  return readPages(ask, (client) => client.getHistoricOrders({ category, symbol, ...name }));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
