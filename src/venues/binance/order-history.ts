import type { MarketKind } from '../../domain/exchange';
import type { OrderEvent } from './orders';
import { restOrder } from './rest-orders';

/** One answer of allOrders. */
export type HistoryPage = (query: {
  readonly symbol: string;
  readonly limit: number;
  readonly startTime?: number;
  readonly endTime?: number;
}) => Promise<readonly unknown[]>;

interface PageRules {
  /** Most rows of an answer. */
  readonly limit: number;
  /** Longest time between startTime and endTime. */
  readonly windowMs: number;
}

const HOUR = 3_600_000;

/**
 * https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#all-orders-user_data
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/All-Orders
 * https://developers.binance.com/docs/derivatives/coin-margined-futures/trade/rest-api/All-Orders
 */
const RULES: Readonly<Record<MarketKind, PageRules>> = {
  spot: { limit: 1_000, windowMs: 24 * HOUR },
  linear: { limit: 1_000, windowMs: 7 * 24 * HOUR },
  inverse: { limit: 100, windowMs: 7 * 24 * HOUR },
};

/** Enough for 100,000 orders of one symbol; a runaway stops here. */
const MOST_PAGES = 100;

export interface HistoryQuery {
  readonly kind: MarketKind;
  readonly symbol: string;
  readonly sinceMs: number;
  readonly nowMs: number;
}

/**
 * Orders of a symbol that changed since `sinceMs`. Time filters of the venue go by creation, so the
 * newest orders are read first, without any: nearly always one page tells everything. Only where all of
 * it is younger than `sinceMs` the time since then is walked, oldest first.
 */
export async function changedOrders(query: HistoryQuery, page: HistoryPage): Promise<readonly OrderEvent[]> {
  const { kind, symbol, sinceMs } = query;
  const { limit } = RULES[kind];
  const rows = await page({ symbol, limit });
  const newest = readAll(rows, kind);
  const reachesBack = newest.some(({ report }) => report.creationTime < sinceMs);
  const found = rows.length < limit || reachesBack ? newest : [...(await walk(query, page)), ...newest];
  return found.filter(({ report }) => report.orderTime >= sinceMs);
}

async function walk(
  { kind, symbol, sinceMs, nowMs }: HistoryQuery,
  page: HistoryPage,
): Promise<readonly OrderEvent[]> {
  const { limit, windowMs } = RULES[kind];
  const found: OrderEvent[] = [];
  let startTime = sinceMs;
  for (let pages = 0; startTime <= nowMs && pages < MOST_PAGES; pages += 1) {
    const endTime = Math.min(startTime + windowMs - 1, nowMs);
    const rows = await page({ symbol, limit, startTime, endTime });
    const orders = readAll(rows, kind);
    found.push(...orders);
    const last = Math.max(0, ...orders.map(({ report }) => report.creationTime));
    // A full page may end within a millisecond: that one is read again. If it fills a page, on we go.
    startTime = rows.length < limit ? endTime + 1 : Math.max(last, startTime + 1);
  }
  return found;
}

function readAll(rows: readonly unknown[], kind: MarketKind): OrderEvent[] {
  return rows.flatMap((row) => restOrder(row, kind));
}
