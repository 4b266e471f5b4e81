/**
 * A published exchange id, e.g. `binanceUsdm` or `paperBinance`. The set of known ids is derived
 * from the venue descriptors (`venues/registry.ts`); this file only knows the shape of the names.
 */
export type ExchangeId = string;

export type MarketKind = 'spot' | 'linear' | 'inverse';

const PAPER = 'paper';

export function isPaper(exchange: ExchangeId): boolean {
  return exchange.length > PAPER.length && exchange.startsWith(PAPER);
}

/** `binanceUsdm` -> `paperBinanceUsdm`. */
export function paperTwin(exchange: ExchangeId): ExchangeId {
  return PAPER + exchange.charAt(0).toUpperCase() + exchange.slice(1);
}

/** `paperBinanceUsdm` -> `binanceUsdm`; a real id is returned unchanged. */
export function realTwin(exchange: ExchangeId): ExchangeId {
  if (!isPaper(exchange)) return exchange;
  const bare = exchange.slice(PAPER.length);
  return bare.charAt(0).toLowerCase() + bare.slice(1);
}
