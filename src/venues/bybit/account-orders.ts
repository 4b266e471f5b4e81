import type { ExecutionReport } from '../../domain/account';
import type { MarketKind } from '../../domain/exchange';
import type { Ask } from './account-client';
import type { AccountKind } from './account-kind';
import { closedQuery } from './account-kind';
import { readPages } from './account-pages';
import { MALFORMED_ORDER, readOrder } from './orders';
import { badAnswer } from './rest-errors';

const DAY = 86_400_000;
/** A query of the past spans 7 days at most. */
const LONGEST_SPAN_MS = 7 * DAY;
/** Older changes are not looked for: by then nobody waits for them. */
const FURTHEST_BACK_MS = 30 * DAY;
const ORDERS_PER_PAGE = 50;
const FILLS_PER_PAGE = 100;

export interface OrderQuery {
  readonly market: MarketKind;
  readonly account: AccountKind;
  /** Epoch ms, venue time. */
  readonly sinceMs: number;
  readonly nowMs: number;
}

type Found = Map<ExecutionReport['orderId'], ExecutionReport>;

/**
 * Every open order and every order changed since, oldest change first.
 *
 * Open ones first: an order that closes meanwhile is then told twice, never missed. Of closed ones the
 * venue lists the newest 500 (lost when it restarts) and a history (which lags, and pages by creation);
 * what was filled but stands in neither is asked for by its id.
 * https://bybit-exchange.github.io/docs/v5/order/open-order
 */
export async function readOrders(ask: Ask, query: OrderQuery): Promise<readonly ExecutionReport[]> {
  const found: Found = new Map();
  const { market, account, nowMs } = query;
  const since = Math.max(query.sinceMs, nowMs - FURTHEST_BACK_MS);
  keep(found, await current(ask, market, 0), market, 0);
  const closed = closedQuery(account, market);
  if (closed !== undefined) keep(found, await current(ask, market, closed), market, since);
  for (const span of spansOf(since, nowMs)) {
    keep(found, await history(ask, market, span), market, since);
    for (const fill of await fillsOf(ask, market, span)) {
      if (!found.has(fill.orderId)) keep(found, await orderById(ask, market, fill), market, since);
    }
  }
  return [...found.values()].sort((a, b) => a.orderTime - b.orderTime);
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

interface Fill {
  readonly orderId: string;
  readonly symbol: string;
}

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
  { orderId, symbol }: Fill,
): Promise<readonly unknown[]> {
  const rows = await readPages(ask, (client) => client.getActiveOrders({ category, symbol, orderId }));
  if (rows.length > 0) return rows;
  return readPages(ask, (client) => client.getHistoricOrders({ category, symbol, orderId }));
}

/** The latest state of each order wins; what is read later is no older at the same time. */
function keep(found: Found, rows: readonly unknown[], market: MarketKind, since: number): void {
  let malformed = 0;
  for (const row of rows) {
    // The answer names the category once, not in every row.
    const report = isObject(row) ? readOrder(row, market, undefined) : MALFORMED_ORDER;
    if (report === MALFORMED_ORDER) malformed += 1;
    if (typeof report === 'string') continue;
    const known = found.get(report.orderId);
    const isNews = report.orderTime >= (known?.orderTime ?? since);
    if (isNews) found.set(report.orderId, report);
  }
  if (malformed === rows.length && malformed > 0) throw badAnswer('with malformed orders only');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
