import type { ExecutionReport } from '../../domain/account';
import { compare, isPositive } from '../../domain/decimal';
import { isObject, Timestamps } from './fields';
import type { Fills } from './fills';
import { amountOrZero } from './fills';
import { identityOf, isSpot, reportOf } from './orders';
import type { ListedOrder } from './private-wire';
import type { Meaning } from './statuses';
import { isEnd, meaningOf, statusOf, unknownStatus } from './statuses';

/** `foreign`: of another market; `silent`: not to be told yet. */
export type ListedReading =
  | { readonly kind: 'report'; readonly report: ExecutionReport }
  | { readonly kind: 'foreign' | 'silent' }
  | { readonly kind: 'fault'; readonly note: string };

const SILENT: ListedReading = { kind: 'silent' };
const FOREIGN: ListedReading = { kind: 'foreign' };
const MALFORMED: ListedReading = { kind: 'fault', note: 'malformed order' };

/** An order as REST lists it, by the mapping of the stream. @param now epoch ms, where the order has no time */
export function readListed(order: object, now: number): ListedReading {
  const wire: ListedOrder = order;
  if (!isSpot(wire.product_type, wire.product_id)) return FOREIGN;
  const meaning = meaningOf(wire.status);
  if (meaning === undefined) return { kind: 'fault', note: unknownStatus(wire.status) };
  const { product_id: product, order_id: orderId, client_order_id: clientId, side } = wire;
  const identity = identityOf({ product, orderId, clientId, side, orderType: orderTypeOf(wire) });
  const amounts = amountsOf(wire);
  if (identity === undefined || amounts === undefined) return MALFORMED;
  const isFilled = isPositive(amounts.fills.filled);
  const status = statusOf(meaning, isFilled, isFilled);
  if (status === undefined) return SILENT;
  const times = new Timestamps();
  const at = changeTimeOf(wire, meaning, isFilled, times) ?? now;
  const createdAt = times.read(wire.created_time) ?? at;
  return {
    kind: 'report',
    report: reportOf(identity, { ...amounts, status, createdAt, at }),
  };
}

/** The type may be `UNKNOWN_ORDER_TYPE`; the name of the configuration (`market_market_ioc`) tells it as well. */
function orderTypeOf({ order_type: told, order_configuration: configuration }: ListedOrder): unknown {
  if (typeof told === 'string' && told !== '' && !told.startsWith('UNKNOWN')) return told;
  const [name = ''] = isObject(configuration) ? Object.keys(configuration) : [];
  return name.startsWith('market_') ? 'MARKET' : told;
}

/**
 * A fill has its own time; other changes have that of the last update, where the venue tells it. Rows of the
 * stream have none, and their frame is a little later: so the same change never looks newer here than there.
 */
function changeTimeOf(
  wire: ListedOrder,
  meaning: Meaning,
  isFilled: boolean,
  times: Timestamps,
): number | undefined {
  const fill = times.read(wire.last_fill_time);
  const update = times.read(wire.last_update_time);
  if (isEnd(meaning) && meaning !== 'FILLED') return update;
  if (isFilled) return fill ?? update;
  return update ?? times.read(wire.created_time);
}

function amountsOf(wire: ListedOrder): { fills: Fills; quantity: string } | undefined {
  const { base_size, limit_price } = configurationOf(wire.order_configuration);
  const [filled, average, value, limit, size] = [
    wire.filled_size,
    wire.average_filled_price,
    wire.filled_value,
    limit_price,
    base_size,
  ].map(amountOrZero);
  if (filled === undefined || average === undefined || value === undefined) return undefined;
  if (limit === undefined || size === undefined) return undefined;
  // Market orders by quote size have no base size but what was filled.
  const quantity = compare(size, filled) > 0 ? size : filled;
  return { fills: { filled, average, value, limit }, quantity };
}

/** {"limit_limit_gtc":{"base_size":"0.001","limit_price":"10000.00"}}: one key, named by type and duration. */
function configurationOf(value: unknown): { readonly base_size?: unknown; readonly limit_price?: unknown } {
  const [only] = isObject(value) ? (Object.values(value) as readonly unknown[]) : [];
  return isObject(only) ? only : {};
}
