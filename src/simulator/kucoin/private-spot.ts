import type { HttpRoute, SimAnswer, SimOrder } from '../kit';
import { factsOf } from './order-facts';
import {
  creationOf,
  failure,
  signedRoute,
  spanOf,
  success,
  type Asked,
  type PrivateRoute,
  type PrivateWorld,
} from './private-rest';
import { accountRow, ledgerRow, spotRow } from './private-rows';

const MOST_DONE = 100;
const MOST_ENTRIES = 200;
const NO_SYMBOL = failure('400100', 'symbol cannot be empty');
const NO_ORDER = failure('400100', 'order not exist.');
const BAD_PARAMETER = failure('400100', 'Parameter error');
const ORDERS = '/api/v1/hf/orders';

/** Signed REST of spot: the trade account. https://www.kucoin.com/docs-new/rest/spot-trading/orders */
export function spotRoutes(world: PrivateWorld): readonly HttpRoute[] {
  const routes: readonly PrivateRoute[] = [
    {
      ...{ path: '/api/v1/bullet-private', method: 'POST', pool: 'spot', weight: 10 },
      answer: ({ owner }) => success(world.bullet(owner)),
    },
    {
      path: `${ORDERS}/active/symbols`,
      pool: 'spot',
      weight: 2,
      answer: (asked) => activeSymbols(world, asked),
    },
    { path: `${ORDERS}/active`, pool: 'spot', weight: 2, answer: (asked) => active(world, asked) },
    { path: `${ORDERS}/done`, pool: 'spot', weight: 2, answer: (asked) => done(world, asked) },
    { path: `${ORDERS}/*`, pool: 'spot', weight: 2, answer: (asked) => single(world, asked) },
    { path: '/api/v1/hf/accounts/ledgers', pool: 'spot', weight: 2, answer: (asked) => ledger(world, asked) },
    { path: '/api/v1/accounts', pool: 'management', weight: 5, answer: accounts },
  ];
  return routes.map((route) => signedRoute(world, route));
}

/** What the venue remembers. */
function ordersOf({ notes, now, cancelsKeptMs }: PrivateWorld, { owner }: Asked): readonly SimOrder[] {
  return owner.holders
    .flatMap((holder) => holder.ordersSince(0, 'kucoin'))
    .filter((order) => order.status !== 'REJECTED')
    .filter((order) => {
      const { isActive, hasFills } = factsOf(order, notes);
      return isActive || hasFills || order.updatedAt > now() - cancelsKeptMs;
    });
}

function activeOf(world: PrivateWorld, asked: Asked): readonly SimOrder[] {
  return ordersOf(world, asked).filter((order) => factsOf(order, world.notes).isActive);
}

function activeSymbols(world: PrivateWorld, asked: Asked): SimAnswer {
  return success({ symbols: [...new Set(activeOf(world, asked).map(({ symbol }) => symbol))] });
}

function active(world: PrivateWorld, asked: Asked): SimAnswer {
  const symbol = asked.query.get('symbol');
  if (symbol === null) return NO_SYMBOL;
  const orders = activeOf(world, asked).filter((order) => order.symbol === symbol);
  return success(orders.map((order) => spotRow(order, world.notes)));
}

/** Newest change first. `lastId` is no order id. */
function done(world: PrivateWorld, asked: Asked): SimAnswer {
  const { query } = asked;
  const symbol = query.get('symbol');
  const limit = limitOf(query, 20, MOST_DONE);
  const span = creationOf(query, world.now());
  if (symbol === null) return NO_SYMBOL;
  if (limit === undefined || !span) return BAD_PARAMETER;
  const lastId = Number(query.get('lastId') ?? Infinity);
  const orders = ordersOf(world, asked)
    .filter((order) => order.symbol === symbol && !factsOf(order, world.notes).isActive)
    .filter(({ createdAt, change }) => createdAt >= span.from && createdAt <= span.to && change < lastId)
    .reverse()
    .slice(0, limit);
  return success({
    lastId: orders.at(-1)?.change ?? 0,
    items: orders.map((order) => spotRow(order, world.notes)),
  });
}

function limitOf(query: URLSearchParams, standard: number, most: number): number | undefined {
  const limit = Number(query.get('limit') ?? standard);
  return limit >= 1 && limit <= most ? limit : undefined;
}

function single(world: PrivateWorld, asked: Asked): SimAnswer {
  const symbol = asked.query.get('symbol');
  if (symbol === null) return NO_SYMBOL;
  const [last = '', folder] = asked.path.split('/').reverse();
  const name = decodeURIComponent(last);
  const isByClient = folder === 'client-order';
  const found = ordersOf(world, asked).find(
    (order) => order.symbol === symbol && (isByClient ? order.clientOrderId : order.orderId) === name,
  );
  return found ? success(spotRow(found, world.notes)) : NO_ORDER;
}

/** Of trades alone; newest first. */
function ledger(world: PrivateWorld, asked: Asked): SimAnswer {
  const { query } = asked;
  const span = spanOf(query, world.now());
  const limit = limitOf(query, 100, MOST_ENTRIES);
  if (!span || limit === undefined) return BAD_PARAMETER;
  if ((query.get('bizType') ?? 'TRADE_EXCHANGE') !== 'TRADE_EXCHANGE') return success([]);
  const lastId = Number(query.get('lastId') ?? Infinity);
  const entries = ordersOf(world, asked)
    .flatMap((order) => order.fills.map((fill) => ({ order, fill })))
    .filter(({ fill }) => fill.time >= span.from && fill.time <= span.to && fill.tradeId < lastId)
    .sort((a, b) => b.fill.tradeId - a.fill.tradeId)
    .slice(0, limit);
  return success(entries.map(({ order, fill }) => ledgerRow(order, fill)));
}

/** All accounts of the user share the path: the main one holds what is not in trade. */
function accounts({ query, owner }: Asked): SimAnswer {
  const held = owner.holders
    .filter(({ exchange }) => exchange === 'kucoin')
    .flatMap((holder) => holder.balances())
    .filter(({ asset }) => (query.get('currency') ?? asset) === asset);
  const type = query.get('type');
  const trade = held.map((balance) => accountRow(balance, 'trade', `trade-${balance.asset}`));
  const main = held.map(({ asset }) =>
    accountRow({ asset, free: '777', locked: '0' }, 'main', `main-${asset}`),
  );
  return success([...(type === 'main' ? [] : trade), ...(type === 'trade' ? [] : main)]);
}
