import type { Clock } from '../../domain/time';
import type { HttpRoute, SimAnswer, ViolationLog } from '../kit';
import type { WindowLimit } from '../kit';
import { futuresRow, spotRow } from './frames';
import { intervalOfGranularity, intervalOfType } from './intervals';
import { CLOSED_CONTRACTS, HALTED_PAIR } from './listings';
import type { Side } from './side';

export interface RestWorld {
  readonly url: string;
  readonly side: Side;
  readonly clock: Clock;
  readonly violations: ViolationLog;
  readonly pool: WindowLimit;
  /** The venue's clock, epoch ms. */
  now(): number;
  /** `data` of the answer to a token request. */
  bullet(): object;
}

/** 2,000 per 30 s and IP for all public requests: https://www.kucoin.com/docs-new/rate-limit */
export const PUBLIC_POOL = { count: 2_000, perMs: 30_000 };

const MOST_SPOT_BARS = 1_500;
const MOST_FUTURES_BARS = 500;

/** Public REST of one host. https://www.kucoin.com/docs-new/rest/spot-trading/market-data */
export function restRoutes(world: RestWorld): readonly HttpRoute[] {
  const { side } = world;
  const get = (path: string, weight: number, answer: (query: URLSearchParams) => SimAnswer) =>
    weighed(world, { method: 'GET', path }, weight, answer);
  const shared = [
    weighed(world, { method: 'POST', path: '/api/v1/bullet-public' }, 10, () => success(world.bullet())),
    get('/api/v1/timestamp', 3, () => success(world.now())),
  ];
  if (side.name === 'futures') {
    return [
      ...shared,
      get('/api/v1/contracts/active', 3, () => success([...rowsOf(side), ...CLOSED_CONTRACTS])),
      get('/api/v1/kline/query', 3, (query) => futuresKlines(world, query)),
    ];
  }
  return [
    ...shared,
    get('/api/v2/symbols', 4, () => success([...rowsOf(side), HALTED_PAIR])),
    get('/api/v1/markets', 3, () => success([...side.areas])),
    get('/api/v1/market/candles', 3, (query) => spotKlines(world, query)),
  ];
}

function rowsOf({ listed }: Side): readonly object[] {
  return [...listed.values()].map(({ listing }) => listing.row);
}

/** Newest first. `startAt` is inclusive here and `endAt` is not: the documents do not say. */
function spotKlines({ side, now }: RestWorld, query: URLSearchParams): SimAnswer {
  const listed = side.listed.get(query.get('symbol') ?? '');
  const interval = intervalOfType('spot', query.get('type') ?? '');
  if (!listed) return failure('900001', 'symbol not exists');
  if (!interval) return failure('400100', 'This type of Candlestick is currently not provided.');
  const from = secondsOf(query.get('startAt'));
  const to = secondsOf(query.get('endAt')) ?? now() + 1;
  if (Number.isNaN(from) || Number.isNaN(to)) return failure('400100', 'Parameter error');
  const bars = listed.model.history(listed.listing.spec.symbol, interval, {
    from,
    to: to - 1,
    limit: MOST_SPOT_BARS,
  });
  return success(bars.map(spotRow).reverse());
}

/** Oldest first; both bounds inclusive here. */
function futuresKlines({ side }: RestWorld, query: URLSearchParams): SimAnswer {
  const listed = side.listed.get(query.get('symbol') ?? '');
  const interval = intervalOfGranularity(query.get('granularity') ?? '');
  if (!listed) return failure('100001', 'symbol not exists');
  if (!interval) return failure('100001', 'granularity is invalid');
  const [from, to] = ['from', 'to'].map((name) => numberOf(query.get(name)));
  if (Number.isNaN(from) || Number.isNaN(to)) return failure('100001', 'Parameter error');
  const bars = listed.model.history(listed.listing.spec.symbol, interval, {
    from,
    to,
    limit: MOST_FUTURES_BARS,
  });
  return success(bars.map((bar) => futuresRow(listed.listing, bar)));
}

/** NaN: nothing that the venue takes. */
function numberOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}

function secondsOf(text: string | null): number | undefined {
  const seconds = numberOf(text);
  return seconds === undefined || seconds === 0 ? undefined : seconds * 1_000;
}

// ---------------------------------------------------------------------------- envelopes and limits

function success(data: unknown): SimAnswer {
  return { body: { code: '200000', data } };
}

/** Errors of parameters come with HTTP 200. */
function failure(code: string, msg: string): SimAnswer {
  return { body: { code, msg } };
}

function weighed(
  { url, clock, violations, pool }: RestWorld,
  route: Pick<HttpRoute, 'method' | 'path'>,
  weight: number,
  answer: (query: URLSearchParams) => SimAnswer,
): HttpRoute {
  return {
    ...route,
    handle: ({ query }) => {
      const waitMs = pool.take(clock.monotonic(), weight);
      const headers = {
        'gw-ratelimit-limit': String(PUBLIC_POOL.count),
        'gw-ratelimit-remaining': String(PUBLIC_POOL.count - pool.used(clock.monotonic(), PUBLIC_POOL.perMs)),
        'gw-ratelimit-reset': String(Math.ceil(waitMs)),
      };
      if (waitMs === 0) return { ...answer(query), headers };
      violations.add({ rule: 'restWeight', origin: url, at: clock.now(), detail: route.path });
      return { status: 429, headers, body: { code: '429000', msg: 'Too Many Requests' } };
    },
  };
}
