import { ConnectorError } from '../../domain/errors';
import { isObject } from './fields';
import type { Ask } from './http';

const MOST_PAGES = 400;

/**
 * Every row of a list that is paged by cursor. Fails with ConnectorError REST_BAD_ANSWER where a page is not
 * readable or the pages lead nowhere: half a list would be taken for the whole.
 * @param list name of the array, of objects, in the answer
 */
export async function allPages(
  what: string,
  list: string,
  query: Readonly<Record<string, string>>,
  path: string,
  ask: Ask,
): Promise<readonly object[]> {
  const rows: object[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const search = new URLSearchParams({ ...query, ...(cursor !== undefined && { cursor }) });
    const answer = (await ask(what, `${path}?${search.toString()}`)) as Readonly<Record<string, unknown>>;
    const told = answer[list];
    if (!Array.isArray(told) || !told.every(isObject)) throw badAnswer(what, 'no list');
    for (const row of told) rows.push(row);
    const next = nextOf(answer);
    if (next === undefined && answer['has_next'] !== true) return rows;
    if (next === undefined || next === cursor) throw badAnswer(what, 'a page without a next one');
    cursor = next;
  }
  throw badAnswer(what, 'a list without an end');
}

/** Lists of orders and accounts say `has_next`; that of fills only has a cursor, empty at the end. */
function nextOf({ has_next: hasNext, cursor }: Readonly<Record<string, unknown>>): string | undefined {
  if (hasNext === false) return undefined;
  return typeof cursor === 'string' && cursor !== '' ? cursor : undefined;
}

function badAnswer(what: string, problem: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `coinbase ${what}: ${problem}`);
}
