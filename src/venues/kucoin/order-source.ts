import { ConnectorError } from '../../domain/errors';
import type { KnownOrder } from '../contract';
import { isLongSilent } from '../long-silent';
import { epochMs, isObject } from './fields';
import { isNoSuchOrder } from './refusals';
import type { Call, What } from './signed-call';

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Ranges of lists and ledgers end at 7 days; the rest is room for the call itself. */
const LIST_SPAN_MS = 7 * DAY - HOUR;

export interface OrderSource {
  readonly exchange: string;
  readonly call: Call;
  readonly venueNow: () => number;
}

/** Rows as the venue tells them. Of one order the last row is the newest. */
export interface OrderRows {
  readonly rows: readonly object[];
  /** What could not be looked at, in words for an operator. */
  readonly gaps: readonly string[];
  readonly forgotten: readonly KnownOrder[];
}

/** How far back lists are asked for, and what is missed by that. */
export function lookBack(source: OrderSource, sinceMs: number): { fromMs: number; gaps: readonly string[] } {
  const earliest = source.venueNow() - LIST_SPAN_MS;
  if (sinceMs >= earliest) return { fromMs: sinceMs, gaps: [] };
  return { fromMs: earliest, gaps: ['lists of ended orders reach back 7 days'] };
}

/** `null`: an empty list. */
export function listOf({ exchange }: OrderSource, what: What, list: unknown): readonly object[] {
  if (list === null) return [];
  if (!Array.isArray(list) || !list.every(isObject)) throw unreadable(exchange, what);
  return list;
}

export function unreadable(exchange: string, what: What): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${exchange} ${what}: not readable`);
}

/** A row without a time is kept, for the reader to judge. */
export function changedAt(row: object): number {
  const { lastUpdatedAt, updatedAt } = row as { lastUpdatedAt?: unknown; updatedAt?: unknown };
  return epochMs(lastUpdatedAt ?? updatedAt) ?? Infinity;
}

/** Orders that rows speak of, by both of their names. */
export function namesIn(rows: readonly object[]): ReadonlySet<string> {
  const names = rows.flatMap((row) => {
    const { id, clientOid } = row as { id?: unknown; clientOid?: unknown };
    return [id, clientOid].filter((name) => typeof name === 'string');
  });
  return new Set(names);
}

/** Ids that a stand-in may have where the venue told none. */
const NO_IDS: ReadonlySet<string> = new Set(['', '-1']);

/** The order's own id, else its client id; undefined where it has neither. */
export function nameOf({ orderId, clientOrderId }: Pick<KnownOrder, 'orderId' | 'clientOrderId'>) {
  const id = String(orderId);
  if (!NO_IDS.has(id)) return { id, isClientId: false };
  return clientOrderId === '' ? undefined : { id: clientOrderId, isClientId: true };
}

/** One order; undefined where the venue does not know it, or not yet. */
export async function orderRow(
  { call, exchange }: OrderSource,
  what: What,
  path: string,
): Promise<object | undefined> {
  const row = await call(what, path, { isAbsent: isNoSuchOrder });
  if (row === undefined || row === null) return undefined;
  if (!isObject(row)) throw unreadable(exchange, what);
  // An empty object stands for nothing as well.
  return 'id' in row ? row : undefined;
}

/** Of an order that is in none of the answers: it may be open, ended, or on its way into the lists. */
export function forgotten(symbol: string): string {
  return `${symbol}: the venue does not find an order that was open`;
}

/** Of orders that the venue did not find: those that it cannot be late to hear of. */
export function longSilent({ venueNow }: OrderSource, absent: readonly KnownOrder[]): readonly KnownOrder[] {
  const nowMs = venueNow();
  return absent.filter((order) => isLongSilent(order, nowMs));
}
