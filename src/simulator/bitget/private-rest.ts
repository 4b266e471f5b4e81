import type { Clock } from '../../domain/time';
import {
  isOpen,
  WindowLimit,
  type AccountBook,
  type HttpRoute,
  type Rate,
  type SimAccount,
  type SimAnswer,
  type SimBalance,
  type SimOrder,
  type SimRequest,
  type Violation,
} from '../kit';
import type { InstType } from './listings';
import { exchangeOfLine, isOfLine, lineOfOrder, marginCoinOf } from './private-feed';
import { checkRequest, type Holder } from './private-keys';
import {
  contractBalanceRow,
  contractListRow,
  spotBalanceRow,
  spotInfoRow,
  spotListRow,
  unifiedBalanceRow,
  unifiedRestRow,
} from './private-rows';

export interface PrivateRestWorld {
  readonly clock: Clock;
  readonly accounts: AccountBook;
  /** Epoch ms by the venue. */
  now(): number;
  /** What one address may ask, all paths together. */
  readonly address: WindowLimit;
  onViolation(violation: Omit<Violation, 'origin' | 'at'>): void;
}

interface Refusal {
  readonly code: number;
  readonly msg: string;
}
type Outcome = { readonly data: unknown } | Refusal;
type Handler = (holder: Holder, request: SimRequest) => Outcome;

const MOST_ROWS = 100;
/** So many per second, path and user, as each path's page has it. */
const TEN: readonly Rate[] = [{ count: 10, perMs: 1_000 }];
const TWENTY: readonly Rate[] = [{ count: 20, perMs: 1_000 }];
const DAY = 86_400_000;
/** Ended orders that the lists reach back to. */
const KEPT_MS = 90 * DAY;
/** One question of the unified API covers no more. */
const UNIFIED_RANGE_MS = 30 * DAY;
/** The stream writes margin trading's category as well; nobody trades it here. */
const CATEGORIES: readonly string[] = ['SPOT', 'USDT-FUTURES', 'USDC-FUTURES', 'COIN-FUTURES'];

/** Signed reading: open orders, ended orders, single orders, balances of classic (V2) and unified (V3) accounts. */
export function privateRoutes(world: PrivateRestWorld): readonly HttpRoute[] {
  const spot = '/api/v2/spot';
  const mix = '/api/v2/mix';
  const unified = '/api/v3/trade';
  const list =
    (read: typeof spotOrders, isHistory: boolean): Handler =>
    (holder, request) =>
      read(holder, request, isHistory ? (order) => !isOpen(order) && isKept(world, order, KEPT_MS) : isOpen);
  const isListed = (order: SimOrder): boolean => !isOpen(order) && isKept(world, order, UNIFIED_RANGE_MS);
  return [
    route(world, `${spot}/trade/unfilled-orders`, TWENTY, list(spotOrders, false)),
    route(world, `${spot}/trade/history-orders`, TWENTY, list(spotHistory, true)),
    route(world, `${spot}/trade/orderInfo`, TWENTY, spotOrder),
    route(world, `${spot}/account/assets`, TEN, ({ accounts }) => ({
      data: held(accounts.bitget).map((one) => spotBalanceRow(one, world.now())),
    })),
    route(world, `${mix}/order/orders-pending`, TEN, list(pendingContracts, false)),
    route(world, `${mix}/order/orders-history`, TEN, list(contractOrders, true)),
    route(world, `${mix}/order/detail`, TEN, contractOrder),
    route(world, `${mix}/account/accounts`, TEN, contractBalances),
    route(world, `${unified}/unfilled-orders`, TWENTY, list(unifiedOrders, false)),
    route(world, `${unified}/history-orders`, TWENTY, (holder, request) =>
      unifiedOrders(holder, request, isListed),
    ),
    route(world, `${unified}/order-info`, TWENTY, unifiedOrder),
    route(world, '/api/v3/account/assets', TWENTY, unifiedAssets),
  ];
}

function isKept(world: PrivateRestWorld, { updatedAt }: SimOrder, ms: number): boolean {
  return world.now() - updatedAt <= ms;
}

function route(world: PrivateRestWorld, path: string, rates: readonly Rate[], handle: Handler): HttpRoute {
  const windows = new Map<string, WindowLimit>();
  const isUnifiedDoor = path.startsWith('/api/v3/');
  return {
    method: 'GET',
    path,
    handle: (request): SimAnswer => {
      const tooMany = (detail: string): SimAnswer => {
        world.onViolation({ rule: 'restWeight', detail });
        return refused(world, 429, { code: 429, msg: 'Too Many Requests' });
      };
      const now = world.clock.monotonic();
      if (world.address.take(now) > 0) return tooMany('address');
      const holder = checkRequest(world.accounts, request, world.now(), isUnifiedDoor);
      if ('code' in holder) return refused(world, 400, holder);
      const window = windows.get(holder.key) ?? new WindowLimit(rates);
      windows.set(holder.key, window);
      if (window.take(now) > 0) return tooMany(path);
      const outcome = handle(holder, request);
      if ('code' in outcome) return refused(world, 400, outcome);
      return { body: { code: '00000', msg: 'success', requestTime: world.now(), data: outcome.data } };
    },
  };
}

function refused(world: PrivateRestWorld, status: number, { code, msg }: Refusal): SimAnswer {
  return { status, body: { code: String(code), msg, requestTime: world.now(), data: null } };
}

// ---------------------------------------------------------------------------- orders

type Wanted = (order: SimOrder) => boolean;

function spotOrders({ accounts }: Holder, { query }: SimRequest, isWanted: Wanted): Outcome {
  const page = pageOf(ordersOf(accounts.bitget, 'SPOT', isWanted), query, 'idLessThan');
  return { data: page.map(spotListRow) };
}

function spotHistory({ accounts }: Holder, { query }: SimRequest, isWanted: Wanted): Outcome {
  const page = pageOf(ordersOf(accounts.bitget, 'SPOT', isWanted), query, 'idLessThan');
  return { data: page.map(spotInfoRow) };
}

/** Documented: by its client id an order is found while it is open only. */
function spotOrder({ accounts }: Holder, { query }: SimRequest): Outcome {
  const order = single(accounts.bitget, query, (one) => query.has('orderId') || isOpen(one));
  return order ? { data: [spotInfoRow(order)] } : { data: [] };
}

/** Documented: without a `status` those of status `live`. */
function pendingContracts(holder: Holder, request: SimRequest, isWanted: Wanted): Outcome {
  const status = request.query.get('status') ?? 'live';
  if (status !== 'live' && status !== 'partially_filled') return wrong('status');
  const wanted = status === 'live' ? 'NEW' : 'PARTIALLY_FILLED';
  return contractOrders(holder, request, (order) => isWanted(order) && order.status === wanted);
}

function contractOrders({ accounts }: Holder, { query }: SimRequest, isWanted: Wanted): Outcome {
  const line = query.get('productType')?.toUpperCase() ?? '';
  const exchange = exchangeOfLine(line);
  // Demo products exist, and nobody trades them here.
  if (exchange === undefined && !/^S(USDT|USDC|COIN)-FUTURES$/.test(line)) return wrong('productType');
  if (exchange === 'bitget') return wrong('productType');
  const orders = exchange === undefined ? [] : ordersOf(accounts[exchange], line, isWanted);
  const page = pageOf(orders, query, 'idLessThan');
  const rows = page.map((order) => contractListRow(order, marginCoinOf(line as InstType, order.symbol)));
  return { data: { entrustedList: rows.length > 0 ? rows : null, endId: page.at(-1)?.orderId ?? null } };
}

/** Its status is called `state` here. */
function contractOrder({ accounts }: Holder, { query }: SimRequest): Outcome {
  const line = query.get('productType')?.toUpperCase() ?? '';
  const exchange = exchangeOfLine(line);
  if (exchange === undefined || exchange === 'bitget') return wrong('productType');
  if (!query.get('symbol')) return wrong('symbol');
  const isWanted = (one: SimOrder): boolean =>
    lineOfOrder(one) === line && one.symbol === query.get('symbol');
  const order = single(accounts[exchange], query, isWanted);
  if (!order)
    return { code: 40_109, msg: 'The data of the order cannot be found, please confirm the order number' };
  const { status: state, ...row } = contractListRow(order, marginCoinOf(line as InstType, order.symbol));
  return { data: { ...row, state } };
}

function unifiedOrders({ accounts }: Holder, { query }: SimRequest, isWanted: Wanted): Outcome {
  const category = query.get('category')?.toUpperCase() ?? '';
  if (!CATEGORIES.includes(category)) return wrong('category');
  const exchange = exchangeOfLine(category);
  const orders = ordersOf(exchange && accounts[exchange], category, isWanted);
  const page = pageOf(orders, query, 'cursor');
  const rows = page.map((order) => unifiedRestRow(order, category));
  return { data: { list: rows, cursor: page.at(-1)?.orderId ?? null } };
}

/** Of any product. */
function unifiedOrder({ accounts }: Holder, { query }: SimRequest): Outcome {
  for (const account of Object.values(accounts)) {
    const order = single(account, query, () => true);
    if (order) return { data: unifiedRestRow(order, lineOfOrder(order)) };
  }
  return { code: 25_204, msg: 'Order does not exist' };
}

/** `orderId` wins over `clientOid`. */
function single(
  account: SimAccount | undefined,
  query: URLSearchParams,
  isWanted: Wanted,
): SimOrder | undefined {
  const [orderId, clientOid] = [query.get('orderId'), query.get('clientOid')];
  return account
    ?.ordersSince(0)
    .findLast(
      (one) => isWanted(one) && (orderId ? one.orderId === orderId : one.clientOrderId === clientOid),
    );
}

/** Newest first, as all lists of the venue. */
function ordersOf(account: SimAccount | undefined, line: string, isWanted: Wanted): readonly SimOrder[] {
  return (account?.ordersSince(0) ?? [])
    .filter((order) => lineOfOrder(order) === line && isWanted(order))
    .sort((a, b) => compareIds(b.orderId, a.orderId));
}

function pageOf(
  orders: readonly SimOrder[],
  query: URLSearchParams,
  cursorName: string,
): readonly SimOrder[] {
  const limit = Math.min(Number(query.get('limit') ?? MOST_ROWS), MOST_ROWS);
  const before = query.get(cursorName);
  const rest = before === null ? orders : orders.filter(({ orderId }) => compareIds(orderId, before) < 0);
  return rest.slice(0, limit);
}

/** Of digits: longer is larger. */
function compareIds(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function wrong(parameter: string): Refusal {
  return { code: 40_020, msg: `Parameter ${parameter} error` };
}

// ---------------------------------------------------------------------------- balances

/** Empty coins are left out. */
function held(account: SimAccount | undefined): readonly SimBalance[] {
  return (account?.balances() ?? []).filter(({ free, locked }) => /[1-9]/.test(free + locked));
}

function contractBalances({ accounts }: Holder, { query }: SimRequest): Outcome {
  const line = query.get('productType')?.toUpperCase() ?? '';
  const exchange = exchangeOfLine(line);
  if (exchange === 'bitget') return wrong('productType');
  const balances =
    exchange === undefined ? [] : held(accounts[exchange]).filter((one) => isOfLine(one, line));
  return { data: balances.map((one) => contractBalanceRow(one, 'accountEquity')) };
}

/** One wallet for all markets; where accounts of several were set up, each coin is told once. */
function unifiedAssets({ accounts }: Holder): Outcome {
  const coins = new Map<string, SimBalance>();
  for (const account of Object.values(accounts)) {
    for (const one of held(account)) if (!coins.has(one.asset)) coins.set(one.asset, one);
  }
  return { data: { accountEquity: '0', assets: [...coins.values()].map(unifiedBalanceRow) } };
}
