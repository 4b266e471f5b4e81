import { isObject } from './fields';
import { listOf, unreadable, type OrderSource } from './order-source';
import type { What } from './signed-call';

const PAGE_SIZE = 1_000;
/** Far beyond any account. */
const MOST_PAGES = 200;

/**
 * All pages of a list.
 * {"currentPage":1,"pageSize":1000,"totalNum":1,"totalPage":1,"items":[{...}]}
 */
export async function futuresPages(
  source: OrderSource,
  what: What,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<readonly object[]> {
  const rows: object[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const search = new URLSearchParams({
      ...query,
      currentPage: String(page),
      pageSize: String(PAGE_SIZE),
    });
    const answer = await source.call(what, `${path}?${search.toString()}`);
    if (answer === null) return rows;
    const { items, totalPage } = (isObject(answer) ? answer : {}) as { items?: unknown; totalPage?: unknown };
    const list = listOf(source, what, items);
    if (typeof totalPage !== 'number') throw unreadable(source.exchange, what);
    rows.push(...list);
    if (page >= totalPage || list.length === 0) return rows;
  }
  throw unreadable(source.exchange, what);
}
