import { isInterval } from '../../domain/interval';
import type { Clock } from '../../domain/time';
import type { HttpRoute, SimAnswer, SimOrigin, SimRequest } from '../kit';
import { exchangeInfo } from './exchange-info';
import { klineRow } from './frames';
import type { IpQuota } from './quota';
import type { Listing } from './streams';

const MINUTE = 60_000;
const DEFAULT_BARS = 500;
/** COIN-M only. */
const MAX_SPAN_MS = 200 * 24 * 60 * MINUTE;

export interface RestContext extends Listing {
  /** Request weight per minute; USD-M and COIN-M share theirs. */
  readonly quota: IpQuota;
  readonly clock: Clock;
  readonly origin: () => SimOrigin;
}

/** The public REST paths of one market. */
export function restRoutes(context: RestContext): readonly HttpRoute[] {
  const { market, model } = context;
  const get = (path: string, weigh: (request: SimRequest) => number, answer: Answer): HttpRoute => ({
    method: 'GET',
    path: `${market.restPath}${path}`,
    handle: (request) => metered(context, weigh(request), () => answer(request)),
  });
  return [
    get('/ping', one, () => ({ body: {} })),
    get('/time', one, () => ({ body: { serverTime: model.now() } })),
    get(
      '/exchangeInfo',
      () => (market.isFutures ? 1 : 20),
      () => ({
        body: exchangeInfo(market, model.symbols, model.now()),
      }),
    ),
    get(
      '/klines',
      (request) => klinesWeight(context, request),
      (request) => klines(context, request),
    ),
  ];
}

type Answer = (request: SimRequest) => SimAnswer;

function one(): number {
  return 1;
}

/** Over the quota: 429 or 418 with Retry-After, and the client is to blame. */
export function metered(
  { quota, clock, origin }: RestContext,
  weight: number,
  answer: () => SimAnswer,
): SimAnswer {
  const now = clock.monotonic();
  const refusal = quota.refusal(now, weight);
  if (!refusal) return withHeader(answer(), 'x-mbx-used-weight-1m', String(quota.used(now)));
  const { status, waitMs } = refusal;
  const { url, violations } = origin();
  violations.add({ rule: 'restWeight', origin: url, at: clock.now(), detail: `weight ${weight}` });
  const words =
    status === 418
      ? `Way too much request weight used; IP banned until ${clock.now() + waitMs}.`
      : 'Too much request weight used; please use the websocket instead.';
  return withHeader(refuse(status, -1003, words), 'retry-after', String(Math.ceil(waitMs / 1_000)));
}

function klinesWeight({ market }: RestContext, { query }: SimRequest): number {
  if (!market.isFutures) return 2;
  const limit = Number(query.get('limit') ?? DEFAULT_BARS);
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1_000 ? 5 : 10;
}

interface KlineQuery {
  readonly symbol: string;
  readonly interval: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly limit: number;
}

function klines(context: RestContext, { query }: SimRequest): SimAnswer {
  const { market, model } = context;
  const asked: KlineQuery = {
    symbol: query.get('symbol') ?? '',
    interval: query.get('interval') ?? '',
    from: numberOf(query, 'startTime'),
    to: numberOf(query, 'endTime'),
    limit: numberOf(query, 'limit') ?? DEFAULT_BARS,
  };
  const { symbol, interval, from, to } = asked;
  if (model.symbol(symbol) === undefined) return refuse(400, -1121, 'Invalid symbol.');
  if (!isInterval(interval)) return refuse(400, -1120, 'Invalid interval.');
  const problem = rangeProblem(context, asked);
  if (problem) return problem;
  const limit = Math.min(asked.limit, market.mostBars);
  return { body: model.history(symbol, interval, { from, to, limit }).map(klineRow) };
}

function rangeProblem(
  { market, model }: RestContext,
  { from, to, limit }: KlineQuery,
): SimAnswer | undefined {
  if ([from, to, limit].some((value) => Number.isNaN(value)) || limit < 1) {
    return refuse(400, -1100, 'Illegal characters found in a parameter.');
  }
  const end = to ?? model.now();
  return market.product === 2 && end - (from ?? end) > MAX_SPAN_MS
    ? refuse(400, -4179, 'The time range between startTime and endTime is too long.')
    : undefined;
}

/** NaN for what is no whole number. */
function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}

function refuse(status: number, code: number, msg: string): SimAnswer {
  return { status, body: { code, msg } };
}

function withHeader(answer: SimAnswer, name: string, value: string): SimAnswer {
  return { ...answer, headers: { ...answer.headers, [name]: value } };
}
