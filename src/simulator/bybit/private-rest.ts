import type { Clock } from '../../domain/time';
import type { HttpRoute, SimAccount, SimAnswer, SimOrder, SimRequest, ViolationLog } from '../kit';
import { compare, isOpen, WindowLimit } from '../kit';
import type { IpBudget } from './budget';
import type { Denial, KeyRing, Site } from './private-keys';
import { isDenial } from './private-keys';
import { categoryOf, fillRow, restOrder, walletRow } from './private-rows';

const DAY = 86_400_000;
const LONGEST_SPAN_MS = 7 * DAY;
/** Closed orders that the venue keeps at hand. */
const RECENT = 500;
/** Documented for each of these paths: 50 per second and user. */
const LIMIT = { count: 50, perMs: 1_000 };
/** `unifiedMarginStatus`: classic; from here on UTA 2.0, UTA 1.0 between. */
const CLASSIC = 1;
const UTA_2 = 5;
/** A request may be this far ahead of the venue. */
const AHEAD_MS = 1_000;

export interface PrivateRestDeps {
  readonly site: Site;
  readonly origin: string;
  readonly keys: KeyRing;
  readonly budget: IpBudget;
  /** `unifiedMarginStatus` by key; default 5 (UTA 2.0). */
  readonly statuses: Readonly<Record<string, number>>;
  readonly clock: Clock;
  readonly violations: ViolationLog;
  /** The venue's clock, epoch ms. */
  readonly now: () => number;
  /** When the venue last forgot its closed orders (epoch ms): they are only in the history then. */
  readonly restartedAt: () => number;
}

const TOO_MANY_VISITS: Denial = {
  retCode: 10006,
  retMsg: 'Too many visits. Exceeded the API Rate Limit.',
};

type Result = object | Denial;
type Handler = (query: URLSearchParams, holders: readonly SimAccount[], deps: PrivateRestDeps) => Result;

/** Signed REST. https://bybit-exchange.github.io/docs/v5/order/open-order */
export function privateRoutes(deps: PrivateRestDeps): readonly HttpRoute[] {
  return [
    route('/v5/account/info', deps, (_query, holders) => ({
      unifiedMarginStatus: statusOf(holders, deps),
      marginMode: 'REGULAR_MARGIN',
    })),
    route('/v5/account/wallet-balance', deps, wallet),
    route('/v5/order/realtime', deps, currentOrders),
    route('/v5/order/history', deps, orderHistory),
    route('/v5/execution/list', deps, executions),
  ];
}

function route(path: string, deps: PrivateRestDeps, handler: Handler): HttpRoute {
  const limits = new Map<string, WindowLimit>();
  const answer = (request: SimRequest): SimAnswer => {
    const { clock, violations, origin, budget } = deps;
    const refusal = budget.refusal(origin, path);
    if (refusal) return refusal;
    const holders = holdersOf(request, deps);
    if (isDenial(holders)) return answerOf(holders, deps);
    const limit = limitOf(limits, String(request.headers['x-bapi-api-key']));
    const now = clock.monotonic();
    const waitMs = limit.take(now);
    if (waitMs > 0) violations.add({ rule: 'restWeight', origin, at: clock.now(), detail: path });
    const result = waitMs > 0 ? TOO_MANY_VISITS : handler(request.query, holders, deps);
    return { ...answerOf(result, deps), headers: rateHeaders(limit.used(now, LIMIT.perMs), waitMs, deps) };
  };
  return { method: 'GET', path, handle: answer };
}

/** https://bybit-exchange.github.io/docs/v5/rate-limit#api-rate-limit */
function rateHeaders(
  used: number,
  waitMs: number,
  { now }: PrivateRestDeps,
): Readonly<Record<string, string>> {
  return {
    'x-bapi-limit': String(LIMIT.count),
    'x-bapi-limit-status': String(LIMIT.count - used),
    'x-bapi-limit-reset-timestamp': String(now() + waitMs),
  };
}

function limitOf(limits: Map<string, WindowLimit>, key: string): WindowLimit {
  const limit = limits.get(key) ?? new WindowLimit([LIMIT]);
  limits.set(key, limit);
  return limit;
}

function answerOf(result: Result, { now }: PrivateRestDeps): SimAnswer {
  const shared = { retExtInfo: {}, time: now() };
  if ('retCode' in result) return { body: { ...result, result: {}, ...shared } };
  return { body: { retCode: 0, retMsg: 'OK', result, ...shared } };
}

function refused(text: string): Denial {
  return { retCode: 10001, retMsg: text };
}

// ---------------------------------------------------------------------------- signatures

function holdersOf(request: SimRequest, deps: PrivateRestDeps): readonly SimAccount[] | Denial {
  const header = (name: string): string => String(request.headers[`x-bapi-${name}`] ?? '');
  const key = header('api-key');
  const timestamp = header('timestamp');
  const window = header('recv-window') || '5000';
  const now = deps.now();
  const sentAt = Number(timestamp);
  if (key === '' || timestamp === '') return refused('Request parameter error.');
  if (!(sentAt >= now - Number(window) && sentAt < now + AHEAD_MS)) {
    return {
      retCode: 10002,
      retMsg: `invalid request, please check your server timestamp or recv_window param. req_timestamp[${timestamp}],server_timestamp[${now}],recv_window[${window}]`,
    };
  }
  const text = `${timestamp}${key}${window}${request.rawQuery}`;
  return deps.keys.open({ site: deps.site, key, text, signature: header('sign') });
}

// ---------------------------------------------------------------------------- answers

/** What kind of account a key opens. https://bybit-exchange.github.io/docs/v5/acct-mode */
function statusOf(holders: readonly SimAccount[], { statuses }: PrivateRestDeps): number {
  return statuses[holders[0]?.key ?? ''] ?? UTA_2;
}

function walletsOf(status: number): readonly string[] {
  if (status === CLASSIC) return ['CONTRACT', 'SPOT'];
  return status >= UTA_2 ? ['UNIFIED'] : ['UNIFIED', 'CONTRACT'];
}

function wallet(query: URLSearchParams, holders: readonly SimAccount[], deps: PrivateRestDeps): Result {
  const wallets = walletsOf(statusOf(holders, deps));
  const accountType = query.get('accountType') ?? '';
  if (!wallets.includes(accountType)) return refused(`accountType only support ${wallets.join(', ')}.`);
  const [first] = holders;
  const balances = holders.flatMap((holder) => holder.balances());
  return { list: first && balances.length > 0 ? [walletRow(balances, first.exchange, accountType)] : [] };
}

/** `openOnly` of the newest closed orders. */
function closedFlag(status: number, category: string): string | undefined {
  if (status === CLASSIC) return category === 'spot' ? undefined : '2';
  return status < UTA_2 && category === 'inverse' ? '2' : '1';
}

function currentOrders(
  query: URLSearchParams,
  holders: readonly SimAccount[],
  deps: PrivateRestDeps,
): Result {
  const problem = problemOf(query, statusOf(holders, deps));
  if (problem !== undefined) return refused(problem);
  const orders = ordersOf(query, holders).filter((order) => isSettledIn(order, query.get('settleCoin')));
  const open = orders.filter(isOpen);
  const recent = recentlyClosed(query, holders, deps);
  const closed = orders.filter((order) => recent.has(order));
  const wanted = isNamed(query) ? [...open, ...closed] : isOpenOnly(query) ? open : closed;
  return pageOf(query, 50, newestFirst(wanted).map(restOrder));
}

/** Which queries a kind of account is offered. */
function problemOf(query: URLSearchParams, status: number): string | undefined {
  const category = query.get('category') ?? '';
  const scope = ['symbol', 'baseCoin', 'settleCoin'].filter((name) => query.has(name));
  if (category === 'linear' && scope.length === 0) {
    return 'Missing some parameters that must be filled in, symbol or settleCoin or baseCoin';
  }
  if (category === 'spot' && query.has('settleCoin')) return 'params error: settleCoin';
  const isOffered = isOpenOnly(query) || query.get('openOnly') === closedFlag(status, category);
  return isOffered ? undefined : 'params error: openOnly';
}

function isOpenOnly(query: URLSearchParams): boolean {
  return (query.get('openOnly') ?? '0') === '0';
}

/** The newest of the category, whatever is asked for. */
function recentlyClosed(
  query: URLSearchParams,
  holders: readonly SimAccount[],
  { restartedAt }: PrivateRestDeps,
): ReadonlySet<SimOrder> {
  const category = new URLSearchParams({ category: query.get('category') ?? '' });
  const closed = ordersOf(category, holders).filter(
    (order) => !isOpen(order) && order.updatedAt >= restartedAt(),
  );
  return new Set(closed.slice(-RECENT));
}

/** The strictest reading of the documents: the span is that of the creation, and only closed orders are in it. */
function orderHistory(
  query: URLSearchParams,
  holders: readonly SimAccount[],
  { now }: PrivateRestDeps,
): Result {
  const span = spanOf(query, now());
  if (!span) return refused('The time range between startTime and endTime cannot exceed 7 days');
  const orders = ordersOf(query, holders).filter(
    (order) =>
      !isOpen(order) &&
      (isNamed(query) || (order.createdAt >= span.from && order.createdAt <= span.to)) &&
      // Without a fill it is forgotten after a day.
      (compare(order.filled, '0') > 0 || order.updatedAt > now() - DAY),
  );
  return pageOf(query, 50, newestFirst(orders).map(restOrder));
}

function executions(
  query: URLSearchParams,
  holders: readonly SimAccount[],
  { now }: PrivateRestDeps,
): Result {
  const span = spanOf(query, now());
  if (!span) return refused('The time range between startTime and endTime cannot exceed 7 days');
  const fills = ordersOf(query, holders)
    .flatMap((order) => order.fills.map((fill) => ({ order, fill })))
    .filter(({ fill }) => fill.time >= span.from && fill.time <= span.to)
    .sort((a, b) => b.fill.tradeId - a.fill.tradeId);
  return pageOf(
    query,
    100,
    fills.map(({ order, fill }) => fillRow(order, fill)),
  );
}

// ---------------------------------------------------------------------------- queries

function ordersOf(query: URLSearchParams, holders: readonly SimAccount[]): readonly SimOrder[] {
  const [category, symbol, orderId, linkId] = ['category', 'symbol', 'orderId', 'orderLinkId'].map((name) =>
    query.get(name),
  );
  return (
    holders
      .flatMap((holder) => holder.ordersSince(0))
      .filter((order) => categoryOf(order) === category)
      .filter((order) => (orderId ?? order.orderId) === order.orderId)
      .filter((order) => (linkId ?? order.clientOrderId) === order.clientOrderId)
      // An id outweighs a symbol.
      .filter((order) => orderId !== null || (symbol ?? order.symbol) === order.symbol)
  );
}

function isSettledIn({ symbol }: SimOrder, coin: string | null): boolean {
  if (coin === null) return true;
  return coin === (symbol.includes('USDT') ? 'USDT' : 'USDC');
}

function newestFirst(orders: readonly SimOrder[]): readonly SimOrder[] {
  return [...orders].sort((a, b) => b.createdAt - a.createdAt || b.change - a.change);
}

function spanOf(query: URLSearchParams, now: number): { from: number; to: number } | undefined {
  const to = Number(query.get('endTime') ?? now);
  const from = Number(query.get('startTime') ?? to - LONGEST_SPAN_MS);
  return to - from > LONGEST_SPAN_MS ? undefined : { from, to };
}

/** The cursor looks percent-encoded already, and has to be encoded once more when it is sent back. */
function pageOf(query: URLSearchParams, most: number, rows: readonly object[]): Result {
  const limit = Number(query.get('limit') ?? 20);
  const cursor = query.get('cursor');
  const from = cursor === null ? 0 : Number(/^page_token%3D(\d+)%26$/.exec(cursor)?.[1]);
  if (!(limit >= 1 && limit <= most)) return refused('limit out of range');
  if (!Number.isInteger(from)) return refused('cursor is invalid');
  const nextPageCursor = from + limit < rows.length ? `page_token%3D${from + limit}%26` : '';
  return { list: rows.slice(from, from + limit), nextPageCursor, category: query.get('category') };
}

function isNamed(query: URLSearchParams): boolean {
  return query.has('orderId') || query.has('orderLinkId');
}
