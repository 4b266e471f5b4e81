import type { MarketKind } from '../../domain/exchange';
import type { InstrumentIndex } from '../../domain/instrument';
import type { KnownOrder } from '../contract';
import { lineAt, ownLine, type AccountMode } from './account-mode';
import { WEIGHT } from './account-limits';
import type { UnifiedOrderWire } from './account-wire';
import { isObject } from './fields';
import type { ReadOrder } from './order-facts';
import { readListedOrder, readUnifiedOrder } from './orders';
import { successOf, type Ask, type Question } from './signed-http';
import { instTypeOf, marginCoinOf } from './topics';
import type { Unproven } from './wire';

/**
 * No such order (any more), by the classic and the unified API; or its symbol is gone.
 * https://www.bitget.com/api-doc/common/error-code/restapi
 */
const NOT_FOUND: ReadonlySet<unknown> = new Set(['40109', '40768', '43001', '25204', '40034', '40309']);

/** Goes into a signed query: only what needs no escaping. */
const PLAIN_ID = /^[\w.-]{1,64}$/;

export interface OrderBook {
  readonly ask: Ask;
  readonly kind: MarketKind;
  readonly mode: AccountMode;
  readonly instruments: InstrumentIndex;
}

/** What the venue says of one order; undefined where it could not be asked, or the order is another market's. */
export async function findOrder(
  book: OrderBook,
  known: KnownOrder,
): Promise<ReadOrder | 'no such order' | undefined> {
  const id = idOf(known);
  if (id === undefined) return undefined;
  const answer = await book.ask({ ...questionOf(book, known.symbol, id), what: 'order', ...demoOf(book) });
  if (NOT_FOUND.has(answer.code)) return 'no such order';
  const { data } = successOf(answer);
  const row: unknown = Array.isArray(data) ? data[0] : data;
  if (row === undefined || row === null) return 'no such order';
  if (book.mode.generation === 'classic') return readListedOrder(row, book.kind === 'spot');
  return isOurs(row, book.kind) ? readUnifiedOrder(row) : undefined;
}

type Id = Readonly<Record<string, string>>;

/** By the client id spot finds open orders only. */
function idOf({ orderId, clientOrderId }: KnownOrder): Id | undefined {
  const own = String(orderId);
  if (own !== '') return PLAIN_ID.test(own) ? { orderId: own } : undefined;
  return PLAIN_ID.test(clientOrderId) ? { clientOid: clientOrderId } : undefined;
}

function questionOf(
  { kind, mode, instruments }: OrderBook,
  symbol: string,
  id: Id,
): Pick<Question, 'path' | 'query' | 'weight'> {
  if (mode.generation === 'unified') {
    return { path: '/api/v3/trade/order-info', query: id, weight: WEIGHT.light };
  }
  if (kind === 'spot') return { path: '/api/v2/spot/trade/orderInfo', query: id, weight: WEIGHT.light };
  const quote = instruments.bySymbol(symbol)?.quote ?? marginCoinOf(symbol, '');
  const productType = lineAt(instTypeOf(kind, quote), mode);
  return { path: '/api/v2/mix/order/detail', query: { symbol, productType, ...id }, weight: WEIGHT.heavy };
}

function demoOf({ mode }: OrderBook): Pick<Question, 'isDemo'> {
  return { isDemo: mode.demo === 'environment' };
}

/** The unified API finds orders of every product by their id. */
function isOurs(row: unknown, kind: MarketKind): boolean {
  const { category } = (isObject(row) ? row : {}) as Unproven<UnifiedOrderWire>;
  return ownLine(category, kind) !== undefined;
}
