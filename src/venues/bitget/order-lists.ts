import { ConnectorError } from '../../domain/errors';
import type { MarketKind } from '../../domain/exchange';
import { lineAt, linesOf, type AccountMode } from './account-mode';
import { isBlank } from './amounts';
import { isObject } from './fields';
import type { OrderEvent } from './order-facts';
import { readListedOrder, readUnifiedOrder } from './orders';
import { successOf, type Ask } from './signed-http';

/** Documented: 100 rows at most. */
const PAGE_ROWS = 100;
/** 10,000 open orders: an account may hold 400 per product. */
const MOST_OPEN_PAGES = 100;
/**
 * The lists of ended orders can be cut by creation only, and an old order may have ended just now: the
 * newest 2,000 orders are read, whatever their age.
 */
const MOST_HISTORY_PAGES = 20;

interface Page {
  readonly rows: readonly unknown[];
  /** Where the next page begins. */
  readonly next: unknown;
}

interface List {
  readonly what: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly cursorName: 'idLessThan' | 'cursor';
  readonly isHistory: boolean;
  readonly isDemo: boolean;
  readonly page: (data: unknown) => Page | undefined;
  readonly read: (row: unknown) => ReturnType<typeof readListedOrder>;
}

/** Open orders and orders that changed since, oldest change first. An order may be told twice. */
export async function readOrders(
  ask: Ask,
  kind: MarketKind,
  mode: AccountMode,
  sinceMs: number,
): Promise<readonly OrderEvent[]> {
  const found: OrderEvent[] = [];
  for (const list of listsOf(kind, mode)) {
    for (const row of await rowsOf(ask, list)) {
      const order = list.read(row);
      // An order of an unknown status stays as it is known, until the venue says something known of it.
      if (order.kind === 'order' && (!list.isHistory || order.report.orderTime >= sinceMs)) found.push(order);
    }
  }
  return found.sort((a, b) => a.report.orderTime - b.report.orderTime);
}

/** The open ones first: what ends meanwhile is then in the other list at least. */
function listsOf(kind: MarketKind, mode: AccountMode): readonly List[] {
  const isDemo = mode.demo === 'environment';
  const lines = linesOf(kind).map((line) => lineAt(line, mode));
  return lines.flatMap((line) =>
    [false, true].map((isHistory) => ({
      ...(mode.generation === 'unified' ? unifiedList(line, isHistory) : classicList(line, isHistory)),
      isHistory,
      isDemo,
    })),
  );
}

type ListShape = Omit<List, 'isHistory' | 'isDemo'>;

function unifiedList(line: string, isHistory: boolean): ListShape {
  return {
    what: `${isHistory ? 'ended' : 'open'} orders ${line}`,
    path: `/api/v3/trade/${isHistory ? 'history-orders' : 'unfilled-orders'}`,
    query: { category: line },
    cursorName: 'cursor',
    page: (data) => pageOf(data, 'list', 'cursor'),
    read: readUnifiedOrder,
  };
}

function classicList(line: string, isHistory: boolean): ListShape {
  const isSpot = line === 'SPOT';
  const spotPath = `/api/v2/spot/trade/${isHistory ? 'history-orders' : 'unfilled-orders'}`;
  const mixPath = `/api/v2/mix/order/${isHistory ? 'orders-history' : 'orders-pending'}`;
  return {
    what: `${isHistory ? 'ended' : 'open'} orders ${line}`,
    path: isSpot ? spotPath : mixPath,
    query: isSpot ? {} : { productType: line },
    cursorName: 'idLessThan',
    page: isSpot ? spotPageOf : (data) => pageOf(data, 'entrustedList', 'endId'),
    read: (row) => readListedOrder(row, isSpot),
  };
}

async function rowsOf(ask: Ask, { what, path, query, isDemo, ...list }: List): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  const mostPages = list.isHistory ? MOST_HISTORY_PAGES : MOST_OPEN_PAGES;
  let cursor: string | undefined;
  for (let pages = 0; pages < mostPages; pages += 1) {
    const from: Record<string, string> = cursor === undefined ? {} : { [list.cursorName]: cursor };
    const asked = { ...query, limit: String(PAGE_ROWS), ...from };
    const { data } = successOf(await ask({ what, path, query: asked, isDemo }));
    const page = list.page(data);
    if (page === undefined) throw new ConnectorError('REST_BAD_ANSWER', `${what}: no list`);
    all.push(...page.rows);
    const isLast = page.rows.length < PAGE_ROWS || !isCursor(page.next) || page.next === cursor;
    if (isLast) return all;
    cursor = page.next as string;
  }
  if (!list.isHistory) throw new ConnectorError('REST_BAD_ANSWER', `${what}: endless list`);
  return all;
}

/** Goes into a signed query: only what needs no escaping. */
function isCursor(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,64}$/.test(value);
}

/** [{"orderId":"1", ...}, ...]; pages are cut below the last id. */
function spotPageOf(data: unknown): Page | undefined {
  if (!Array.isArray(data)) return undefined;
  const rows = data as readonly unknown[];
  const last = rows.at(-1);
  return { rows, next: isObject(last) ? (last as { readonly orderId?: unknown }).orderId : undefined };
}

/** {"entrustedList":[...] or null,"endId":"123"}; {"list":[...],"cursor":"123"} */
function pageOf(data: unknown, rowsName: string, cursorName: string): Page | undefined {
  if (!isObject(data)) return undefined;
  const { [rowsName]: rows, [cursorName]: next } = data as Readonly<Record<string, unknown>>;
  if (isBlank(rows)) return { rows: [], next: undefined };
  return Array.isArray(rows) ? { rows: rows as readonly unknown[], next } : undefined;
}
