import type { HttpRoute, SimAccount, SimAnswer, SimRequest } from '../kit';
import type { ListenKeys } from './listen-keys';
import type { Auth, AuthProblem, Authority } from './private-auth';
import { allOrders, forceOrders, oneOrder } from './private-history';
import { balancesBody, incomeRows, orderRow, tradeRows } from './private-rows';
import { metered, type RestContext } from './rest';
import { textOf } from './spelling';

export interface PrivateRestContext extends RestContext {
  readonly authority: Authority;
  /** Absent where listen keys were retired. */
  readonly keys?: ListenKeys;
}

interface Weights {
  readonly openOrders: readonly [oneSymbol: number, all: number];
  readonly allOrders: number;
  readonly order: number;
  readonly balances: number;
  readonly trades: number;
}

const WEIGHTS: Readonly<Record<string, Weights>> = {
  binance: { openOrders: [6, 80], allOrders: 20, order: 4, balances: 20, trades: 20 },
  binanceUS: { openOrders: [3, 40], allOrders: 10, order: 2, balances: 10, trades: 10 },
  binanceUsdm: { openOrders: [1, 40], allOrders: 5, order: 1, balances: 5, trades: 5 },
  binanceCoinm: { openOrders: [1, 40], allOrders: 20, order: 1, balances: 1, trades: 20 },
};
const INCOME_WEIGHT = 30;

const NO_KEY: AuthProblem = { status: 400, code: -1125, msg: 'This listenKey does not exist.' };
const GONE: SimAnswer = { status: 410, body: { code: -1000, msg: 'This endpoint was retired.' } };

type Tell = (account: SimAccount, request: SimRequest) => object | readonly object[] | AuthProblem;

/** Signed paths and listen keys of one market. */
export function privateRoutes(context: PrivateRestContext): readonly HttpRoute[] {
  const { market } = context;
  const weights = WEIGHTS[market.exchange] ?? {
    openOrders: [1, 40],
    allOrders: 5,
    order: 1,
    balances: 5,
    trades: 5,
  };
  const signed = (path: string, weigh: (request: SimRequest) => number, tell: Tell): HttpRoute => ({
    method: 'GET',
    path,
    handle: (request) =>
      metered(context, weigh(request), () =>
        answer(context.authority.bySignedQuery(request), (account) => tell(account, request)),
      ),
  });
  const { restPath: base } = market;
  const [one, all] = weights.openOrders;
  return [
    signed(
      `${base}/openOrders`,
      ({ query }) => (query.has('symbol') ? one : all),
      (account, { query }) =>
        account
          .openOrders(market.exchange)
          .filter(({ symbol }) => symbol === (query.get('symbol') ?? symbol))
          .map((order) => orderRow(market, order)),
    ),
    signed(
      `${base}/allOrders`,
      () => weights.allOrders,
      (account, { query }) => allOrders(context, account, query),
    ),
    signed(
      `${base}/order`,
      () => weights.order,
      (account, { query }) => oneOrder(context, account, query),
    ),
    signed(
      market.isFutures ? `${base}/userTrades` : `${base}/myTrades`,
      ({ query }) => (market.isFutures || !query.has('orderId') ? weights.trades : 5),
      (account, { query }) => tradeRows(account, query),
    ),
    signed(
      balancesPath(context),
      () => weights.balances,
      (account, { query }) =>
        balancesBody(market, account, context.model.now(), query.get('omitZeroBalances') === 'true'),
    ),
    ...(market.isFutures
      ? [
          signed(
            `${base}/income`,
            () => INCOME_WEIGHT,
            (account, { query }) =>
              incomeRows(account, Number(query.get('startTime') ?? 0), Number(query.get('limit') ?? 100)),
          ),
          signed(
            `${base}/forceOrders`,
            ({ query }) => (query.has('symbol') ? 20 : 50),
            (account, { query }) => forceOrders(context, account, query),
          ),
        ]
      : []),
    ...listenKeyRoutes(context),
  ];
}

function balancesPath({ market }: PrivateRestContext): string {
  if (!market.isFutures) return `${market.restPath}/account`;
  return market.product === 1 ? '/fapi/v3/balance' : '/dapi/v1/balance';
}

function answer(auth: Auth, tell: (account: SimAccount) => ReturnType<Tell>): SimAnswer {
  if ('problem' in auth) return refusal(auth.problem);
  const told = tell(auth.account);
  return isProblem(told) ? refusal(told) : { body: textOf(told) };
}

function isProblem(told: object): told is AuthProblem {
  return 'code' in told && 'msg' in told;
}

function refusal({ status, code, msg }: AuthProblem): SimAnswer {
  return { status, body: { code, msg } };
}

// ---------------------------------------------------------------------------- listen keys

function listenKeyRoutes(context: PrivateRestContext): readonly HttpRoute[] {
  const { market, keys } = context;
  const path = market.isFutures ? `${market.restPath}/listenKey` : `${market.restPath}/userDataStream`;
  const route = (
    method: HttpRoute['method'],
    act: (account: SimAccount, request: SimRequest) => object,
  ): HttpRoute => ({
    method,
    path,
    handle: (request) =>
      metered(context, 1, () =>
        keys
          ? answer(context.authority.byKey(request.headers['x-mbx-apikey']), (account) =>
              act(account, request),
            )
          : GONE,
      ),
  });
  return [
    route('POST', (account) => ({ listenKey: keys?.create(account) })),
    route('PUT', (account, request) =>
      isNamed(context, account, request) && keys?.keepAlive(account) ? {} : NO_KEY,
    ),
    route('DELETE', (account) => {
      // Allowed by the venue, and the end of every other program on that key.
      const { url, violations } = context.origin();
      const at = context.clock.now();
      violations.add({ rule: 'venue:listenKeyDeleted', origin: url, at, detail: 'listen key deleted' });
      return keys?.end(account) ? {} : NO_KEY;
    }),
  ];
}

/** binance.us wants the key in the query; futures know it by the account. */
function isNamed({ market, keys }: PrivateRestContext, account: SimAccount, { query }: SimRequest): boolean {
  return market.isFutures || query.get('listenKey') === keys?.keyOf(account);
}
