const ZERO = 48;
const NINE = 57;
const DELIVERY_DIGITS = 6;

/**
 * True for COIN-M symbols: `BTCUSD_PERP`, `ETHUSD_261225`. USD-M delivery contracts
 * (`ETHUSDT_261225`) also carry a date, but are never quoted in bare USD.
 */
export function isCoinMargined(symbol: string): boolean {
  const split = symbol.lastIndexOf('_');
  if (split < 0 || !symbol.startsWith('USD', split - 3)) return false;
  return symbol.endsWith('_PERP') || isDeliveryDate(symbol, split + 1);
}

function isDeliveryDate(symbol: string, from: number): boolean {
  if (symbol.length - from !== DELIVERY_DIGITS) return false;
  for (let at = from; at < symbol.length; at += 1) {
    const code = symbol.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  return true;
}
