/**
 * `X-USDC` shares the order book of `X-USD`, and the market channels know the latter only.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-endpoints
 */
const DOLLAR = '-USD';
const TWIN = '-USDC';

/** The first two as documented, the others as seen. The product list (`alias`) has the last word. */
const OWN_BOOKS: ReadonlySet<string> = new Set([
  'USDT-USDC',
  'EURC-USDC',
  'XSGD-USDC',
  'AUDD-USDC',
  'TGBP-USDC',
]);

/** `BTC-USD` -> `BTC-USDC`; undefined where nothing shares the product's book. */
export function twinOf(product: string): string | undefined {
  if (!product.endsWith(DOLLAR)) return undefined;
  const twin = `${product}C`;
  return OWN_BOOKS.has(twin) ? undefined : twin;
}

/** The product whose book a symbol shares: `BTC-USDC` -> `BTC-USD`; most symbols have their own. */
export function bookOf(symbol: string): string {
  const isShared = symbol.endsWith(TWIN) && !OWN_BOOKS.has(symbol);
  return isShared ? symbol.slice(0, -1) : symbol;
}
