import type { SimAccount, SimOrder } from '../kit';
import { compare, isOpen } from '../kit';
import type { AuthProblem } from './private-auth';
import { isLiquidation, orderRow } from './private-rows';
import type { RestContext } from './rest';
import { clientIdOf } from './spelling';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How long orders are known that ended without a fill. */
const UNFILLED_KEPT_MS = { spot: 90 * DAY, futures: 3 * DAY };
/** What futures list where no time is asked for. */
const FUTURES_SPAN_MS = 7 * DAY;

const NO_ORDER: AuthProblem = { status: 400, code: -2013, msg: 'Order does not exist.' };
const ARCHIVED: AuthProblem = {
  status: 400,
  code: -2026,
  msg: 'Order was canceled or expired with no executed qty over 90 days ago and has been archived.',
};
const TOO_LONG: AuthProblem = {
  status: 400,
  code: -1127,
  msg: 'More than 24 hours between startTime and endTime.',
};

/** By its number, or by the client id: the newest of that name. */
export function oneOrder(
  context: RestContext,
  account: SimAccount,
  query: URLSearchParams,
): object | AuthProblem {
  const { market } = context;
  const found = historyOf(account, query.get('symbol')).findLast(
    (order) => order.orderId === query.get('orderId') || clientIdOf(order) === query.get('origClientOrderId'),
  );
  if (!found) return NO_ORDER;
  if (isKept(context, found)) return orderRow(market, found);
  return market.isFutures ? NO_ORDER : ARCHIVED;
}

/** Time filters go by creation. Without any: the newest ones. */
export function allOrders(
  context: RestContext,
  account: SimAccount,
  query: URLSearchParams,
): readonly object[] | AuthProblem {
  const { market, model } = context;
  const { from, to, firstId, limit } = pageOf(query, market.product === 2 ? 100 : 1_000);
  if (Number.isFinite(to) && from > 0 && to - from > (market.isFutures ? FUTURES_SPAN_MS : DAY)) {
    return TOO_LONG;
  }
  const oldest = market.isFutures && from === 0 ? model.now() - FUTURES_SPAN_MS : from;
  const within = historyOf(account, query.get('symbol')).filter(
    (order) =>
      order.createdAt >= oldest &&
      order.createdAt <= to &&
      BigInt(order.orderId) >= firstId &&
      isKept(context, order) &&
      // The strictest reading: what the liquidation engine does is documented for forceOrders only.
      !(market.isFutures && isLiquidation(order)),
  );
  const isFromFront = from > 0 || firstId > 0n;
  const page = isFromFront ? within.slice(0, limit) : within.slice(-limit);
  return page.map((order) => orderRow(market, order));
}

/** Liquidations and ADL, of one symbol or of all. */
export function forceOrders(
  { market, model }: RestContext,
  account: SimAccount,
  query: URLSearchParams,
): readonly object[] {
  const { from, to } = pageOf(query, 100);
  const oldest = from > 0 ? from : model.now() - FUTURES_SPAN_MS;
  const wanted = query.get('autoCloseType');
  return historyOf(account, query.get('symbol'))
    .filter((order) => order.isLiquidation && order.createdAt >= oldest && order.createdAt <= to)
    .filter((order) => wanted === null || (wanted === 'LIQUIDATION') === isLiquidation(order))
    .slice(-Math.min(Number(query.get('limit') ?? 50), 100))
    .map((order) => orderRow(market, order));
}

/** Oldest first, as the venue lists them. */
function historyOf(account: SimAccount, wanted: string | null): readonly SimOrder[] {
  return account
    .ordersSince(0, account.exchange)
    .filter(({ symbol }) => symbol === (wanted ?? symbol))
    .sort((a, b) => a.createdAt - b.createdAt || (BigInt(a.orderId) < BigInt(b.orderId) ? -1 : 1));
}

function isKept({ market, model }: RestContext, order: SimOrder): boolean {
  if (isOpen(order) || compare(order.filled, '0') > 0) return true;
  const keptMs = market.isFutures ? UNFILLED_KEPT_MS.futures : UNFILLED_KEPT_MS.spot;
  return model.now() - order.updatedAt <= keptMs;
}

function pageOf(query: URLSearchParams, most: number) {
  return {
    from: Number(query.get('startTime') ?? 0),
    to: Number(query.get('endTime') ?? Infinity),
    firstId: BigInt(query.get('orderId') ?? 0),
    limit: Math.min(Number(query.get('limit') ?? 500), most),
  };
}
