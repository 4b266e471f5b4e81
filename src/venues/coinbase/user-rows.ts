import type { ExecutionReport, OrderStatus } from '../../domain/account';
import { add, compare, isPositive } from '../../domain/decimal';
import { isObject } from './fields';
import type { Fills } from './fills';
import { amountOrZero } from './fills';
import type { Identity } from './orders';
import { identityOf, isSpot, reportOf } from './orders';
import type { KnownOrder, PrivateState } from './private-state';
import type { UserRow } from './private-wire';
import type { Meaning } from './statuses';
import { isEnd, meaningOf, statusOf, unknownStatus } from './statuses';

/** `nothing`: an order of another market, or no news. */
export type Reading =
  | { readonly kind: 'report'; readonly report: ExecutionReport }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'fault'; readonly note: string };

interface Row {
  readonly identity: Identity;
  readonly meaning: Meaning;
  readonly fills: Fills;
  readonly quantity: string;
}

const NOTHING: Reading = { kind: 'nothing' };
const MALFORMED: Reading = { kind: 'fault', note: 'malformed order' };

/**
 * One row: the state of an order after any number of fills. Orders without a fill that a snapshot lists are
 * only remembered: they are no news. Filled parts that it lists are told on every connection, as a fill may have
 * been missed, and with the time of the frame: the look over REST has that of the fill.
 * @param time epoch ms of the frame; rows have no time of their own
 */
export function readRow(row: unknown, time: number, isListed: boolean, state: PrivateState): Reading {
  if (!isObject(row)) return MALFORMED;
  const wire: UserRow = row;
  if (!isSpot(wire.product_type, wire.product_id)) return NOTHING;
  const meaning = meaningOf(wire.status);
  if (meaning === undefined) return { kind: 'fault', note: unknownStatus(wire.status) };
  const read = parseRow(wire, meaning, state);
  if (read === undefined) return MALFORMED;
  const { identity, fills, quantity } = read;
  const status = newsOf(read, state.order(identity.orderId), state);
  if (status === undefined || (isListed && status === 'NEW')) return NOTHING;
  const createdAt = state.creationTimes.read(wire.creation_time) ?? time;
  return { kind: 'report', report: reportOf(identity, { status, quantity, fills, createdAt, at: time }) };
}

function parseRow(wire: UserRow, meaning: Meaning, state: PrivateState): Row | undefined {
  const identity = identityOf({
    product: wire.product_id,
    orderId: wire.order_id,
    clientId: wire.client_order_id,
    side: wire.order_side,
    orderType: wire.order_type,
  });
  if (identity === undefined) return undefined;
  const known = state.order(identity.orderId);
  const [filled, leaves, average, value, told] = [
    wire.cumulative_quantity,
    wire.leaves_quantity,
    wire.avg_price,
    wire.filled_value,
    wire.limit_price,
  ].map(amountOrZero);
  if (filled === undefined || leaves === undefined || average === undefined) return undefined;
  if (value === undefined || told === undefined) return undefined;
  // Not every row echoes it.
  const limit = isPositive(told) ? told : (known?.limit ?? '0');
  const quantity = quantityOf(meaning, filled, leaves, known);
  return { identity, meaning, fills: { filled, average, value, limit }, quantity };
}

/** Orders that ended without being filled have nothing left: their size is that of their last live row. */
function quantityOf(meaning: Meaning, filled: string, leaves: string, known: KnownOrder | undefined): string {
  const isEmptied = isEnd(meaning) && meaning !== 'FILLED' && !isPositive(leaves);
  if (isEmptied && known && compare(known.quantity, filled) > 0) return known.quantity;
  return isPositive(leaves) ? add(filled, leaves) : filled;
}

/** The status to publish, if the row tells anything new; it is then remembered. */
function newsOf(row: Row, known: KnownOrder | undefined, state: PrivateState): OrderStatus | undefined {
  const { identity, meaning, fills, quantity } = row;
  const { filled, limit } = fills;
  const progress = compare(filled, known?.filled ?? '0');
  if (progress < 0) return undefined;
  // Once over, an order stays over; a fill that crossed its cancel only corrects the end.
  if (isOver(known) && (progress === 0 || !isEnd(meaning))) return undefined;
  const status = statusOf(meaning, isPositive(filled), progress > 0);
  const next = { quantity, limit, filled, status: status ?? known?.status };
  state.remember(identity.orderId, next);
  return isSame(known, next) ? undefined : status;
}

function isSame(known: KnownOrder | undefined, next: KnownOrder): boolean {
  if (known?.status !== next.status || known?.filled !== next.filled) return false;
  return known?.quantity === next.quantity && known.limit === next.limit;
}

function isOver(known: KnownOrder | undefined): boolean {
  return known?.status === 'FILLED' || known?.status === 'CANCELED' || known?.status === 'EXPIRED';
}
