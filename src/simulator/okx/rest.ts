import { nominalLengthMs, type Interval } from '../../domain/interval';
import type { Clock } from '../../domain/time';
import type { HttpRoute, MarketModel, SimAnswer, SimCandle, SimRequest } from '../kit';
import { WindowLimit, type Rate, type Violation } from '../kit';
import { intervalOfBar } from './channels';
import { candleRow } from './frames';
import { STRANGERS, type InstType, type Listing } from './listings';

export interface RestWorld {
  readonly clock: Clock;
  /** Epoch ms by the venue. */
  now(): number;
  /** The listing and the model that moves it. */
  find(instId: string): { readonly listing: Listing; readonly model: MarketModel } | undefined;
  readonly listings: readonly Listing[];
  onViolation(violation: Omit<Violation, 'origin' | 'at'>): void;
}

/** What `candles` remembers; older bars are in `history-candles` only. */
const RECENT_BARS = 1_440;
const DEFAULT_LIMIT = 100;

type Source = 'candles' | 'history-candles';
const LARGEST_LIMIT: Readonly<Record<Source, number>> = { candles: 300, 'history-candles': 100 };

/** Documented per IP (instruments: per IP and type). */
const per2s = (count: number): Rate[] => [{ count, perMs: 2_000 }];

/** Public REST. https://www.okx.com/docs-v5/en/#order-book-trading-market-data */
export function restRoutes(world: RestWorld): readonly HttpRoute[] {
  return [
    limited(world, '/api/v5/public/time', per2s(10), () => success([{ ts: String(world.now()) }])),
    instrumentsRoute(world),
    limited(world, '/api/v5/market/candles', per2s(40), ({ query }) => candles(world, 'candles', query)),
    limited(world, '/api/v5/market/history-candles', per2s(20), ({ query }) =>
      candles(world, 'history-candles', query),
    ),
  ];
}

function limited(
  world: RestWorld,
  path: string,
  rates: Rate[],
  answer: (request: SimRequest) => SimAnswer,
  keyOf: (request: SimRequest) => string = () => '',
): HttpRoute {
  const windows = new Map<string, WindowLimit>();
  return {
    method: 'GET',
    path,
    handle: (request) => {
      const key = keyOf(request);
      const window = windows.get(key) ?? new WindowLimit(rates);
      windows.set(key, window);
      if (window.take(world.clock.monotonic()) === 0) return answer(request);
      world.onViolation({ rule: 'restWeight', detail: path });
      return { status: 429, body: { code: '50011', msg: 'Too Many Requests', data: [] } };
    },
  };
}

// ---------------------------------------------------------------------------- instruments

function instrumentsRoute(world: RestWorld): HttpRoute {
  const typeOf = ({ query }: SimRequest): string => query.get('instType') ?? '';
  const answer = (request: SimRequest): SimAnswer => {
    const instType = typeOf(request);
    if (!isInstType(instType)) return failure('51000', 'Parameter instType error');
    const live = world.listings.filter((one) => one.instType === instType).map(({ row }) => row);
    return success([...live, ...STRANGERS[instType]]);
  };
  const key = (request: SimRequest): string => (isInstType(typeOf(request)) ? typeOf(request) : '');
  return limited(world, '/api/v5/public/instruments', per2s(20), answer, key);
}

function isInstType(text: string): text is InstType {
  return Object.hasOwn(STRANGERS, text);
}

// ---------------------------------------------------------------------------- candles

interface Page {
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly limit?: number | undefined;
}

function candles(world: RestWorld, source: Source, query: URLSearchParams): SimAnswer {
  const found = world.find(query.get('instId') ?? '');
  if (!found) return failure('51001', "Instrument ID, Instrument ID code, or Spread ID doesn't exist.");
  const interval = intervalOfBar(query.get('bar') ?? '1m');
  const isServed = interval !== undefined && !(source === 'candles' && interval === '1s');
  if (!isServed) return failure('51000', 'Parameter bar error');
  const [after, before, limit] = ['after', 'before', 'limit'].map((name) => numberOf(query, name));
  if ([after, before, limit].some(Number.isNaN)) return failure('51000', 'Parameter error');
  const bars = barsOf(found.model, found.listing.spec.symbol, interval, source, { after, before, limit });
  return success(bars.map((bar) => candleRow(found.listing, bar)));
}

/** Newest first. `after`: bars older than it; `before`: newer than it; both exclusive. */
function barsOf(
  model: MarketModel,
  symbol: string,
  interval: Interval,
  source: Source,
  { after, before = -Infinity, limit = DEFAULT_LIMIT }: Page,
): readonly SimCandle[] {
  const most = Math.min(limit, LARGEST_LIMIT[source]);
  const horizon = model.now() - RECENT_BARS * nominalLengthMs(interval);
  const isKept = (bar: SimCandle): boolean => (source === 'candles' ? bar.start > horizon : bar.isClosed);
  return model
    .history(symbol, interval, { to: after === undefined ? undefined : after - 1, limit: most + 1 })
    .filter((bar) => bar.start > before && isKept(bar))
    .slice(-most)
    .reverse();
}

/** NaN: not a number that the venue takes. */
function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : NaN;
}

// ---------------------------------------------------------------------------- envelopes

function success(data: readonly unknown[]): SimAnswer {
  return { body: { code: '0', msg: '', data } };
}

/** Errors of parameters come with HTTP 200. */
function failure(code: string, msg: string): SimAnswer {
  return { body: { code, msg, data: [] } };
}
