import { ConnectorError } from '../../domain/errors';
import type { Instrument } from '../../domain/instrument';
import type { MarketDescriptor } from '../contract';
import { isObject, isProduct } from './fields';
import type { Ask } from './http';
import { twinOf } from './twins';

const PER_PAGE = 500;
const MOST_PAGES = 100;

/**
 * {"products":[{"product_id":"BTC-USDC","base_currency_id":"BTC","quote_currency_id":"USDC","alias":"BTC-USD",
 *  "alias_to":[],"status":"online","trading_disabled":false,"is_disabled":false,"view_only":false,
 *  "product_type":"SPOT",...}],"num_products":1}
 * https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/list-public-products
 */
interface ProductRow {
  readonly product_id?: unknown;
  readonly product_type?: unknown;
  readonly base_currency_id?: unknown;
  readonly quote_currency_id?: unknown;
  readonly alias?: unknown;
  readonly status?: unknown;
  readonly trading_disabled?: unknown;
  readonly is_disabled?: unknown;
  readonly view_only?: unknown;
}

/**
 * Every product that can be traded now. `num_products` counts the answer, not the list, and a page may
 * be shorter than asked for: only a page without anything new is the end.
 */
export async function listProducts(market: MarketDescriptor, ask: Ask): Promise<readonly Instrument[]> {
  const seen = new Set<string>();
  const found: Instrument[] = [];
  let offset = 0;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const rows = await askPage(market, offset, ask);
    const sizeBefore = seen.size;
    for (const row of rows) {
      const id = idOf(row);
      if (id === undefined || seen.has(id)) continue;
      seen.add(id);
      const instrument = instrumentOf(market, id, row);
      if (instrument !== undefined) found.push(instrument);
    }
    if (seen.size === sizeBefore) return complete(market, found, offset + rows.length);
    offset += rows.length;
  }
  throw badAnswer(market, 'pages without end');
}

/** A market without a single product is a venue's slip: better the last list than none. */
function complete(
  market: MarketDescriptor,
  found: readonly Instrument[],
  rowCount: number,
): readonly Instrument[] {
  if (found.length > 0) return found;
  throw badAnswer(market, rowCount === 0 ? 'an empty list' : 'no tradable product');
}

async function askPage(market: MarketDescriptor, offset: number, ask: Ask): Promise<readonly unknown[]> {
  const search = new URLSearchParams({
    product_type: 'SPOT',
    limit: String(PER_PAGE),
    offset: String(offset),
  });
  const answer = await ask('products', `/market/products?${search.toString()}`);
  const { products }: { products?: unknown } = isObject(answer) ? answer : {};
  if (!Array.isArray(products)) throw badAnswer(market, 'no list');
  return products as readonly unknown[];
}

function idOf(row: unknown): string | undefined {
  const { product_id: id }: ProductRow = isObject(row) ? row : {};
  return isProduct(id) ? id : undefined;
}

function instrumentOf({ exchange }: MarketDescriptor, symbol: string, row: unknown): Instrument | undefined {
  const fields = row as ProductRow;
  const { base_currency_id: base, quote_currency_id: quote, product_type: type = 'SPOT' } = fields;
  if (!isProduct(base) || !isProduct(quote) || type !== 'SPOT' || !isTradable(fields)) return undefined;
  return { exchange, symbol, venueSymbol: bookOf(symbol, fields.alias), base, quote };
}

/** Aliases of another pattern than the documented one are asked for by their own name. */
function bookOf(symbol: string, alias: unknown): string {
  return isProduct(alias) && twinOf(alias) === symbol ? alias : symbol;
}

function isTradable({ status, trading_disabled, is_disabled, view_only }: ProductRow): boolean {
  return status === 'online' && trading_disabled !== true && is_disabled !== true && view_only !== true;
}

function badAnswer({ exchange }: MarketDescriptor, what: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${exchange} products: ${what}`);
}
