import type { Clock } from '../../domain/time';
import type { HttpRoute, SimAnswer, SimRequest, ViolationLog } from '../kit';
import { WindowLimit } from '../kit';
import type { OrderNotes } from './order-facts';
import { isDenial, type KeyRing, type Owner } from './private-keys';
import type { Side } from './side';

/** Pools of one user, by 30 s: https://www.kucoin.com/docs-new/rate-limit (lowest level) */
export const POOLS = { spot: 4_000, futures: 2_000, management: 2_000 };
export type Pool = keyof typeof POOLS;

const WINDOW_MS = 30_000;
export const DAY = 86_400_000;
const LONGEST_SPAN_MS = 7 * DAY;

export interface PrivateWorld {
  readonly url: string;
  readonly side: Side;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly violations: ViolationLog;
  readonly notes: OrderNotes;
  readonly pools: Pools;
  /** How long orders that were cancelled without a fill are remembered (ms). */
  readonly cancelsKeptMs: number;
  /** The venue's clock, epoch ms. */
  now(): number;
  /** `data` of the answer to a token request. */
  bullet(owner: Owner): object;
}

/** Weights that users have used up, over both hosts. */
export class Pools {
  private readonly used = new Map<string, WindowLimit>();

  constructor(private readonly limits: Readonly<Record<Pool, number>>) {}

  /** Ms until the use is allowed; 0: it is, and counted. */
  take(pool: Pool, uid: string, now: number, weight: number): number {
    const id = `${pool} ${uid}`;
    const limit = this.used.get(id) ?? new WindowLimit([{ count: this.limits[pool], perMs: WINDOW_MS }]);
    this.used.set(id, limit);
    return limit.take(now, weight);
  }
}

export interface Asked {
  readonly query: URLSearchParams;
  readonly path: string;
  readonly owner: Owner;
}

export interface PrivateRoute {
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly pool: Pool;
  readonly weight: number;
  readonly answer: (asked: Asked) => SimAnswer;
}

/** Signature first, then the pool of the user. */
export function signedRoute(world: PrivateWorld, route: PrivateRoute): HttpRoute {
  const { clock, keys, now, pools, violations, url } = world;
  const handle = (request: SimRequest): SimAnswer => {
    const owner = keys.open(request, now());
    if (isDenial(owner)) return { status: owner.status, body: { code: owner.code, msg: owner.msg } };
    const waitMs = pools.take(route.pool, owner.uid, clock.monotonic(), route.weight);
    if (waitMs === 0) return route.answer({ query: request.query, path: request.path, owner });
    violations.add({ rule: 'restWeight', origin: url, at: clock.now(), detail: route.path });
    const headers = { 'gw-ratelimit-reset': String(Math.ceil(waitMs)) };
    return { status: 429, headers, body: { code: '429000', msg: 'Too Many Requests' } };
  };
  return { method: route.method ?? 'GET', path: route.path, handle };
}

export function success(data: unknown): SimAnswer {
  return { body: { code: '200000', data } };
}

/** Errors of parameters come with HTTP 200. */
export function failure(code: string, msg: string): SimAnswer {
  return { body: { code, msg } };
}

/** Undefined: longer than the venue allows. Only the start: a week from there. */
export function spanOf(query: URLSearchParams, now: number): { from: number; to: number } | undefined {
  const start = query.get('startAt');
  const to = Number(query.get('endAt') ?? (start === null ? now : Number(start) + LONGEST_SPAN_MS));
  const from = Number(start ?? to - LONGEST_SPAN_MS);
  return to - from > LONGEST_SPAN_MS || !(from <= to) ? undefined : { from, to };
}

/** The same of lists whose range is about the creation of orders, and which have none by themselves. */
export function creationOf(query: URLSearchParams, now: number): { from: number; to: number } | undefined {
  const isBounded = query.has('startAt') || query.has('endAt');
  return isBounded ? spanOf(query, now) : { from: -Infinity, to: Infinity };
}
