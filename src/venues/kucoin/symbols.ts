/**
 * Futures ids of the venue and of the backend (contract 3.1). The list of contracts decides; these
 * patterns name the published symbol, and stand in where a pair is not on the list.
 */
const VENUE_BTC = 'XBT';
const BTC = 'BTC';
/** Not of a coin whose name merely begins so. */
const BITCOIN_CONTRACT = /^XBT(?=USD|M[A-Z]\d)/;
const PERPETUAL = /(USDT|USDC|USD)M$/;
const PERPETUAL_PAIR = /(USDT|USDC|USD)$/;

/** `XBTUSDTM` -> `BTCUSDT`, `XBTUSDM` -> `BTCUSD`; a dated `XBTMZ26` becomes `BTCMZ26`. */
export function publishedSymbol(venueSymbol: string): string {
  return venueSymbol.replace(BITCOIN_CONTRACT, BTC).replace(PERPETUAL, '$1');
}

/**
 * `BTCUSDT` -> `XBTUSDTM`. Only the coin itself is renamed: `BTCDOMUSDT` is about another base.
 * @param base as the backend tells it
 */
export function venueSymbolOf(pair: string, base: string): string {
  const isBitcoin = currencyOf(base) === BTC && pair.startsWith(BTC);
  const renamed = isBitcoin ? VENUE_BTC + pair.slice(BTC.length) : pair;
  return PERPETUAL_PAIR.test(pair) ? `${renamed}M` : renamed;
}

/** `XBT` -> `BTC`; every other coin has one name. */
export function currencyOf(venueName: string): string {
  return venueName === VENUE_BTC ? BTC : venueName;
}
