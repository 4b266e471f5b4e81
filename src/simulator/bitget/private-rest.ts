import type { Clock } from '../../domain/time';
import {
  isOpen,
  WindowLimit,
  type AccountBook,
  type HttpRoute,
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
  spotListRow,
  unifiedBalanceRow,
  unifiedRow,
} from './private-rows';

export interface PrivateRestWorld {
  readonly clock: Clock;
  readonly accounts: AccountBook;
  /** Epoch ms by the venue. */
  now(): number;
  onViolation(violation: Omit<Violation, 'origin' | 'at'>): void;
}

interface Refusal {
  readonly code: number;
  readonly msg: string;
}
type Outcome = { readonly data: unknown } | Refusal;
type Handler = (holder: Holder, request: SimRequest) => Outcome;

const MOST_ROWS = 100;
/** So many per second, path and user. */
const RATE = [{ count: 20, perMs: 1_000 }];
/** The stream writes margin trading's category as well; nobody trades it here. */
const CATEGORIES: readonly string[] = ['SPOT', 'USDT-FUTURES', 'USDC-FUTURES', 'COIN-FUTURES'];

/** Signed reading: open orders, ended orders, balances of classic (V2) and unified (V3) accounts. */
export function privateRoutes(world: PrivateRestWorld): readonly HttpRoute[] {
  const spot = '/api/v2/spot';
  const mix = '/api/v2/mix';
  return [
    route(world, `${spot}/trade/unfilled-orders`, (holder, request) => spotOrders(holder, request, false)),
    route(world, `${spot}/trade/history-orders`, (holder, request) => spotOrders(holder, request, true)),
    route(world, `${spot}/account/assets`, ({ accounts }) => ({
      data: held(accounts.bitget).map((one) => spotBalanceRow(one, world.now())),
    })),
    route(world, `${mix}/order/orders-pending`, (holder, request) => contractOrders(holder, request, false)),
    route(world, `${mix}/order/orders-history`, (holder, request) => contractOrders(holder, request, true)),
    route(world, `${mix}/account/accounts`, contractBalances),
    route(world, '/api/v3/trade/unfilled-orders', (holder, request) => unifiedOrders(holder, request, false)),
    route(world, '/api/v3/trade/history-orders', (holder, request) => unifiedOrders(holder, request, true)),
    route(world, '/api/v3/account/assets', unifiedAssets),
  ];
}

function route(world: PrivateRestWorld, path: string, handle: Handler): HttpRoute {
  const windows = new Map<string, WindowLimit>();
  const isUnifiedDoor = path.startsWith('/api/v3/');
  return {
    method: 'GET',
    path,
    handle: (request): SimAnswer => {
      const holder = checkRequest(world.accounts, request, world.now(), isUnifiedDoor);
      if ('code' in holder) return refused(world, 400, holder);
      const window = windows.get(holder.key) ?? new WindowLimit(RATE);
      windows.set(holder.key, window);
      if (window.take(world.clock.monotonic()) > 0) {
        world.onViolation({ rule: 'restWeight', detail: path });
        return refused(world, 429, { code: 429, msg: 'Too Many Requests' });
      }
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

function spotOrders({ accounts }: Holder, { query }: SimRequest, isHistory: boolean): Outcome {
  const page = pageOf(ordersOf(accounts.bitget, 'SPOT', isHistory), query, 'idLessThan');
  return { data: page.map((order) => spotListRow(order, isHistory)) };
}

function contractOrders({ accounts }: Holder, { query }: SimRequest, isHistory: boolean): Outcome {
  const line = query.get('productType')?.toUpperCase() ?? '';
  const exchange = exchangeOfLine(line);
  // Demo products exist, and nobody trades them here.
  if (exchange === undefined && !/^S(USDT|USDC|COIN)-FUTURES$/.test(line)) return wrong('productType');
  if (exchange === 'bitget') return wrong('productType');
  const orders = exchange === undefined ? [] : ordersOf(accounts[exchange], line, isHistory);
  const page = pageOf(orders, query, 'idLessThan');
  const rows = page.map((order) => contractListRow(order, marginCoinOf(line as InstType, order.symbol)));
  return { data: { entrustedList: rows.length > 0 ? rows : null, endId: page.at(-1)?.orderId ?? null } };
}

function unifiedOrders({ accounts }: Holder, { query }: SimRequest, isHistory: boolean): Outcome {
  const category = query.get('category')?.toUpperCase() ?? '';
  if (!CATEGORIES.includes(category)) return wrong('category');
  const exchange = exchangeOfLine(category);
  const orders = ordersOf(exchange && accounts[exchange], category, isHistory);
  const page = pageOf(orders, query, 'cursor');
  const rows = page.map((order) => unifiedRow(order, category));
  return { data: { list: rows, cursor: page.at(-1)?.orderId ?? null } };
}

/** Newest first, as all lists of the venue. */
function ordersOf(account: SimAccount | undefined, line: string, isHistory: boolean): readonly SimOrder[] {
  return (account?.ordersSince(0) ?? [])
    .filter((order) => lineOfOrder(order) === line && isOpen(order) !== isHistory)
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
