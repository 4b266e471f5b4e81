import type { MarketKind } from '../../domain/exchange';
import type { OrderEvent } from './orders';

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
const DAY = 24 * HOUR;

/**
 * https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#all-orders-user_data
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/All-Orders
 * https://developers.binance.com/docs/derivatives/coin-margined-futures/trade/rest-api/All-Orders
 */
const RULES: Readonly<Record<MarketKind, PageRules>> = {
  spot: { limit: 1_000, windowMs: DAY },
  linear: { limit: 1_000, windowMs: 7 * DAY },
  inverse: { limit: 100, windowMs: 7 * DAY },
};

/** Futures answers go no further back; on spot older pages are walked day by day, which has to end somewhere. */
export const FURTHEST_BACK_MS = 7 * DAY;
/** 30,000 orders of one symbol (COIN-M 3,000) within a gap; a runaway stops here. */
const MOST_PAGES = 30;

export interface HistoryQuery {
  readonly kind: MarketKind;
  readonly symbol: string;
  readonly sinceMs: number;
  readonly nowMs: number;
}

export interface History {
  /** Changed since, and maybe some that changed earlier. */
  readonly orders: readonly OrderEvent[];
  /** False: there were more than could be read. */
  readonly isComplete: boolean;
}

type ReadRows = (rows: readonly unknown[]) => readonly OrderEvent[];

/**
 * Orders of a symbol that changed since `sinceMs`. Time filters of the venue go by creation, so the
 * newest orders are read first, without any: nearly always one page tells everything. Only where all of
 * it is younger than `sinceMs` the time since then is walked, oldest first.
 */
export async function changedOrders(
  query: HistoryQuery,
  page: HistoryPage,
  read: ReadRows,
): Promise<History> {
  const { kind, symbol, sinceMs } = query;
  const { limit } = RULES[kind];
  const rows = await page({ symbol, limit });
  const newest = read(rows);
  const reachesBack = newest.some(({ report }) => report.creationTime < sinceMs);
  if (rows.length < limit || reachesBack) return { orders: newest, isComplete: true };
  const walked = await walk(query, page, read);
  return { ...walked, orders: [...newest, ...walked.orders] };
}

async function walk(
  { kind, symbol, sinceMs, nowMs }: HistoryQuery,
  page: HistoryPage,
  read: ReadRows,
): Promise<History> {
  const { limit, windowMs } = RULES[kind];
  const orders: OrderEvent[] = [];
  const from = Math.max(sinceMs, nowMs - FURTHEST_BACK_MS);
  let startTime = from;
  for (let pages = 0; startTime <= nowMs && pages < MOST_PAGES; pages += 1) {
    const endTime = Math.min(startTime + windowMs - 1, nowMs);
    const rows = await page({ symbol, limit, startTime, endTime });
    const found = read(rows);
    orders.push(...found);
    const last = Math.max(0, ...found.map(({ report }) => report.creationTime));
    // A full page may end within a millisecond: that one is read again. If it fills a page, on we go.
    startTime = rows.length < limit ? endTime + 1 : Math.max(last, startTime + 1);
  }
  return { orders, isComplete: from === sinceMs && startTime > nowMs };
}
