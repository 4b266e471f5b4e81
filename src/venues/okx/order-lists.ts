import { ConnectorError } from '../../domain/errors';
import { isObject } from './fields';

/** Rows of one answer, newest order first; `after`: only orders older than this `ordId`. */
export type AskPage = (page: { readonly limit: string; readonly after?: string }) => Promise<unknown>;

const PAGE_SIZE = 100;
/** Far beyond any account: the venue allows some thousand open orders, and lists a week of ended ones. */
const MOST_PAGES = 1_000;

/**
 * Every row of a paged order list, page by page: a busy account has more than should be held at once. `cut`:
 * there is more than we are willing to read.
 * https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-list
 * Fails with ConnectorError REST_BAD_ANSWER where the pages lead nowhere.
 */
export async function readPages(
  what: string,
  ask: AskPage,
  onPage: (rows: readonly object[]) => void,
): Promise<'whole' | 'cut'> {
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const limit = String(PAGE_SIZE);
    const answer = await ask(after === undefined ? { limit } : { limit, after });
    if (!Array.isArray(answer) || !answer.every(isObject)) throw badAnswer(what, 'no list of orders');
    onPage(answer);
    if (answer.length < PAGE_SIZE) return 'whole';
    const next = idOf(answer.at(-1));
    if (next === undefined || next === after) throw badAnswer(what, 'a page without a next one');
    after = next;
  }
  return 'cut';
}

function idOf(row: object | undefined): string | undefined {
  const { ordId } = (row ?? {}) as { ordId?: unknown };
  return typeof ordId === 'string' && ordId !== '' ? ordId : undefined;
}

function badAnswer(what: string, problem: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${what}: ${problem}`);
}
