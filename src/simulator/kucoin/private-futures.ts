import type { HttpRoute, SimAnswer, SimFill, SimOrder } from '../kit';
import { factsOf } from './order-facts';
import {
  creationOf,
  DAY,
  failure,
  signedRoute,
  spanOf,
  success,
  type Asked,
  type PrivateRoute,
  type PrivateWorld,
} from './private-rest';
import { fillRow, futuresRow, overviewRow } from './private-rows';

const MOST_RECENT = 1_000;
const MOST_PER_PAGE = 1_000;
const NO_ORDER: SimAnswer = {
  status: 404,
  body: { code: '100001', msg: 'error.getOrder.orderNotExist' },
};

/** Signed REST of futures, both markets. https://www.kucoin.com/docs-new/rest/futures-trading/orders */
export function futuresRoutes(world: PrivateWorld): readonly HttpRoute[] {
  const get = (path: string, weight: number, answer: PrivateRoute['answer']): PrivateRoute => ({
    ...{ path, pool: 'futures', weight, answer },
  });
  const routes: readonly PrivateRoute[] = [
    {
      ...{ path: '/api/v1/bullet-private', method: 'POST', pool: 'futures', weight: 10 },
      answer: ({ owner }) => success(world.bullet(owner)),
    },
    get('/api/v1/orders', 2, (asked) => orders(world, asked)),
    get('/api/v1/orders/byClientOid', 5, (asked) =>
      single(world, asked, ({ clientOrderId }) => clientOrderId === asked.query.get('clientOid')),
    ),
    get('/api/v1/orders/*', 5, (asked) => {
      const id = decodeURIComponent(asked.path.split('/').at(-1) ?? '');
      return single(world, asked, ({ orderId }) => orderId === id);
    }),
    get('/api/v1/recentDoneOrders', 5, (asked) => recentDone(world, asked)),
    get('/api/v1/recentFills', 3, (asked) => recentFills(world, asked)),
    get('/api/v1/fills', 5, (asked) => fills(world, asked)),
    get('/api/v1/account-overview', 5, overview),
  ];
  return routes.map((route) => signedRoute(world, route));
}

/** What the venue remembers, newest first. */
function ordersOf({ notes, now, cancelsKeptMs }: PrivateWorld, { query, owner }: Asked): readonly SimOrder[] {
  return owner.holders
    .filter(({ exchange }) => exchange !== 'kucoin')
    .flatMap((holder) => holder.ordersSince(0, holder.exchange))
    .filter(({ status, symbol }) => status !== 'REJECTED' && (query.get('symbol') ?? symbol) === symbol)
    .filter((order) => {
      const { isActive, hasFills } = factsOf(order, notes);
      return isActive || hasFills || order.updatedAt > now() - cancelsKeptMs;
    })
    .sort((a, b) => b.createdAt - a.createdAt || b.change - a.change);
}

function orders(world: PrivateWorld, asked: Asked): SimAnswer {
  const { query } = asked;
  const isActive = query.get('status') === 'active';
  const span = creationOf(query, world.now());
  if (!span) return failure('400100', 'The time range cannot exceed 7 days');
  const rows = ordersOf(world, asked)
    .filter((order) => factsOf(order, world.notes).isActive === isActive)
    .filter(({ createdAt }) => createdAt >= span.from && createdAt <= span.to)
    .map((order) => rowOf(world, order));
  return pageOf(query, rows);
}

function recentDone(world: PrivateWorld, asked: Asked): SimAnswer {
  const ended = ordersOf(world, asked)
    .filter((order) => !factsOf(order, world.notes).isActive && order.updatedAt > world.now() - DAY)
    .slice(0, MOST_RECENT);
  return success(ended.map((order) => rowOf(world, order)));
}

function single(world: PrivateWorld, asked: Asked, isWanted: (order: SimOrder) => boolean): SimAnswer {
  const found = ordersOf(world, asked).find(isWanted);
  return found ? success(rowOf(world, found)) : NO_ORDER;
}

interface Filled {
  readonly order: SimOrder;
  readonly fill: SimFill;
}

function filledOf(world: PrivateWorld, asked: Asked): readonly Filled[] {
  return ordersOf(world, asked)
    .flatMap((order) => order.fills.map((fill) => ({ order, fill })))
    .sort((a, b) => b.fill.tradeId - a.fill.tradeId);
}

function recentFills(world: PrivateWorld, asked: Asked): SimAnswer {
  const recent = filledOf(world, asked).filter(({ fill }) => fill.time > world.now() - DAY);
  return success(recent.slice(0, MOST_RECENT).map((one) => fillOf(world, one)));
}

/** With an order id the range does not matter. */
function fills(world: PrivateWorld, asked: Asked): SimAnswer {
  const { query } = asked;
  const orderId = query.get('orderId');
  const span = spanOf(query, world.now());
  if (orderId === null && !span) return failure('400100', 'The time range cannot exceed 7 days');
  const wanted = filledOf(world, asked).filter(({ order, fill }) =>
    orderId === null
      ? span !== undefined && fill.time >= span.from && fill.time <= span.to
      : order.orderId === orderId,
  );
  return pageOf(
    query,
    wanted.map((one) => fillOf(world, one)),
  );
}

function overview({ query, owner }: Asked): SimAnswer {
  const asset = query.get('currency') ?? 'XBT';
  const held = owner.holders
    .filter(({ exchange }) => exchange !== 'kucoin')
    .flatMap((holder) => holder.balances())
    .find((balance) => balance.asset === asset);
  return success(overviewRow(held ?? { asset, free: '0', locked: '0' }));
}

function rowOf({ side, notes }: PrivateWorld, order: SimOrder): object {
  return futuresRow(order, side.listed.get(order.symbol), notes);
}

function fillOf({ side }: PrivateWorld, { order, fill }: Filled): object {
  return fillRow(order, fill, side.listed.get(order.symbol));
}

function pageOf(query: URLSearchParams, rows: readonly object[]): SimAnswer {
  const currentPage = Number(query.get('currentPage') ?? 1);
  const pageSize = Number(query.get('pageSize') ?? 50);
  if (!(currentPage >= 1 && pageSize >= 1 && pageSize <= MOST_PER_PAGE)) {
    return failure('400100', 'Parameter error');
  }
  const items = rows.slice((currentPage - 1) * pageSize, currentPage * pageSize);
  const totalPage = Math.max(1, Math.ceil(rows.length / pageSize));
  return success({ currentPage, pageSize, totalNum: rows.length, totalPage, items });
}
