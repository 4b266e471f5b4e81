import type { HttpRoute, Rate, SimAccount, SimAnswer, SimOrder, SimRequest, VenueHost } from '../kit';
import { WindowLimit } from '../kit';
import { REST_REGIONS } from './private-hosts';
import { admitRequest } from './private-keys';
import { accountRow, instTypeOf, isHeld, restRow } from './private-rows';

const HOUR = 3_600_000;
const HISTORY_MS = 7 * 24 * HOUR;
const ARCHIVE_MS = 90 * 24 * HOUR;
/** What was cancelled without a fill is forgotten after it. */
const UNFILLED_MS = 2 * HOUR;
const LARGEST_PAGE = 100;

/** Documented per user and endpoint. */
const per2s = (count: number): Rate[] => [{ count, perMs: 2_000 }];

type Serve = (request: SimRequest, accounts: readonly SimAccount[]) => SimAnswer;

/** Signed REST of one host. https://www.okx.com/docs-v5/en/#order-book-trading-trade */
export function privateRoutes(host: VenueHost, url: string): readonly HttpRoute[] {
  const isWithin = (order: SimOrder, ms: number): boolean => host.venueClock.now() - order.updatedAt <= ms;
  const isKept = (order: SimOrder): boolean =>
    isWithin(order, isUnfilledCancel(order) ? UNFILLED_MS : HISTORY_MS);
  const isArchived = (order: SimOrder): boolean => !isUnfilledCancel(order) && isWithin(order, ARCHIVE_MS);
  const pending: Serve = ({ query }, accounts) =>
    orderPage(
      accounts.flatMap((one) => one.openOrders()),
      query,
    );
  const ended =
    (isListed: (order: SimOrder) => boolean): Serve =>
    ({ query }, accounts) => {
      if (!query.get('instType')) return failure('51000', 'Parameter instType error');
      return orderPage(accounts.flatMap(endedOrders).filter(isListed), query);
    };
  const single: Serve = ({ query }, accounts) => {
    const [instId, ordId, clOrdId] = ['instId', 'ordId', 'clOrdId'].map((name) => query.get(name));
    if (!instId || !(ordId || clOrdId)) return failure('51000', 'Parameter error');
    const isAsked = ({ orderId, clientOrderId, symbol }: SimOrder): boolean =>
      symbol === instId && (ordId ? orderId === ordId : clientOrderId === clOrdId);
    const orders = accounts.flatMap((one) => [...one.openOrders(), ...endedOrders(one).filter(isKept)]);
    const found = orders.findLast(isAsked);
    return found ? success([restRow(found)]) : failure('51603', 'Order does not exist');
  };
  const balance: Serve = (_request, accounts) => {
    const held = accounts.flatMap((one) => one.balances()).filter(isHeld);
    return success([accountRow(held, host.venueClock.now())]);
  };
  return [
    signed(host, url, '/api/v5/trade/orders-pending', per2s(60), pending),
    signed(host, url, '/api/v5/trade/orders-history', per2s(40), ended(isKept)),
    signed(host, url, '/api/v5/trade/orders-history-archive', per2s(20), ended(isArchived)),
    signed(host, url, '/api/v5/trade/order', per2s(60), single),
    signed(host, url, '/api/v5/account/balance', per2s(10), balance),
  ];
}

function signed(host: VenueHost, url: string, path: string, rates: Rate[], serve: Serve): HttpRoute {
  const windows = new Map<string, WindowLimit>();
  return {
    method: 'GET',
    path,
    handle: (request) => {
      const admission = admitRequest(host, REST_REGIONS[url] ?? 'global', request);
      if (!('accounts' in admission)) return { status: 401, body: { ...admission, data: [] } };
      const [{ id }] = admission.accounts;
      const window = windows.get(id) ?? new WindowLimit(rates);
      windows.set(id, window);
      if (window.take(host.clock.monotonic()) === 0) return serve(request, admission.accounts);
      host.server.violations.add({ rule: 'restWeight', origin: url, at: host.clock.now(), detail: path });
      return { status: 429, body: { code: '50011', msg: 'Too Many Requests', data: [] } };
    },
  };
}

/** Newest first; `after`: only older ones, by id. */
function orderPage(orders: readonly SimOrder[], query: URLSearchParams): SimAnswer {
  const instType = query.get('instType');
  const after = query.get('after');
  const limit = Math.min(Number(query.get('limit') ?? LARGEST_PAGE), LARGEST_PAGE);
  if (!Number.isInteger(limit) || limit < 1) return failure('51000', 'Parameter limit error');
  const rows = orders
    .filter((order) => order.status !== 'REJECTED')
    .filter((order) => instType === null || instTypeOf(order) === instType)
    .filter((order) => after === null || compareIds(order.orderId, after) < 0)
    .sort((a, b) => compareIds(b.orderId, a.orderId));
  return success(rows.slice(0, limit).map(restRow));
}

/** Ids are numbers, longer than a number can hold. */
function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function endedOrders(account: SimAccount): readonly SimOrder[] {
  return account.ordersSince(0).filter(({ status }) => status !== 'NEW' && status !== 'PARTIALLY_FILLED');
}

function isUnfilledCancel({ status, fills }: SimOrder): boolean {
  return status !== 'FILLED' && fills.length === 0;
}

function success(data: readonly unknown[]): SimAnswer {
  return { body: { code: '0', msg: '', data } };
}

function failure(code: string, msg: string): SimAnswer {
  return { body: { code, msg, data: [] } };
}
