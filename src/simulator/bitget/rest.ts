import { nominalLengthMs, type Interval } from '../../domain/interval';
import type { Clock } from '../../domain/time';
import { WindowLimit, type HttpRoute, type SimAnswer, type SimRequest, type Violation } from '../kit';
import { intervalOfGranularity } from './channels';
import type { Listed } from './feed';
import { restRow } from './frames';
import { INST_TYPES, untradable, type InstType } from './listings';

export interface RestWorld {
  readonly clock: Clock;
  /** Epoch ms by the venue. */
  now(): number;
  readonly listed: readonly Listed[];
  /** How far back `candles` reaches (ms); default as documented. */
  readonly horizonMs?: number | undefined;
  /** What one address may ask, all paths together. */
  readonly address: WindowLimit;
  onViolation(violation: Omit<Violation, 'origin' | 'at'>): void;
}

type Source = 'candles' | 'history-candles';
/** Answers to the venue's own errors are `{code, msg, requestTime, data: null}`. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly msg: string;
}
type Outcome = { readonly data: unknown } | Refusal;

const DAY = 86_400_000;
const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT: Readonly<Record<Source, number>> = { candles: 1_000, 'history-candles': 200 };
/** Of contracts. */
const LONGEST_RANGE_MS = 90 * DAY;
/** https://www.bitget.com/api-doc/spot/market/Get-Candle-Data */
const HORIZON_DAYS: Partial<Readonly<Record<Interval, number>>> = {
  '1m': 30,
  '3m': 30,
  '5m': 30,
  '15m': 52,
  '30m': 62,
  '1h': 83,
  '4h': 240,
  '6h': 360,
};
/** All public paths: so many per second and IP. */
const RATE = [{ count: 20, perMs: 1_000 }];

/** Public REST. https://www.bitget.com/api-doc/spot/market/Get-Candle-Data and its neighbours. */
export function restRoutes(world: RestWorld): readonly HttpRoute[] {
  const sources: readonly Source[] = ['candles', 'history-candles'];
  return [
    route(world, '/api/v2/public/time', () => ({ data: { serverTime: String(world.now()) } })),
    route(world, '/api/v2/spot/public/symbols', () => ({ data: rowsOf(world, 'SPOT') })),
    route(world, '/api/v2/mix/market/contracts', ({ query }) => contracts(world, query)),
    ...sources.flatMap((source) => [
      route(world, `/api/v2/spot/market/${source}`, ({ query }) => candles(world, 'SPOT', source, query)),
      route(world, `/api/v2/mix/market/${source}`, ({ query }) => {
        const instType = futuresType(query);
        return instType ? candles(world, instType, source, query) : wrong('productType');
      }),
    ]),
  ];
}

function route(world: RestWorld, path: string, answer: (request: SimRequest) => Outcome): HttpRoute {
  const window = new WindowLimit(RATE);
  return {
    method: 'GET',
    path,
    handle: (request): SimAnswer => {
      const now = world.clock.monotonic();
      const broken = world.address.take(now) > 0 ? 'address' : window.take(now) > 0 ? path : undefined;
      if (broken !== undefined) {
        world.onViolation({ rule: 'restWeight', detail: broken });
        return refused(world, { status: 429, code: '429', msg: 'Too Many Requests' });
      }
      const outcome = answer(request);
      if ('status' in outcome) return refused(world, outcome);
      return { body: { code: '00000', msg: 'success', requestTime: world.now(), data: outcome.data } };
    },
  };
}

function refused(world: RestWorld, { status, code, msg }: Refusal): SimAnswer {
  return { status, body: { code, msg, requestTime: world.now(), data: null } };
}

function wrong(parameter: string): Refusal {
  return { status: 400, code: '40020', msg: `Parameter ${parameter} error` };
}

// ---------------------------------------------------------------------------- instruments

function contracts(world: RestWorld, query: URLSearchParams): Outcome {
  const instType = futuresType(query);
  return instType ? { data: rowsOf(world, instType) } : wrong('productType');
}

function rowsOf({ listed }: RestWorld, instType: InstType): readonly object[] {
  const traded = listed.filter(({ listing }) => listing.instType === instType);
  return [...traded.map(({ listing }) => listing.row), ...untradable(instType)];
}

/** Lower case is taken as well. */
function futuresType(query: URLSearchParams): InstType | undefined {
  const text = query.get('productType')?.toUpperCase();
  return INST_TYPES.find((one) => one !== 'SPOT' && one === text);
}

// ---------------------------------------------------------------------------- candles

interface Page {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly limit: number;
}

function candles(world: RestWorld, instType: InstType, source: Source, query: URLSearchParams): Outcome {
  const symbol = query.get('symbol') ?? '';
  const found = world.listed.find(
    ({ listing }) => listing.instType === instType && listing.spec.symbol === symbol,
  );
  if (!found) return { status: 400, code: '40034', msg: `Parameter ${symbol} does not exist` };
  const isSpot = instType === 'SPOT';
  const interval = intervalOfGranularity(query.get('granularity') ?? '', isSpot);
  if (interval === undefined) {
    return { status: 400, code: '48001', msg: 'Parameter validation failed granularity' };
  }
  const page = pageOf(world, isSpot, source, query);
  if ('status' in page) return page;
  const horizonMs = world.horizonMs ?? (HORIZON_DAYS[interval] ?? Infinity) * DAY;
  const oldest = source === 'candles' ? world.now() - horizonMs : -Infinity;
  const bars = found.model
    .history(symbol, interval, { to: page.to - 1, limit: Math.min(page.limit, barsIn(page, interval)) })
    .filter(({ start }) => start >= page.from && start >= oldest);
  return { data: bars.map((bar) => restRow(bar, isSpot)) };
}

/** The last `limit` bars before `endTime`, oldest first, none before `startTime`. */
function pageOf(world: RestWorld, isSpot: boolean, source: Source, query: URLSearchParams): Page | Refusal {
  const from = numberOf(query, 'startTime', 0);
  const to = numberOf(query, 'endTime', world.now() + 1);
  const limit = numberOf(query, 'limit', DEFAULT_LIMIT);
  if (Number.isNaN(from + to + limit) || limit < 1) return wrong('startTime');
  const page = { from, to, limit: Math.min(limit, LARGEST_LIMIT[source]) };
  return isSpot ? spotPage(page, source, query) : contractPage(page, query);
}

/** `startTime` itself is outside (ccxt/ccxt#20587); history knows only `endTime`, which it must have. */
function spotPage(page: Page, source: Source, query: URLSearchParams): Page | Refusal {
  if (source === 'candles') return query.has('startTime') ? { ...page, from: page.from + 1 } : page;
  if (query.has('endTime')) return { ...page, from: 0 };
  return { status: 400, code: '40019', msg: 'Parameter endTime cannot be empty' };
}

function contractPage(page: Page, query: URLSearchParams): Page | Refusal {
  const isTooLong = query.has('startTime') && page.to - page.from > LONGEST_RANGE_MS;
  return isTooLong ? { status: 400, code: '40017', msg: 'Parameter verification failed' } : page;
}

/** Spares the making of bars that would be dropped. */
function barsIn({ from, to }: Page, interval: Interval): number {
  return Math.max(1, Math.ceil((to - from) / nominalLengthMs(interval)) + 2);
}

/** NaN: not a number that the venue takes. */
function numberOf(query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name);
  if (text === null || text === '') return absent;
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}
