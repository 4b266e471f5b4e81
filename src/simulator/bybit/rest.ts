import type { HttpRoute, SimCandle, SymbolSpec } from '../kit';
import type { IpBudget } from './budget';
import type { Category } from './category';
import { instrumentRow } from './instruments';
import { intervalOf } from './intervals';

export const REST_URL = 'https://api.bybit.com';

export interface RestDeps {
  readonly categories: readonly Category[];
  readonly budget: IpBudget;
  /** Of this host. */
  readonly origin: string;
  /** The venue's clock, epoch ms. */
  readonly now: () => number;
}

/** The public REST API. https://bybit-exchange.github.io/docs/v5/intro */
export function restRoutes(deps: RestDeps): readonly HttpRoute[] {
  const { budget, origin } = deps;
  const route = (path: string, answer: (query: URLSearchParams) => object): HttpRoute => ({
    method: 'GET',
    path,
    handle: (request) =>
      budget.refusal(origin, request.path) ?? {
        body: { retExtInfo: {}, time: deps.now(), ...answer(request.query) },
      },
  });
  return [
    route('/v5/market/time', () => serverTime(deps.now())),
    route('/v5/market/instruments-info', (query) => withCategory(query, deps, instruments)),
    route('/v5/market/kline', (query) => withCategory(query, deps, klines)),
  ];
}

function ok(result: object): object {
  return { retCode: 0, retMsg: 'OK', result };
}

function refused(text: string): object {
  return { retCode: 10001, retMsg: `params error: ${text}`, result: {} };
}

function withCategory(
  query: URLSearchParams,
  { categories, now }: RestDeps,
  answer: (category: Category, query: URLSearchParams, now: number) => object,
): object {
  const category = categories.find(({ name }) => name === query.get('category'));
  return category ? answer(category, query, now()) : refused('Category is invalid');
}

function serverTime(now: number): object {
  return ok({ timeSecond: String(Math.floor(now / 1_000)), timeNano: `${now}000000` });
}

// ---------------------------------------------------------------------------- instruments

/** Without a status the venue lists what trades, and everything here does. */
function instruments(category: Category, query: URLSearchParams): object {
  const { name, model } = category;
  const specs = (query.get('status') ?? 'Trading') === 'Trading' ? model.symbols : [];
  const rows = (page: readonly SymbolSpec[]): readonly object[] =>
    page.map((spec) => instrumentRow(name, spec));
  // Spot ignores limit and cursor.
  if (name === 'spot') return ok({ category: name, list: rows(specs) });
  const limit = numberOf(query.get('limit'), 500);
  const from = positionAfter(query.get('cursor') ?? '', specs);
  if (limit < 1 || limit > 1_000) return refused('limit out of range');
  if (from === undefined) return refused('cursor is invalid');
  const page = specs.slice(from, from + limit);
  const last = page.at(-1);
  const nextPageCursor = last && from + limit < specs.length ? cursorAt(last.symbol) : '';
  return ok({ category: name, list: rows(page), nextPageCursor });
}

function positionAfter(cursor: string, specs: readonly SymbolSpec[]): number | undefined {
  if (cursor === '') return 0;
  const at = specs.findIndex(({ symbol }) => cursorAt(symbol) === cursor);
  return at < 0 ? undefined : at + 1;
}

/** Looks percent-encoded already, and has to be encoded once more when it is sent back. */
function cursorAt(symbol: string): string {
  return encodeURIComponent(`first=${symbol}&last=${symbol}`);
}

// ---------------------------------------------------------------------------- klines

/** Newest first; the newest may still be forming. */
function klines({ name, model }: Category, query: URLSearchParams, now: number): object {
  const symbol = query.get('symbol') ?? '';
  const interval = intervalOf(query.get('interval') ?? '');
  const limit = numberOf(query.get('limit'), 200);
  if (model.symbol(symbol) === undefined) return refused('symbol invalid');
  if (interval === undefined) return refused('Invalid period!');
  if (limit < 1 || limit > 1_000) return refused('limit out of range');
  const from = numberOf(query.get('start'), 0);
  const to = numberOf(query.get('end'), now);
  const bars = model.history(symbol, interval, { to, limit }).filter(({ start }) => start >= from);
  return ok({ category: name, symbol, list: bars.map(klineRow).reverse() });
}

function klineRow({ start, open, high, low, close, volume, quoteVolume }: SimCandle): readonly string[] {
  return [String(start), open, high, low, close, volume, quoteVolume];
}

function numberOf(text: string | null, standIn: number): number {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : standIn;
}
