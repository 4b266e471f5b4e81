import type { Interval } from '../../domain/interval';
import { nominalLengthMs } from '../../domain/interval';
import type { Clock } from '../../domain/time';
import type { HttpRoute, MarketModel, SimAnswer, SimRequest, SymbolSpec, ViolationLog } from '../kit';
import { fixedText, WindowLimit } from '../kit';
import { candleRow } from './frames';
import { aliasOf, canonicalId } from './products';

export const REST_URL = 'https://api.coinbase.com';

export const BASE = '/api/v3/brokerage';
/** 10 public requests per second and IP. */
const LIMIT = { count: 10, perMs: 1_000 };
const MOST_CANDLES = 350;
const MOST_PRODUCTS = 250;

const GRANULARITIES: ReadonlyMap<string, Interval> = new Map([
  ['ONE_MINUTE', '1m'],
  ['FIVE_MINUTE', '5m'],
  ['FIFTEEN_MINUTE', '15m'],
  ['THIRTY_MINUTE', '30m'],
  ['ONE_HOUR', '1h'],
  ['TWO_HOUR', '2h'],
  ['SIX_HOUR', '6h'],
  ['ONE_DAY', '1d'],
]);

export interface RestDeps {
  readonly model: MarketModel;
  readonly clock: Clock;
  readonly violations: ViolationLog;
}

/** The public REST API. https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api */
export function restRoutes(deps: RestDeps): readonly HttpRoute[] {
  const budget = new Budget(deps);
  const route = (path: string, answer: (request: SimRequest) => SimAnswer): HttpRoute => ({
    method: 'GET',
    path: BASE + path,
    handle: (request) => budget.refusal(request) ?? answer(request),
  });
  return [
    route('/time', () => serverTime(deps.model.now())),
    route('/market/products', ({ query }) => products(query, deps.model)),
    route('/market/products/*', (request) => candles(request, deps.model)),
  ];
}

class Budget {
  private readonly limit = new WindowLimit([LIMIT]);

  constructor(private readonly deps: RestDeps) {}

  refusal({ path }: SimRequest): SimAnswer | undefined {
    const { clock, violations } = this.deps;
    if (this.limit.take(clock.monotonic()) === 0) return undefined;
    violations.add({ rule: 'restWeight', origin: REST_URL, at: clock.now(), detail: path });
    const body = { error: 'RATE_LIMIT_EXCEEDED', code: 8, message: 'Too many requests' };
    return { status: 429, body };
  }
}

function serverTime(now: number): SimAnswer {
  const iso = `${new Date(now).toISOString().slice(0, 19)}Z`;
  return { body: { iso, epochSeconds: String(Math.floor(now / 1_000)), epochMillis: String(now) } };
}

export function refused(message: string, status = 400, error = 'INVALID_ARGUMENT'): SimAnswer {
  return { status, body: { error, error_details: message, message } };
}

// ---------------------------------------------------------------------------- products

/** Every book, and the aliases right behind. */
function products(query: URLSearchParams, model: MarketModel): SimAnswer {
  const limit = Math.min(MOST_PRODUCTS, numberOf(query.get('limit'), MOST_PRODUCTS));
  const offset = numberOf(query.get('offset'), 0);
  const all = model.symbols.flatMap((spec) => {
    const alias = aliasOf(spec);
    if (alias === undefined) return [productRow(spec)];
    const twin = { ...spec, symbol: alias, quote: 'USDC' };
    return [productRow(spec, '', [alias]), productRow(twin, spec.symbol)];
  });
  const rows = all.slice(offset, offset + limit);
  return { body: { products: rows, num_products: rows.length } };
}

function productRow(
  { symbol, base, quote, price, tickDecimals, lotDecimals }: SymbolSpec,
  alias = '',
  alias_to: readonly string[] = [],
): object {
  return {
    product_id: symbol,
    price,
    base_increment: fixedText(1, lotDecimals),
    quote_increment: fixedText(1, tickDecimals),
    price_increment: fixedText(1, tickDecimals),
    quote_min_size: '1',
    base_name: base,
    quote_name: quote,
    watched: false,
    is_disabled: false,
    new: false,
    status: 'online',
    cancel_only: false,
    limit_only: false,
    post_only: false,
    trading_disabled: false,
    auction_mode: false,
    product_type: 'SPOT',
    quote_currency_id: quote,
    base_currency_id: base,
    alias,
    alias_to,
    base_display_symbol: base,
    quote_display_symbol: quote === 'USDC' ? 'USD' : quote,
    view_only: false,
  };
}

// ---------------------------------------------------------------------------- candles

/** `/market/products/{id}/candles`: newest first; the newest may still be forming. */
function candles({ path, query }: SimRequest, model: MarketModel): SimAnswer {
  const [, id = ''] = /\/products\/([^/]+)\/candles$/.exec(path) ?? [];
  const book = model.symbol(id) ?? model.symbol(canonicalId(id));
  const interval = GRANULARITIES.get(query.get('granularity') ?? '');
  if (book === undefined) return refused('ProductID is invalid', 404, 'NOT_FOUND');
  if (interval === undefined) return refused('granularity is invalid');
  const from = numberOf(query.get('start'), NaN) * 1_000;
  const to = numberOf(query.get('end'), NaN) * 1_000;
  const span = (to - from) / nominalLengthMs(interval);
  if (!(span >= 0)) return refused('start and end are invalid');
  if (span > MOST_CANDLES) return refused(`number of candles requested should be less than ${MOST_CANDLES}`);
  const limit = Math.min(MOST_CANDLES, numberOf(query.get('limit'), MOST_CANDLES));
  const bars = model.history(book.symbol, interval, { to, limit }).filter(({ start }) => start >= from);
  return { body: { candles: bars.map(candleRow).reverse() } };
}

function numberOf(text: string | null, standIn: number): number {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : standIn;
}
