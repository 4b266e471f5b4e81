import { ConnectorError } from '../../domain/errors';
import { isObject } from './fields';

/** Rows of one answer, newest order first; `after`: only orders older than this `ordId`. */
export type AskPage = (page: { readonly limit: string; readonly after?: string }) => Promise<unknown>;

/** Waits; handed in, so that tests do not. */
export type Pause = (delayMs: number) => Promise<void>;

const PAGE_SIZE = 100;
/** 40 requests per 2 s and user for the slower list: a burst, then 33 per 2 s. */
const BURST_PAGES = 20;
const PAGE_PAUSE_MS = 60;
/** Far beyond any account: the venue allows some thousand open orders, and lists a week of ended ones. */
const MOST_PAGES = 1_000;

/**
 * Every row of a paged order list. https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-list
 * Fails with ConnectorError REST_BAD_ANSWER where the pages lead nowhere.
 */
export async function allPages(what: string, ask: AskPage, pause: Pause): Promise<readonly object[]> {
  const rows: object[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    if (page >= BURST_PAGES) await pause(PAGE_PAUSE_MS);
    const limit = String(PAGE_SIZE);
    const answer = await ask(after === undefined ? { limit } : { limit, after });
    if (!Array.isArray(answer) || !answer.every(isObject)) throw badAnswer(what, 'no list of orders');
    rows.push(...answer);
    if (answer.length < PAGE_SIZE) return rows;
    const next = idOf(answer.at(-1));
    if (next === undefined || next === after) throw badAnswer(what, 'a page without a next one');
    after = next;
  }
  throw badAnswer(what, 'a list without an end');
}

function idOf(row: object | undefined): string | undefined {
  const { ordId } = (row ?? {}) as { ordId?: unknown };
  return typeof ordId === 'string' && ordId !== '' ? ordId : undefined;
}

function badAnswer(what: string, problem: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${what}: ${problem}`);
}
