import type { Clock } from '../../domain/time';
import type { HttpRoute, SimAccount, SimAnswer, SimOrder, SimRequest, ViolationLog } from '../kit';
import { WindowLimit } from '../kit';
import type { OrderStates } from './order-states';
import type { Denial, KeyRing } from './private-keys';
import { may, uuidOf } from './private-keys';
import { fillRow, listedOrder, productTypeOf, walletRows } from './private-rows';
import { BASE, REST_URL, refused } from './rest';

/** 30 calls per second and user, 10,000 per hour and key. */
const LIMITS = [
  { count: 30, perMs: 1_000 },
  { count: 10_000, perMs: 3_600_000 },
];

export interface PrivateRestDeps {
  readonly keys: KeyRing;
  readonly states: OrderStates;
  readonly clock: Clock;
  readonly violations: ViolationLog;
  /** Most rows of a page, whatever was asked for. */
  readonly pageRows: number;
  /** Orders have `last_update_time`. */
  readonly tellsUpdates: boolean;
}

type Handler = (request: SimRequest, account: SimAccount, deps: PrivateRestDeps) => SimAnswer;

/** Signed REST. https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api */
export function privateRoutes(deps: PrivateRestDeps): readonly HttpRoute[] {
  const limits = new Map<string, WindowLimit>();
  const route = (path: string, handler: Handler): HttpRoute => ({
    method: 'GET',
    path: BASE + path,
    handle: (request) => {
      const account = openedBy(request, deps.keys);
      if (typeof account === 'string') return denied(account);
      return limited(account, request, limits, deps) ?? handler(request, account, deps);
    },
  });
  return [
    route('/key_permissions', (_request, account) => permissions(account)),
    route('/accounts', ({ query }, account, { pageRows }) => accounts(query, account, pageRows)),
    route('/orders/historical/batch', orders),
    route('/orders/historical/fills', fills),
    route('/orders/historical/*', single),
  ];
}

// ---------------------------------------------------------------------------- who asks

function openedBy({ method, path, headers, body }: SimRequest, keys: KeyRing): SimAccount | Denial {
  const header = (name: string): string => String(headers[name] ?? '');
  const [, token] = /^Bearer (.+)$/.exec(header('authorization')) ?? [];
  if (token !== undefined) return keys.openToken(token, `${method} ${new URL(REST_URL).host}${path}`);
  const proof = {
    key: header('cb-access-key'),
    timestamp: header('cb-access-timestamp'),
    signature: header('cb-access-sign'),
  };
  return keys.openLegacy(proof, `${method}${path}${body}`);
}

/** The venue says nothing but this of a wrong key, a wrong signature, a wrong uri and a wrong time alike. */
function denied(denial: Denial): SimAnswer {
  if (denial === 'scope') return refused('Missing required scopes', 403, 'PERMISSION_DENIED');
  return denial === 'ip' ? { status: 403, body: 'Forbidden\n' } : { status: 401, body: 'Unauthorized\n' };
}

function limited(
  account: SimAccount,
  { path }: SimRequest,
  limits: Map<string, WindowLimit>,
  { clock, violations }: PrivateRestDeps,
): SimAnswer | undefined {
  const limit = limits.get(account.id) ?? new WindowLimit(LIMITS);
  limits.set(account.id, limit);
  if (limit.take(clock.monotonic()) === 0) return undefined;
  violations.add({ rule: 'restWeight', origin: REST_URL, at: clock.now(), detail: path });
  const headers = {
    'x-ratelimit-limit': '30',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': '1',
  };
  return {
    status: 429,
    headers,
    body: { errors: [{ id: 'rate_limit_exceeded', message: 'Too many requests' }] },
  };
}

// ---------------------------------------------------------------------------- answers

function permissions(account: SimAccount): SimAnswer {
  return {
    body: {
      can_view: true,
      can_trade: may(account, 'trade'),
      can_transfer: may(account, 'transfer'),
      portfolio_uuid: uuidOf(account),
      portfolio_type: 'DEFAULT',
    },
  };
}

function accounts(query: URLSearchParams, account: SimAccount, pageRows: number): SimAnswer {
  const page = pageOf(walletRows(account), query, Math.min(250, pageRows), 49);
  if (page === undefined) return refused('limit or cursor is invalid');
  const { rows, cursor, hasNext } = page;
  return { body: { accounts: rows, has_next: hasNext, cursor, size: rows.length } };
}

/** Newest first, by creation. */
function orders({ query }: SimRequest, account: SimAccount, deps: PrivateRestDeps): SimAnswer {
  const statuses = query.getAll('order_status');
  if (statuses.includes('OPEN') && statuses.length > 1) {
    return refused('OPEN can not be combined with other order statuses');
  }
  const since = Date.parse(query.get('start_date') ?? '1970-01-01T00:00:00Z');
  if (Number.isNaN(since)) return refused('start_date is invalid');
  const type = query.get('product_type');
  const wanted = ordersOf(account, deps.states).filter(
    (order) =>
      (type === null || type === productTypeOf(order)) &&
      order.createdAt >= since &&
      (statuses.length === 0 || statuses.includes(deps.states.statusOf(order))),
  );
  const newest = [...wanted].sort((a, b) => b.createdAt - a.createdAt || byId(b, a));
  const page = pageOf(newest, query, deps.pageRows, deps.pageRows);
  if (page === undefined) return refused('limit or cursor is invalid');
  const { rows, cursor, hasNext } = page;
  const listed = rows.map((order) => rowOf(order, account, deps));
  return { body: { orders: listed, sequence: '0', has_next: hasNext, cursor } };
}

/** Of orders of one millisecond; default ids rise. */
function byId(a: SimOrder, b: SimOrder): number {
  return a.orderId.localeCompare(b.orderId, 'en', { numeric: true });
}

function single({ path }: SimRequest, account: SimAccount, deps: PrivateRestDeps): SimAnswer {
  const id = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  const order = ordersOf(account, deps.states).find(({ orderId }) => orderId === id);
  if (order) return { body: { order: rowOf(order, account, deps) } };
  return refused(`order with this orderID was not found`, 404, 'NOT_FOUND');
}

/** Newest first, without `has_next`: an empty cursor ends the list. */
function fills({ query }: SimRequest, account: SimAccount, { states, pageRows }: PrivateRestDeps): SimAnswer {
  const since = Date.parse(query.get('start_sequence_timestamp') ?? '1970-01-01T00:00:00Z');
  const ids = query.getAll('order_ids');
  const found = ordersOf(account, states)
    .filter(({ orderId }) => ids.length === 0 || ids.includes(orderId))
    .flatMap((order) => order.fills.map((fill) => ({ order, fill })))
    .filter(({ fill }) => fill.time >= since)
    .sort((a, b) => b.fill.tradeId - a.fill.tradeId);
  const page = pageOf(found, query, pageRows, 100);
  if (page === undefined || Number.isNaN(since)) return refused('limit, cursor or time is invalid');
  const rows = page.rows.map(({ order, fill }) => fillRow(order, fill, account));
  return { body: { fills: rows, cursor: page.cursor } };
}

function ordersOf(account: SimAccount, states: OrderStates): readonly SimOrder[] {
  return account.ordersSince(0).filter((order) => !states.isForgotten(order));
}

function rowOf(order: SimOrder, account: SimAccount, { states, tellsUpdates }: PrivateRestDeps): object {
  return listedOrder(order, states.statusOf(order), account, tellsUpdates);
}

// ---------------------------------------------------------------------------- pages

interface Page<T> {
  readonly rows: readonly T[];
  readonly cursor: string;
  readonly hasNext: boolean;
}

function pageOf<T>(
  rows: readonly T[],
  query: URLSearchParams,
  most: number,
  usual: number,
): Page<T> | undefined {
  const limit = Number(query.get('limit') ?? usual);
  const cursor = query.get('cursor') ?? '';
  const from = cursor === '' ? 0 : Number(Buffer.from(cursor, 'base64').toString());
  if (!(limit >= 1) || !Number.isInteger(from)) return undefined;
  const to = from + Math.min(limit, most);
  const hasNext = to < rows.length;
  const next = hasNext ? Buffer.from(String(to)).toString('base64') : '';
  return { rows: rows.slice(from, to), cursor: next, hasNext };
}
