import type { RestClientV5 } from 'bybit-api';
import type { Ask } from './account-client';
import { badAnswer } from './rest-errors';

/** Far above any account; a cursor that repeats itself is found at once. */
const MOST_PAGES = 1_000;

type PageRequest = (client: RestClientV5, page: { readonly cursor?: string }) => Promise<unknown>;

/** The rows of all pages. Cursors are opaque. */
export async function readPages(ask: Ask, request: PageRequest): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  const seen = new Set<string>();
  let cursor = '';
  do {
    seen.add(cursor);
    const from = cursor;
    const { result } = await ask((client) => request(client, from === '' ? {} : { cursor: from }));
    if (!Array.isArray(result.list)) throw badAnswer('without a list');
    rows.push(...(result.list as readonly unknown[]));
    cursor = typeof result.nextPageCursor === 'string' ? result.nextPageCursor : '';
    const isEndless = cursor !== '' && (seen.has(cursor) || seen.size >= MOST_PAGES);
    if (isEndless) throw badAnswer('with pages without end');
  } while (cursor !== '');
  return rows;
}
