import type { KnownOrder, SnapshotQuery } from '../contract';
import { isObject } from './fields';
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
  unreadable,
  type OrderRows,
  type OrderSource,
} from './order-source';

const PAGE_SIZE = 100;
const LEDGER_PAGE = 200;
/** Far beyond any account: 20,000 ended orders of one symbol. */
const MOST_PAGES = 200;
/** Cancels without a fill are kept for so long (older documents; today's do not say). */
const CANCELS_KEPT_MS = 3 * DAY;
/** The range of the ledger may be measured by the venue's clock, ours being an estimate. */
const AHEAD_MS = 60_000;

/**
 * Open orders of spot, then the ended ones: an order that ends in between is in both. KuCoin lists orders
 * per symbol only: those of the open orders, of the known ones, and those that the ledger names as traded
 * since. What was placed and cancelled without a fill while we were away, at none of these symbols, is not
 * found: it changed nothing.
 * https://www.kucoin.com/docs-new/rest/spot-trading/orders/get-open-orders, .../get-closed-orders,
 * https://www.kucoin.com/docs-new/rest/account-info/account-funding/get-account-ledgers-tradehf
 */
export async function spotRows(source: OrderSource, { sinceMs, known }: SnapshotQuery): Promise<OrderRows> {
  const { fromMs, gaps } = lookBack(source, sinceMs);
  const active = symbolsOf(
    source,
    await source.call('symbols of orders', '/api/v1/hf/orders/active/symbols'),
  );
  const traded = await tradedSymbols(source, fromMs);
  const symbols = new Set([...active, ...known.map(({ symbol }) => symbol), ...traded]);
  const rows: object[] = [];
  for (const symbol of symbols) {
    const search = new URLSearchParams({ symbol }).toString();
    const open = await source.call('open orders', `/api/v1/hf/orders/active?${search}`);
    rows.push(...listOf(source, 'open orders', open), ...(await doneRows(source, symbol, fromMs)));
  }
  const asked = await unlisted(source, known, rows);
  const isLong = sinceMs < source.venueNow() - CANCELS_KEPT_MS;
  return {
    rows: [...rows, ...asked.rows],
    gaps: [...gaps, ...(isLong ? ['orders cancelled without a fill are kept 3 days'] : []), ...asked.gaps],
    forgotten: asked.forgotten,
  };
}

async function unlisted(
  source: OrderSource,
  known: readonly KnownOrder[],
  rows: readonly object[],
): Promise<OrderRows> {
  const names = namesIn(rows);
  const found: object[] = [];
  const gaps: string[] = [];
  const absent: KnownOrder[] = [];
  for (const order of known) {
    const name = nameOf(order);
    if (name !== undefined && names.has(name.id)) continue;
    const row = name && (await orderRow(source, 'spot order', pathOf(name, order.symbol)));
    if (row !== undefined) found.push(row);
    else gaps.push(forgotten(order.symbol));
    if (row === undefined && name !== undefined) absent.push(order);
  }
  return { rows: found, gaps, forgotten: longSilent(source, absent) };
}

function pathOf({ id, isClientId }: { readonly id: string; readonly isClientId: boolean }, symbol: string) {
  const folder = isClientId ? 'client-order/' : '';
  const search = new URLSearchParams({ symbol }).toString();
  return `/api/v1/hf/orders/${folder}${encodeURIComponent(id)}?${search}`;
}

function symbolsOf({ exchange }: OrderSource, answer: unknown): readonly string[] {
  const { symbols } = (isObject(answer) ? answer : {}) as { symbols?: unknown };
  const list: readonly unknown[] | undefined = Array.isArray(symbols) ? symbols : undefined;
  if (list !== undefined) return list.filter((one) => typeof one === 'string');
  if (answer === null || symbols === null) return [];
  throw unreadable(exchange, 'symbols of orders');
}

/** Newest change first, without a range: that would be about the creation. */
async function doneRows(source: OrderSource, symbol: string, fromMs: number): Promise<readonly object[]> {
  const rows: object[] = [];
  let lastId = '';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const search = new URLSearchParams({
      symbol,
      limit: String(PAGE_SIZE),
      ...(lastId !== '' && { lastId }),
    });
    const answer = await source.call('done orders', `/api/v1/hf/orders/done?${search.toString()}`);
    const { items, lastId: next } = (isObject(answer) ? answer : {}) as { items?: unknown; lastId?: unknown };
    const list = listOf(source, 'done orders', items);
    const news = list.filter((row) => changedAt(row) >= fromMs);
    rows.push(...news);
    if (list.length < PAGE_SIZE || news.length === 0) return rows;
    if ((typeof next !== 'string' && typeof next !== 'number') || String(next) === lastId) break;
    lastId = String(next);
  }
  throw unreadable(source.exchange, 'done orders');
}

/** [{"id":"254062248624417","context":"{\"symbol\":\"BTC-USDT\",\"orderId\":\"...\"}", ...}] */
async function tradedSymbols(source: OrderSource, fromMs: number): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const range = { startAt: String(fromMs), endAt: String(source.venueNow() + AHEAD_MS) };
  let lastId = '';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const search = new URLSearchParams({ bizType: 'TRADE_EXCHANGE', ...range, limit: String(LEDGER_PAGE) });
    if (lastId !== '') search.set('lastId', lastId);
    const answer = await source.call('ledger', `/api/v1/hf/accounts/ledgers?${search.toString()}`);
    const list = listOf(source, 'ledger', answer);
    for (const row of list) {
      const symbol = symbolOfEntry(row);
      if (symbol !== undefined) found.add(symbol);
    }
    if (list.length < LEDGER_PAGE) return found;
    const { id } = list.at(-1) as { id?: unknown };
    if (typeof id !== 'string' || id === lastId) break;
    lastId = id;
  }
  throw unreadable(source.exchange, 'ledger');
}

function symbolOfEntry(row: object): string | undefined {
  const { context } = row as { context?: unknown };
  // Text of a JSON object; a pattern reads it without failing on what is none.
  const [, symbol] = typeof context === 'string' ? (/"symbol"\s*:\s*"([^"]{1,64})"/.exec(context) ?? []) : [];
  return symbol;
}
