import { ConnectorError } from '../../domain/errors';
import { lineAt, type AccountMode } from './account-mode';
import { WEIGHT } from './account-limits';
import { isBlank } from './amounts';
import { isObject } from './fields';
import type { ReadOrder } from './order-facts';
import { readListedOrder, readUnifiedOrder } from './orders';
import { successOf, type Ask } from './signed-http';

/** Documented: 100 rows at most. */
const PAGE_ROWS = 100;
/** 10,000 orders: an account may hold 400 open ones per product; of ended ones that is days of a busy account. */
const MOST_PAGES = 100;

interface Page {
  readonly rows: readonly unknown[];
  /** Where the next page begins. */
  readonly next: unknown;
}

/** One list of orders, newest first. */
export interface OrderList {
  readonly what: string;
  readonly weight: number;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly isDemo: boolean;
  readonly isEnded: boolean;
  readonly cursorName: 'idLessThan' | 'cursor';
  readonly page: (data: unknown) => Page | undefined;
  readonly read: (row: unknown) => ReadOrder;
}

/** The lists of one product line, open orders first: what ends meanwhile is then in the other list at least. */
export function listsOf(line: string, mode: AccountMode): readonly OrderList[] {
  const isDemo = mode.demo === 'environment';
  const name = lineAt(line, mode);
  if (mode.generation === 'unified') {
    return [false, true].map((isEnded) => ({ ...unifiedList(name, isEnded), isEnded, isDemo }));
  }
  if (line === 'SPOT') return [false, true].map((isEnded) => ({ ...spotList(isEnded), isEnded, isDemo }));
  // By its documents the list of open contract orders leaves the partly filled ones out, unless asked for.
  const partlyFilled = contractList(name, 'orders-pending', { status: 'partially_filled' });
  return [
    { ...contractList(name, 'orders-pending'), isEnded: false, isDemo },
    { ...partlyFilled, isEnded: false, isDemo },
    { ...contractList(name, 'orders-history'), isEnded: true, isDemo },
  ];
}

type ListShape = Omit<OrderList, 'isEnded' | 'isDemo'>;

function unifiedList(line: string, isEnded: boolean): ListShape {
  return {
    what: `${isEnded ? 'ended' : 'open'} orders ${line}`,
    weight: WEIGHT.light,
    path: `/api/v3/trade/${isEnded ? 'history-orders' : 'unfilled-orders'}`,
    query: { category: line },
    cursorName: 'cursor',
    page: (data) => pageOf(data, 'list', 'cursor'),
    read: readUnifiedOrder,
  };
}

function spotList(isEnded: boolean): ListShape {
  return {
    what: `${isEnded ? 'ended' : 'open'} orders SPOT`,
    weight: WEIGHT.light,
    path: `/api/v2/spot/trade/${isEnded ? 'history-orders' : 'unfilled-orders'}`,
    query: {},
    cursorName: 'idLessThan',
    page: spotPageOf,
    read: (row) => readListedOrder(row, true),
  };
}

function contractList(
  line: string,
  list: 'orders-pending' | 'orders-history',
  filter: Readonly<Record<string, string>> = {},
): ListShape {
  return {
    what: `${list === 'orders-history' ? 'ended' : 'open'} orders ${line}`,
    weight: WEIGHT.heavy,
    path: `/api/v2/mix/order/${list}`,
    query: { productType: line, ...filter },
    cursorName: 'idLessThan',
    page: (data) => pageOf(data, 'entrustedList', 'endId'),
    read: (row) => readListedOrder(row, false),
  };
}

/**
 * Page after page, until the list ends or `onPage` answers that it is enough. `cut`: there is more than we
 * are willing to read.
 */
export async function readPages(
  ask: Ask,
  { what, weight, path, query, isDemo, cursorName, page: shape }: OrderList,
  onPage: (rows: readonly unknown[]) => Promise<boolean>,
): Promise<'whole' | 'cut'> {
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const from: Record<string, string> = cursor === undefined ? {} : { [cursorName]: cursor };
    const asked = { ...query, limit: String(PAGE_ROWS), ...from };
    const { data } = successOf(await ask({ what, weight, path, query: asked, isDemo }));
    const page = shape(data);
    if (page === undefined) throw new ConnectorError('REST_BAD_ANSWER', `${what}: no list`);
    const { rows, next } = page;
    if (await onPage(rows)) return 'whole';
    const isLast = rows.length < PAGE_ROWS || !isCursor(next) || next === cursor;
    if (isLast) return 'whole';
    cursor = next;
  }
  return 'cut';
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
