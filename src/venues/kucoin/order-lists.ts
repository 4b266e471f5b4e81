import { ConnectorError } from '../../domain/errors';
import { epochMs, isObject } from './fields';
import type { Call } from './signed-call';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PAGE_SIZE = 100;
const LEDGER_PAGE = 200;
const FUTURES_PAGE = 1_000;
/** The done list of contracts that needs no paging holds this many, of the last 24 h. */
const RECENT_DONE = 1_000;
/** Far beyond any account: 20,000 ended orders of one symbol. */
const MOST_PAGES = 200;
/** Ranges of the ledger end at 7 days. */
const LEDGER_DAYS = 7 * DAY - HOUR;

export interface OrderSource {
  readonly exchange: string;
  readonly call: Call;
  readonly venueNow: () => number;
}

/**
 * Open orders of spot, then the ended ones: an order that ends in between is in both. KuCoin lists orders
 * per symbol only. `known`, which the call adds to, are the symbols that had open orders before; the
 * ledger tells those that were traded since.
 * https://www.kucoin.com/docs-new/rest/spot-trading/orders/get-open-orders, .../get-closed-orders,
 * https://www.kucoin.com/docs-new/rest/account-info/account-funding/get-account-ledgers-tradehf
 */
export async function spotRows(
  source: OrderSource,
  sinceMs: number,
  known: Set<string>,
): Promise<readonly object[]> {
  const active = await source.call('symbols of orders', '/api/v1/hf/orders/active/symbols');
  for (const symbol of symbolsOf(source, active)) known.add(symbol);
  const symbols = new Set([...known, ...(await tradedSymbols(source, sinceMs))]);
  const rows: object[] = [];
  for (const symbol of symbols) {
    const search = new URLSearchParams({ symbol }).toString();
    const open = await source.call('open orders', `/api/v1/hf/orders/active?${search}`);
    rows.push(...listOf(source, 'open orders', open), ...(await doneRows(source, symbol, sinceMs)));
  }
  return rows;
}

function symbolsOf(source: OrderSource, answer: unknown): readonly string[] {
  const { symbols } = (isObject(answer) ? answer : {}) as { symbols?: unknown };
  const list: readonly unknown[] | undefined = Array.isArray(symbols) ? symbols : undefined;
  if (list !== undefined) return list.filter((one) => typeof one === 'string');
  if (answer === null || symbols === null) return [];
  throw badAnswer(source, 'symbols of orders');
}

/** Newest change first, without a range: that would be about the creation. */
async function doneRows(source: OrderSource, symbol: string, sinceMs: number): Promise<readonly object[]> {
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
    const news = list.filter((row) => changedAt(row) >= sinceMs);
    rows.push(...news);
    if (list.length < PAGE_SIZE || news.length === 0) return rows;
    if ((typeof next !== 'string' && typeof next !== 'number') || String(next) === lastId) break;
    lastId = String(next);
  }
  throw badAnswer(source, 'done orders');
}

/** [{"id":"254062248624417","context":"{\"symbol\":\"BTC-USDT\",\"orderId\":\"...\"}", ...}] */
async function tradedSymbols(source: OrderSource, sinceMs: number): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const startAt = String(Math.max(sinceMs, source.venueNow() - LEDGER_DAYS));
  let lastId = '';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const search = new URLSearchParams({ bizType: 'TRADE_EXCHANGE', startAt, limit: String(LEDGER_PAGE) });
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
  throw badAnswer(source, 'ledger');
}

function symbolOfEntry(row: object): string | undefined {
  const { context } = row as { context?: unknown };
  // Text of a JSON object; a pattern reads it without failing on what is none.
  const [, symbol] = typeof context === 'string' ? (/"symbol"\s*:\s*"([^"]{1,64})"/.exec(context) ?? []) : [];
  return symbol;
}

/**
 * Open orders of contracts, then the ended ones: those of the last 24 h, and (after a longer pause, or
 * where that list is full) those created since.
 * https://www.kucoin.com/docs-new/rest/futures-trading/orders/get-order-list, .../get-recent-closed-orders
 */
export async function futuresRows(source: OrderSource, sinceMs: number): Promise<readonly object[]> {
  const open = await futuresPages(source, { status: 'active' });
  const answer = await source.call('done orders', '/api/v1/recentDoneOrders');
  const recent = listOf(source, 'done orders', answer);
  const isShort = recent.length >= RECENT_DONE || sinceMs < source.venueNow() - (DAY - HOUR);
  const older = isShort ? await futuresPages(source, { status: 'done', startAt: String(sinceMs) }) : [];
  const done = new Map([...older, ...recent].map((row) => [(row as { id?: unknown }).id, row]));
  return [...open, ...[...done.values()].filter((row) => changedAt(row) >= sinceMs)];
}

async function futuresPages(
  source: OrderSource,
  query: Readonly<Record<string, string>>,
): Promise<readonly object[]> {
  const rows: object[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const search = new URLSearchParams({
      ...query,
      currentPage: String(page),
      pageSize: String(FUTURES_PAGE),
    });
    const answer = await source.call('orders', `/api/v1/orders?${search.toString()}`);
    const { items, totalPage } = (isObject(answer) ? answer : {}) as { items?: unknown; totalPage?: unknown };
    const list = listOf(source, 'orders', items);
    if (typeof totalPage !== 'number') throw badAnswer(source, 'orders');
    rows.push(...list);
    if (page >= totalPage || list.length === 0) return rows;
  }
  throw badAnswer(source, 'orders');
}

/** A row without a time is kept, for the reader to judge. */
function changedAt(row: object): number {
  const { lastUpdatedAt, updatedAt } = row as { lastUpdatedAt?: unknown; updatedAt?: unknown };
  return epochMs(lastUpdatedAt ?? updatedAt) ?? Infinity;
}

/** `null`: an empty list. */
function listOf(source: OrderSource, what: string, list: unknown): readonly object[] {
  if (list === null) return [];
  if (!Array.isArray(list) || !list.every(isObject)) throw badAnswer(source, what);
  return list;
}

function badAnswer({ exchange }: OrderSource, what: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${exchange} ${what}: not readable`);
}
